namespace WorktreeMcp.Server.Tests;

public sealed class CallerIdentityTests
{
    public static TheoryData<string> Eras => ServerUnderTest.Eras;

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task A_caller_is_named_after_its_client(string era)
    {
        await using var server = await ServerUnderTest.Start(era);

        (await Caller(server)).Should().Be("test-client");
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task The_configured_name_wins_over_the_client(string era)
    {
        await using var server = await ServerUnderTest.Start(era, "reviewer");

        (await Caller(server)).Should().Be("reviewer");
    }

    [Fact]
    public async Task The_name_in_the_call_wins_over_all()
    {
        await using var server = await ServerUnderTest.Start("2025-11-25", "reviewer");

        (await Caller(server, ("agent", "claude-2"))).Should().Be("claude-2");
    }

    private static async Task<string?> Caller(ServerUnderTest server, params (string Name, object? Value)[] more)
    {
        var result = await server.Call("echo_task", [("task_id", 1), .. more]);
        return result.StructuredContent!.Value.GetProperty("caller").GetString();
    }
}
