using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>What checks every answer is itself able to fail.</summary>
public sealed class CheckingAnswersTests
{
    private const string Schema =
        """{"type":"object","properties":{"id":{"type":"integer","minimum":1},"mood":{"type":"string","enum":["calm"]},"rows":{"type":"array","items":{"type":"string"}}},"required":["id"]}""";

    [Theory]
    [InlineData("""{"id":1,"mood":"calm","rows":["a"]}""", null)]
    [InlineData("""{}""", "$.id is missing")]
    [InlineData("""{"id":0}""", "$.id: 0 is less than minimum 1")]
    [InlineData("""{"id":1.5}""", "$.id: 1.5 is no integer")]
    [InlineData("""{"id":1,"mood":"wild"}""", "$.mood: wild is none of [\"calm\"]")]
    [InlineData("""{"id":1,"rows":[1]}""", "$.rows[0]: 1 is no string")]
    [InlineData("""{"id":1,"more":1}""", "$.more is unknown")]
    [InlineData("""[]""", "$: [] is no object")]
    public void A_value_that_does_not_fit_its_schema_is_told(string value, string? fault) =>
        JsonSchema.Faults(JsonElement.Parse(Schema), JsonElement.Parse(value)).Should().Equal(fault is null ? [] : [fault]);

    [Fact]
    public void A_keyword_that_is_not_checked_is_a_fault() =>
        JsonSchema.Faults(JsonElement.Parse("""{"anyOf":[]}"""), JsonElement.Parse("1")).Should().Equal("$: the schema uses anyOf");

    [Theory]
    [InlineData("task_list", null)]
    [InlineData("task_list()", "{}")]
    [InlineData("worktree_run(name: \"a\", command: \"git add -A && git commit -m 'x, y: z'\")", """{"name":"a","command":"git add -A \u0026\u0026 git commit -m \u0027x, y: z\u0027"}""")]
    [InlineData("task_list(ready: true, limit: 5)", """{"ready":true,"limit":5}""")]
    public void A_named_call_is_read(string text, string? arguments) =>
        (NamedCall.Parse(text).Arguments?.ToJsonString()).Should().Be(arguments);

    [Theory]
    [InlineData("task_list(ready: true")]
    [InlineData("task_list(ready)")]
    [InlineData("task_list(ready: maybe)")]
    [InlineData("task_list(ready: true limit: 5)")]
    public void What_is_no_call_is_a_fault(string text) =>
        FluentActions.Invoking(() => NamedCall.Parse(text)).Should().Throw<FormatException>();
}
