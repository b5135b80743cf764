using System.CommandLine;
using WorktreeMcp.Domain.Configuration;

namespace WorktreeMcp.Server.CommandLine;

/// <summary>What every verb has: the options that stand anywhere, and what the process was started with.</summary>
/// <param name="start">Variables and current directory.</param>
/// <param name="output">Where results go.</param>
/// <param name="error">Where errors go.</param>
public sealed class VerbContext(StartContext start, TextWriter output, TextWriter error)
{
    /// <summary>Where results go.</summary>
    public TextWriter Output => output;

    /// <summary>Where errors go.</summary>
    public TextWriter Error => error;

    /// <summary>The environment variables that the process was started with.</summary>
    public IReadOnlyDictionary<string, string> Variables => start.Variables;

    /// <summary>The directory that the process was started in.</summary>
    public string Directory => start.CurrentDirectory;

    /// <summary>What a script hands in; asked for only by who reads it.</summary>
    public Func<TextReader> Input { get; init; } = () => TextReader.Null;

    /// <summary>Reads one line that a person types; null when nobody is there.</summary>
    public Func<string?> Typed { get; init; } = () => null;

    /// <summary>The repository to work on.</summary>
    public Option<string?> Repository { get; } = new("--repo")
    {
        Description = "The git repository to serve: any directory inside it.",
        HelpName = "PATH",
        Recursive = true,
    };

    /// <summary>Under which name things are done.</summary>
    public Option<string?> Agent { get; } = new("--agent")
    {
        Description = "The name under which this client's calls are recorded.",
        HelpName = "NAME",
        Recursive = true,
    };

    /// <summary>Whether no command runs.</summary>
    public Option<bool> NoRun { get; } = new("--no-run")
    {
        Description = "Run no command: worktree_run, verify_command, setup and teardown are refused.",
        Recursive = true,
    };

    /// <summary>How commands are confined.</summary>
    public Option<string?> Sandbox { get; } = SandboxOption();

    /// <summary>Which tools are shown.</summary>
    public Option<string?> Tools { get; } = new("--tools")
    {
        Description = "The tools that clients are shown: core (what an agent with a shell needs), all, or names separated by commas.",
        HelpName = "SET",
        Recursive = true,
    };

    /// <summary>All of these and the variables, as settings.</summary>
    /// <param name="parsed">The command line.</param>
    /// <returns>The settings.</returns>
    public ServerSettings Settings(ParseResult parsed)
    {
        var settings = ServerSettings.From(start.Variables, start.CurrentDirectory, parsed.GetValue(Repository), parsed.GetValue(Agent), parsed.GetValue(Tools));
        return settings with { NoRun = parsed.GetValue(NoRun), Sandbox = SandboxWords.Mode(parsed.GetValue(Sandbox)) };
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
