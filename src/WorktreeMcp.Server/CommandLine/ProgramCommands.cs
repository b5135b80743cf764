using System.CommandLine;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Server.CommandLine.Verbs;

namespace WorktreeMcp.Server.CommandLine;

/// <summary>The commands and options of <c>worktree-mcp</c>; what they do is handed in.</summary>
/// <param name="Serve">Serves MCP until the client leaves; returns the exit code.</param>
/// <param name="Demo">Shows the product in a throw-away repository; returns the exit code.</param>
/// <param name="Doctor">Looks for what is wrong in the repository and repairs what is ours; returns the exit code.</param>
/// <param name="Release">Frees a task whoever holds it; returns the exit code.</param>
/// <param name="Gc">Empties the trash; returns the exit code.</param>
/// <param name="Trust">Shows a repository's setup commands and asks a person to approve them; returns the exit code.</param>
/// <param name="Environment">Variables and current directory.</param>
/// <param name="Output">Where help and version go.</param>
/// <param name="Error">Where errors go.</param>
public sealed record ProgramCommands(
    Func<ServerSettings, CancellationToken, Task<int>> Serve,
    Func<DemoOptions, Task<int>> Demo,
    Func<DoctorOptions, Task<int>> Doctor,
    Func<ReleaseOptions, Task<int>> Release,
    Func<GcOptions, Task<int>> Gc,
    Func<TrustOptions, Task<int>> Trust,
    StartContext Environment,
    TextWriter Output,
    TextWriter Error)
{
    private const int UsageError = 2;

    private readonly Option<string?> _repository = new("--repo")
    {
        Description = "The git repository to serve: any directory inside it.",
        HelpName = "PATH",
        Recursive = true,
    };

    private readonly Option<bool> _keep = new("--keep")
    {
        Description = "Leave the demo's scratch folder for a look around.",
    };

    private readonly Option<bool> _team = new("--team")
    {
        Description = "Show three agents that plan, claim, collide and land five tasks.",
    };

    private readonly Option<bool> _fix = new("--fix")
    {
        Description = "Repair what is ours to repair; without it nothing is changed.",
    };

    private readonly Option<bool> _noRun = new("--no-run")
    {
        Description = "Run no command: worktree_run, verify_command, setup and teardown are refused.",
        Recursive = true,
    };

    private readonly Option<bool> _revoke = new("--revoke")
    {
        Description = "Take an approval back.",
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print one JSON object.",
    };

    private readonly Argument<int> _task = new("ID")
    {
        Description = "The number of the task.",
    };

    private readonly Option<bool> _all = new("--all")
    {
        Description = "Delete everything that waits in the trash.",
    };

    private readonly Option<int?> _days = new("--days")
    {
        Description = "Delete what was removed at least so many days ago.",
        HelpName = "N",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "List only; delete nothing.",
    };

    private readonly Option<bool> _onlyCopies = new("--only-copies")
    {
        Description = "Delete also what holds the only copy of commits: repositories below a worktree that no remote has them of.",
    };

    private readonly Option<bool> _yes = new("--yes")
    {
        Description = "Do it without asking, for scripts.",
    };

    private readonly Option<string?> _agent = new("--agent")
    {
        Description = "The name under which this client's calls are recorded.",
        HelpName = "NAME",
        Recursive = true,
    };

    private readonly Option<string?> _sandbox = SandboxOption();

    /// <summary>Runs the command that the arguments name.</summary>
    /// <param name="arguments">The arguments of the command line.</param>
    /// <returns>The exit code: 0, or 2 for a faulty command line, or what the command returned.</returns>
    public async Task<int> Run(IReadOnlyList<string> arguments)
    {
        var parsed = Commands().Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in parsed.Errors)
            {
                await Error.WriteLineAsync($"worktree-mcp: {fault.Message}");
            }

            await Error.WriteLineAsync("Run 'worktree-mcp --help' for the commands and options.");
            return UsageError;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = Output,
            Error = Error,
            // The host ends on signals by itself.
            ProcessTerminationTimeout = null,
        });
    }

    private RootCommand Commands()
    {
        var serve = new Command("serve", "Serve MCP on stdin and stdout. This is the default.");
        serve.SetAction((parsed, cancel) => Serve(Settings(parsed), cancel));

        var demo = new Command("demo", "Show two agents at work in a throw-away repository; with --repo in a clone of that one.") { _team, _keep };
        demo.SetAction((parsed, _) => Demo(new DemoOptions(parsed.GetValue(_repository), parsed.GetValue(_keep), parsed.GetValue(_team), Output, Error)));

        var doctor = new Command("doctor", "Look for what is wrong with the board, the worktrees and git's records of them. Exit code 0: nothing; 1: something is left.") { _fix, _json };
        doctor.SetAction((parsed, _) => Doctor(new DoctorOptions(Settings(parsed).RepositoryPath, parsed.GetValue(_fix), parsed.GetValue(_json), Output)));

        var release = new Command("release", "Free a task whoever holds it: it goes back on the board, its worktree stays as it is.") { _task };
        release.SetAction((parsed, _) => Release(new ReleaseOptions(Settings(parsed).RepositoryPath, parsed.GetValue(_task), Settings(parsed).Agent, Output, Error)));

        _days.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 0)
            {
                result.AddError("--days takes a number of days, 0 or more.");
            }
        });
        var gc = new Command("gc", "List what waits in the trash with its size, and delete for good what is over its time.") { _all, _days, _dryRun, _yes, _onlyCopies };
        gc.SetAction((parsed, _) => Gc(new GcOptions(Settings(parsed).RepositoryPath, parsed.GetValue(_all), parsed.GetValue(_days), parsed.GetValue(_dryRun), parsed.GetValue(_yes), Output)
        {
            OnlyCopies = parsed.GetValue(_onlyCopies),
        }));

        var trust = new Command("trust", "Show what .worktree-mcp.json asks for, setup and teardown commands and settings that open something, and approve exactly that. Exit code 0: approved, revoked or nothing; 1: not.") { _yes, _revoke };
        trust.SetAction((parsed, _) => Trust(new TrustOptions(Settings(parsed).RepositoryPath, parsed.GetValue(_yes), parsed.GetValue(_revoke), Output, Error)));

        var root = new RootCommand("A task board and git worktrees for several coding agents, served over MCP.")
        {
            _repository, _agent, _noRun, _sandbox, serve, demo, doctor, gc, release, trust,
        };
        root.SetAction((parsed, cancel) => Serve(Settings(parsed), cancel));
        return root;
    }

    private ServerSettings Settings(ParseResult parsed)
    {
        var settings = ServerSettings.From(Environment.Variables, Environment.CurrentDirectory, parsed.GetValue(_repository), parsed.GetValue(_agent));
        return settings with { NoRun = parsed.GetValue(_noRun), Sandbox = SandboxWords.Mode(parsed.GetValue(_sandbox)) };
    }

    private static Option<string?> SandboxOption()
    {
        var option = new Option<string?>("--sandbox")
        {
            Description = "Confine commands to their worktree: off, auto (where possible) or required.",
            HelpName = "MODE",
            Recursive = true,
        };
        option.AcceptOnlyFromAmong([.. Enum.GetValues<SandboxMode>().Select(mode => mode.Word())]);
        return option;
    }
}
