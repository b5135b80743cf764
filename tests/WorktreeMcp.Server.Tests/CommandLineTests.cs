using WorktreeMcp.Server.CommandLine;
using WorktreeMcp.Server.CommandLine.Verbs;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly List<ServerSettings> _served = [];
    private readonly List<DemoOptions> _shown = [];
    private readonly List<DoctorOptions> _examined = [];
    private readonly List<ReleaseOptions> _released = [];
    private readonly List<GcOptions> _emptied = [];
    private readonly List<TrustOptions> _trusted = [];
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Theory]
    [InlineData("--repo", "/r", "--agent", "a")]
    [InlineData("serve", "--repo", "/r", "--agent", "a")]
    [InlineData("--repo", "/r", "serve", "--agent", "a")]
    public async Task Serving_is_the_default_and_options_stand_anywhere(params string[] arguments)
    {
        (await Run(arguments)).Should().Be(7);

        var settings = _served.Should().ContainSingle().Which;
        settings.RepositoryPath.Should().Be("/r");
        settings.Agent.Should().Be("a");
    }

    [Fact]
    public async Task The_version_is_that_of_the_product()
    {
        (await BuiltVersion()).Should().Be("0.1.0");
        ServerHost.Version.Should().Be("0.1.0");
    }

    [Fact]
    public async Task Help_names_the_commands_and_options()
    {
        (await Run("--help")).Should().Be(0);

        _output.ToString().Should().Contain("serve").And.Contain("demo").And.Contain("--repo").And.Contain("--agent").And.Contain("--version");
        _served.Should().BeEmpty();
    }

    [Theory]
    [InlineData("--nope")]
    [InlineData("nope")]
    [InlineData("--repo")]
    public async Task A_faulty_command_line_is_said_on_stderr_with_exit_code_2(params string[] arguments)
    {
        (await Run(arguments)).Should().Be(2);

        _error.ToString().Should().Contain(arguments[0]).And.Contain("--help");
        _output.ToString().Should().BeEmpty();
        _served.Should().BeEmpty();
    }

    [Fact]
    public async Task A_tool_that_does_not_exist_is_said_at_the_start()
    {
        (await Run("serve", "--tools", "core,worktree_dif")).Should().Be(2);
        (await Run("--tools", "core,worktree_diff")).Should().Be(7);

        _error.ToString().Trim().Should().Be("worktree-mcp: --tools: 'worktree_dif' is no tool; did you mean 'worktree_diff'?");
        _served.Should().ContainSingle().Which.Tools.Should().Equal("core", "worktree_diff");
    }

    [Fact]
    public async Task The_demo_returns_its_own_exit_code()
    {
        (await Run("demo", "--repo", "/r")).Should().Be(8);

        _shown.Should().ContainSingle().Which.RepositoryPath.Should().Be("/r");
    }

    [Fact]
    public async Task The_demo_of_a_team_is_asked_for_by_name()
    {
        await Run("demo", "--team");
        await Run("demo");

        _shown.Select(options => options.Team).Should().Equal(true, false);
    }

    [Theory]
    [InlineData(false, false, "doctor", "--repo", "/r")]
    [InlineData(true, false, "doctor", "--fix", "--repo", "/r")]
    [InlineData(true, true, "--repo", "/r", "doctor", "--json", "--fix")]
    public async Task The_doctor_is_dry_unless_told_to_repair(bool fix, bool json, params string[] arguments)
    {
        (await Run(arguments)).Should().Be(9);

        var options = _examined.Should().ContainSingle().Which;
        (options.RepositoryPath, options.Fix, options.Json).Should().Be(("/r", fix, json));
    }

    [Fact]
    public async Task A_release_names_one_task()
    {
        (await Run("release", "12", "--repo", "/r")).Should().Be(11);
        (await Run("release", "twelve")).Should().Be(2);
        (await Run("release")).Should().Be(2);

        var options = _released.Should().ContainSingle().Which;
        (options.RepositoryPath, options.TaskId, options.Agent).Should().Be(("/r", 12, null));
    }

    [Theory]
    [InlineData(false, null, false, false, "gc", "--repo", "/r")]
    [InlineData(true, 3, true, true, "gc", "--repo", "/r", "--all", "--days", "3", "--dry-run", "--yes")]
    public async Task Gc_is_told_what_goes(bool all, int? days, bool dryRun, bool yes, params string[] arguments)
    {
        (await Run(arguments)).Should().Be(10);

        var options = _emptied.Should().ContainSingle().Which;
        (options.RepositoryPath, options.All, options.Days, options.DryRun, options.Yes).Should().Be(("/r", all, days, dryRun, yes));
        (await Run("gc", "--days", "-1")).Should().Be(2);
    }

    [Theory]
    [InlineData(false, false, "trust", "--repo", "/r")]
    [InlineData(true, false, "--repo", "/r", "trust", "--yes")]
    [InlineData(false, true, "trust", "--revoke", "--repo", "/r")]
    public async Task Trust_asks_unless_told_otherwise(bool yes, bool revoke, params string[] arguments)
    {
        (await Run(arguments)).Should().Be(10);

        var options = _trusted.Should().ContainSingle().Which;
        (options.RepositoryPath, options.Yes, options.Revoke).Should().Be(("/r", yes, revoke));
    }

    [Theory]
    [InlineData(true, "--no-run")]
    [InlineData(true, "serve", "--no-run")]
    [InlineData(false, "serve")]
    public async Task Commands_are_switched_off_by_an_option(bool off, params string[] arguments)
    {
        (await Run(arguments)).Should().Be(7);

        _served.Should().ContainSingle().Which.NoRun.Should().Be(off);
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    private Task<int> Run(params string[] arguments) => new ProgramCommands(
        new VerbContext(new StartContext(new Dictionary<string, string>(), "/here"), _output, _error),
        (settings, _) => Told(_served, settings, 7),
        shared => DemoVerb.Command(shared, options => Told(_shown, options, 8)),
        shared => DoctorVerb.Command(shared, options => Told(_examined, options, 9)),
        shared => GcVerb.Command(shared, options => Told(_emptied, options, 10)),
        shared => ReleaseVerb.Command(shared, options => Told(_released, options, 11)),
        shared => TaskVerb.Command(shared),
        shared => TrustVerb.Command(shared, options => Told(_trusted, options, 10))).Run(arguments);

    private static Task<int> Told<T>(List<T> all, T options, int exit)
    {
        all.Add(options);
        return Task.FromResult(exit);
    }

    private static async Task<string> BuiltVersion()
    {
        await using var program = TestKit.BuiltServer.Start(arguments: "--version");
        return (await program.ReadToEnd()).Trim();
    }
}
