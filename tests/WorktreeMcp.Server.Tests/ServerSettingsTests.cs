using Microsoft.Extensions.Logging;

namespace WorktreeMcp.Server.Tests;

public sealed class ServerSettingsTests
{
    [Theory]
    [InlineData("/option", "/variable", "/claude", "/option", RepositorySource.Option)]
    [InlineData(null, "/variable", "/claude", "/variable", RepositorySource.Variable)]
    [InlineData(null, null, "/claude", "/claude", RepositorySource.ClaudeProject)]
    [InlineData(null, null, null, "/here", RepositorySource.CurrentDirectory)]
    [InlineData("", " ", "/claude", "/claude", RepositorySource.ClaudeProject)]
    [InlineData("${workspaceFolder}", "${user.repo}/x", "${CLAUDE_PROJECT_DIR}", "/here", RepositorySource.CurrentDirectory)]
    [InlineData("sub/../other", null, null, "/here/other", RepositorySource.Option)]
    public void The_repository_is_the_first_that_is_given(
        string? option, string? variable, string? claude, string path, RepositorySource source)
    {
        var settings = ServerSettings.From(Variables(("WORKTREEMCP_REPO", variable), ("CLAUDE_PROJECT_DIR", claude)), "/here", option);

        settings.RepositoryPath.Should().Be(path);
        settings.RepositorySource.Should().Be(source);
        settings.Warnings.Should().BeEmpty();
    }

    [Theory]
    [InlineData("one", "two", "one")]
    [InlineData(null, "two", "two")]
    [InlineData(null, "${user.name}", null)]
    [InlineData(null, null, null)]
    public void The_agent_is_the_option_or_the_variable(string? option, string? variable, string? agent) =>
        ServerSettings.From(Variables(("WORKTREEMCP_AGENT", variable)), "/here", agent: option).Agent.Should().Be(agent);

    [Theory]
    [InlineData(null, LogLevel.Warning)]
    [InlineData("trace", LogLevel.Trace)]
    [InlineData("debug", LogLevel.Debug)]
    [InlineData("information", LogLevel.Information)]
    [InlineData("Info", LogLevel.Information)]
    [InlineData("warning", LogLevel.Warning)]
    [InlineData("warn", LogLevel.Warning)]
    [InlineData("error", LogLevel.Error)]
    [InlineData("critical", LogLevel.Critical)]
    [InlineData("NONE", LogLevel.None)]
    public void The_log_level_is_taken_from_the_environment(string? word, LogLevel level)
    {
        var settings = ServerSettings.From(Variables(("WORKTREEMCP_LOG_LEVEL", word)), "/here");

        settings.LogLevel.Should().Be(level);
        settings.Warnings.Should().BeEmpty();
    }

    [Fact]
    public void A_bad_log_level_is_named_and_the_default_holds()
    {
        var settings = ServerSettings.From(Variables(("WORKTREEMCP_LOG_LEVEL", "loud")), "/here");

        settings.LogLevel.Should().Be(LogLevel.Warning);
        settings.Warnings.Should().ContainSingle().Which.Should().Contain("'loud'").And.Contain("debug");
    }

    private static Dictionary<string, string> Variables(params (string Name, string? Value)[] variables) =>
        variables.Where(variable => variable.Value is not null).ToDictionary(variable => variable.Name, variable => variable.Value!);
}
