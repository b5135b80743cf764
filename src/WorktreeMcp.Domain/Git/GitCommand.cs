using System.Globalization;
using System.Text;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// The one place that starts git. Invariants:
/// - the environment is rebuilt from an allow-list: an inherited GIT_DIR would turn the user's repository bare;
/// - no setting of a repository runs a program: hooks, fsmonitor, gc, maintenance and every way to another repository are off in each
///   call; what has names of its own (<see cref="RepositoryPrograms"/>) is switched off by <see cref="CheckoutGit"/>;
/// - an answer that was cut off is a failure, never a short answer;
/// - when a git that writes is killed its own children end before it is answered: nobody tidies up beside them.
/// </summary>
internal sealed class GitCommand(IReadOnlyDictionary<string, string> environment)
{
    private const int MostOutput = 256 * 1024 * 1024;
    private const int MostError = 16 * 1024;
    private const int NotStarted = 128;

    private static readonly string[] Allowed = ["PATH", "HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "TMPDIR", "TZ"];

    private static readonly string[] AlwaysOff =
    [
        "core.fsmonitor=false", "core.hooksPath=/dev/null", "gc.auto=0", "maintenance.auto=false",
        "core.quotePath=false", "worktree.guessRemote=false", "submodule.recurse=false",
    ];

    private readonly Dictionary<string, string> _environment = Rebuild(environment);

    /// <summary>What git itself is given of the environment.</summary>
    internal IReadOnlyDictionary<string, string> Variables => _environment;

    /// <summary>What a program that signs commits needs beyond that.</summary>
    internal IReadOnlyDictionary<string, string> ForSigning { get; } = new[] { "GNUPGHOME", "SSH_AUTH_SOCK" }.Where(environment.ContainsKey).ToDictionary(name => name, name => environment[name]);

    internal GitAnswer Run(GitCall call)
    {
        if (call.Forbidden is { } why)
        {
            return new GitAnswer(NotStarted, [], why);
        }

        var (answer, signal) = Ask(call);
        if (signal is null || call.Guards.Count > 0)
        {
            return answer;
        }

        // Killed from outside, it has said neither yes nor no; what only reads can be asked again.
        (answer, signal) = Ask(call);
        return signal is null ? answer : answer.Require($"running git {call.Arguments[0]}");
    }

    private (GitAnswer Answer, int? Signal) Ask(GitCall call)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var exit = Start(call, (stream, bytes) => Keep(stream == ChildStream.Output ? output : error, stream == ChildStream.Output ? MostOutput : MostError, bytes));
        var words = Encoding.UTF8.GetString(error.ToArray()).Trim();
        if (exit.TimedOut)
        {
            words = $"no answer within {call.Limit.TotalSeconds:0} s. {words}".TrimEnd();
        }
        else if (exit.Cancelled)
        {
            words = $"it was called off. {words}".TrimEnd();
        }
        else if (exit.Signal is { } signal && words.Length == 0)
        {
            words = $"git was ended by signal {signal}";
        }

        var complete = output.Length <= MostOutput && !exit.TimedOut && !exit.Cancelled && exit.Signal is null;
        return (new GitAnswer(complete ? exit.ExitCode : null, output.ToArray(), words), exit.TimedOut || exit.Cancelled ? null : exit.Signal);
    }

    private ChildExit Start(GitCall call, ChildOutput sink)
    {
        var variables = new Dictionary<string, string>(_environment)
        {
            ["GIT_OPTIONAL_LOCKS"] = call.Guards.Count > 0 ? "1" : "0",
        };
        if (call.Guards.Count == 0)
        {
            variables[GitCall.LookName] = "1";
        }

        foreach (var (name, value) in call.Variables.Concat(Numbered(call.Overrides)))
        {
            variables[name] = value;
        }

        try
        {
            // What writes is guarded, and no sandbox would let it write.
            var confinement = call.Guards.Count == 0 ? call.Confine?.Invoke(call.Scratch) : null;
            IReadOnlyList<string> words = [.. confinement ?? [], "git", .. Line(call)];
            return ChildProcess.Run(
                new ChildSpec(words[0], [.. words.Skip(1)], call.Directory, variables) { Input = call.Input, Inherited = call.Guards, Timeout = call.Limit, LowPriority = call.LowPriority, OutwaitSessionAfterKill = call.Guards.Count > 0 },
                sink,
                call.Cancel);
        }
        catch (ChildStartException fault) when (fault.Fault == ChildStartFault.Program)
        {
            throw new Refusal(RefusalCode.GitFailed, $"git cannot be started: {fault.Message}", "Install git 2.38 or newer and put it on the PATH of the server.", inner: fault);
        }
        catch (ChildStartException fault)
        {
            throw new Refusal(
                RefusalCode.GitFailed,
                $"git cannot be started: {fault.Message}",
                fault.Fault == ChildStartFault.System
                    ? "Repeat the call. If it fails again, a limit of this user is reached (descriptors: ulimit -n, processes: ulimit -u), or the machine is out of memory."
                    : "Check that the directory exists, then repeat the call.",
                inner: fault);
        }
    }

    private static List<string> Line(GitCall call)
    {
        var line = new List<string>();
        foreach (var setting in AlwaysOff.Concat(call.Settings))
        {
            line.AddRange(["-c", setting]);
        }

        if (call.GitDirectory is not null)
        {
            line.Add($"--git-dir={call.GitDirectory}");
        }

        if (call.WorkTree is not null)
        {
            line.Add($"--work-tree={call.WorkTree}");
        }

        line.AddRange(call.Arguments);
        return line;
    }

    private static IEnumerable<KeyValuePair<string, string>> Numbered(IReadOnlyList<KeyValuePair<string, string>> settings) => settings.Count == 0 ? [] :
    [
        new("GIT_CONFIG_COUNT", settings.Count.ToString(CultureInfo.InvariantCulture)),
        .. settings.Select((setting, i) => new KeyValuePair<string, string>(string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_KEY_{i}"), setting.Key)),
        .. settings.Select((setting, i) => new KeyValuePair<string, string>(string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_VALUE_{i}"), setting.Value)),
    ];

    // One byte more than allowed tells that there was more.
    private static void Keep(MemoryStream buffer, int most, ReadOnlySpan<byte> bytes)
    {
        var room = most + 1 - (int)buffer.Length;
        buffer.Write(bytes[..Math.Min(Math.Max(room, 0), bytes.Length)]);
    }

    private static Dictionary<string, string> Rebuild(IReadOnlyDictionary<string, string> source)
    {
        var kept = Allowed.Where(source.ContainsKey).ToDictionary(name => name, name => source[name]);
        kept["GIT_TERMINAL_PROMPT"] = "0";
        kept["GIT_NO_LAZY_FETCH"] = "1";

        // Gits that do not know that one would fetch what a partial clone lacks with the programs that its settings name; no way has this name.
        kept["GIT_ALLOW_PROTOCOL"] = "none";
        kept["GIT_EDITOR"] = ":";
        kept["LC_ALL"] = "C";
        return kept;
    }
}
