using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Tests;

public sealed class FaultyArgumentTests
{
    public static TheoryData<string> Eras => ServerUnderTest.Eras;

    [Theory]
    [InlineData("""{}""", "'task_id' is missing; it must be an integer.")]
    [InlineData("""{"task_id":null}""", "'task_id' is missing; it must be an integer.")]
    [InlineData("""{"task_id":"1"}""", "'task_id' must be an integer, but is the string \"1\".")]
    [InlineData("""{"task_id":1.5}""", "'task_id' must be an integer, but is the number 1.5.")]
    [InlineData("""{"task_id":1.0}""", "'task_id' must be an integer, but is the number 1.0.")]
    [InlineData("""{"task_id":1e2}""", "'task_id' must be an integer, but is the number 1e2.")]
    [InlineData("""{"task_id":true}""", "'task_id' must be an integer, but is true.")]
    [InlineData("""{"task_id":[1]}""", "'task_id' must be an integer, but is an array.")]
    [InlineData("""{"task_id":1152921504606846976}""", "'task_id' is out of range: it must be from -2147483648 to 2147483647, but is the number 1152921504606846976.")]
    [InlineData("""{"task_id":1,"offset":99999999999999999999999999999999}""", "'offset' is out of range: it must be from -9223372036854775808 to 9223372036854775807, but is the number 99999999999999999999999999999999.")]
    [InlineData("""{"task_id":1,"limit":0}""", "'limit' is out of range: it must be from 1 to 200, but is the number 0.")]
    [InlineData("""{"task_id":1,"limit":201}""", "'limit' is out of range: it must be from 1 to 200, but is the number 201.")]
    [InlineData("""{"task_id":1,"taskId":2}""", "'taskId' is unknown; did you mean 'task_id'?")]
    [InlineData("""{"task_id":1,"sujbect":"x"}""", "'sujbect' is unknown; did you mean 'subject'?")]
    [InlineData("""{"task_id":1,"zzz":"x"}""", "'zzz' is unknown; allowed are task_id, subject, mood, blocked_by, ready, limit, offset, agent.")]
    [InlineData("""{"task_id":1,"mood":"done"}""", "'mood' must be one of calm, in_a_hurry, but is the string \"done\".")]
    [InlineData("""{"task_id":1,"mood":"Calm"}""", "'mood' must be one of calm, in_a_hurry, but is the string \"Calm\".")]
    [InlineData("""{"task_id":1,"mood":0}""", "'mood' must be one of calm, in_a_hurry, but is the number 0.")]
    [InlineData("""{"task_id":1,"blocked_by":"[1]"}""", "'blocked_by' must be an array, each item an integer, but is the string \"[1]\".")]
    [InlineData("""{"task_id":1,"blocked_by":[1,"2",null]}""", "'blocked_by'[1] must be an integer, but is the string \"2\". 'blocked_by'[2] must be an integer, but is null.")]
    [InlineData("""{"task_id":1,"ready":"true"}""", "'ready' must be true or false, but is the string \"true\".")]
    [InlineData("""{"task_id":1,"subject":""}""", "'subject' must have at least 1 characters, but has 0.")]
    [InlineData("""{"task_id":1,"subject":"123456789012345678901"}""", "'subject' must have at most 20 characters, but has 21.")]
    [InlineData("""{"task_id":1,"subject":"a\u0000b"}""", "'subject' must not hold a NUL character.")]
    [InlineData("""{"task_id":1,"agent":"A b"}""", "'agent' must match ^[a-z][a-z0-9-]*$, but is the string \"A b\".")]
    [InlineData("""{"limit":0,"mood":"x"}""", "'task_id' is missing; it must be an integer. 'mood' must be one of calm, in_a_hurry, but is the string \"x\". 'limit' is out of range: it must be from 1 to 200, but is the number 0.")]
    public async Task A_faulty_argument_is_named_with_what_is_allowed(string arguments, string message)
    {
        await using var server = await ServerUnderTest.Start("2025-11-25");

        var error = await server.Refused("echo_task", arguments);

        error.GetProperty("code").GetString().Should().Be("invalid_argument");
        error.GetProperty("message").GetString().Should().Be(message);
        error.GetProperty("hint").GetString().Should()
            .Be("Call echo_task(task_id, subject?, mood?, blocked_by?, ready?, limit?, offset?, agent?).");
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task The_check_works_in_every_era(string era)
    {
        await using var server = await ServerUnderTest.Start(era);

        var error = await server.Refused("echo_task", """{"taskid":1}""");

        error.GetProperty("message").GetString().Should()
            .Be("'task_id' is missing; it must be an integer. 'taskid' is unknown; did you mean 'task_id'?");
    }

    [Fact]
    public async Task A_null_for_an_argument_that_may_be_left_out_counts_as_left_out()
    {
        await using var server = await ServerUnderTest.Start("2025-11-25");

        var result = await server.Call("echo_task", ("task_id", 1), ("limit", null), ("subject", null), ("mood", null), ("offset", null));

        result.IsError.Should().NotBe(true);
        result.StructuredContent!.Value.GetProperty("limit").GetInt32().Should().Be(20);
    }

    [Theory]
    [InlineData("status", "staus", "status")]
    [InlineData("base_ref", "baseRef", "base_ref")]
    [InlineData("base_ref", "colour", null)]
    public void The_nearest_name_is_found_when_one_is_near(string existing, string given, string? nearest) =>
        NearestName.Of(given, [existing, "lease_minutes"]).Should().Be(nearest);
}
