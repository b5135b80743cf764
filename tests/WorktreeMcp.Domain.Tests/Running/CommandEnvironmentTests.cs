using FluentAssertions;
using WorktreeMcp.Domain.Running;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

public sealed class CommandEnvironmentTests
{
    private static readonly Dictionary<string, string> None = [];

    [Theory]
    [InlineData("PATH")]
    [InlineData("HOME")]
    [InlineData("LC_ALL")]
    [InlineData("DOTNET_ROOT")]
    [InlineData("NODE_EXTRA_CA_CERTS")]
    [InlineData("XDG_CACHE_HOME")]
    [InlineData("npm_config_cache")]
    public void What_tools_need_is_passed_on(string name) => Environment(name).Should().Contain(name, "value");

    [Theory]
    [InlineData("GIT_DIR")]
    [InlineData("GIT_CONFIG_COUNT")]
    [InlineData("GITHUB_TOKEN")]
    [InlineData("NODE_AUTH_TOKEN")]
    [InlineData("DOTNET_Api_Key")]
    [InlineData("XDG_PASSWORD_STORE")]
    [InlineData("LC_CREDENTIALS")]
    [InlineData("AWS_SECRET_ACCESS_KEY")]
    [InlineData("SSH_AUTH_SOCK")]
    [InlineData("HTTPS_PROXY")]
    [InlineData("PATHS")]
    [InlineData("WORKTREEMCP_AGENT")]
    public void Nothing_else_is(string name) => Environment(name).Should().NotContainKey(name);

    [Theory]
    [InlineData("SSH_AUTH_SOCK", true)]
    [InlineData("AWS_SECRET_ACCESS_KEY", true)]
    [InlineData("AWSOME", false)]
    [InlineData("GIT_SSH_COMMAND", false)]
    [InlineData("HTTPS_PROXY", false)]
    public void A_person_may_add_names_and_patterns_but_none_of_gits(string name, bool passed)
        => new CommandEnvironment(new Dictionary<string, string> { [name] = "value" }, ["SSH_AUTH_SOCK", "AWS_*", "GIT_SSH_COMMAND", "GIT*"])
            .For(None, "run-1").ContainsKey(name).Should().Be(passed);

    [Fact]
    public void The_callers_variables_win_and_the_run_id_stands_above_them()
    {
        var environment = new CommandEnvironment(new Dictionary<string, string> { ["HOME"] = "/home/a", ["TERM"] = "xterm" })
            .For(new Dictionary<string, string> { ["HOME"] = "/home/b", ["WORKTREE_NAME"] = "w", ["WORKTREEMCP_RUN_ID"] = "forged" }, "run-1");

        environment.Should().BeEquivalentTo(new Dictionary<string, string>
        {
            ["HOME"] = "/home/b",
            ["WORKTREE_NAME"] = "w",
            ["WORKTREEMCP_RUN_ID"] = "run-1",
            ["TERM"] = "dumb",
            ["PATH"] = "/usr/local/bin:/usr/bin:/bin",
        });
    }

    [Fact]
    public void A_command_sees_just_that()
    {
        var source = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["GIT_DIR"] = "/x", ["MY_TOKEN"] = "t", ["LANG"] = "C" };
        var runner = new CommandRunner(TimeProvider.System, new CommandEnvironment(source));

        var result = runner.Run(new ShellCommand("exec env", "/", new Dictionary<string, string> { ["TASK_ID"] = "1" }, TimeSpan.FromMinutes(1)), default);

        result.Output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("PWD=", StringComparison.Ordinal))
            .Should().BeEquivalentTo("PATH=/usr/bin:/bin", "LANG=C", "TERM=dumb", "TASK_ID=1", $"WORKTREEMCP_RUN_ID={result.RunId}");
    }

    private static IReadOnlyDictionary<string, string> Environment(string name)
        => new CommandEnvironment(new Dictionary<string, string> { [name] = "value" }).For(None, "run-1");
}
