using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Runs;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>
/// Runs a command at a commit that is on no branch yet, in a checkout of its own. It lies among the worktrees, where tools
/// find what they find there, the files of <c>.worktreeinclude</c> among it, but git does not list it: git's directory of it is
/// private. The landing lock is held, so what is found of an earlier one belongs to a landing that is over.
/// </summary>
internal sealed class LandingVerification(WorktreePlaces parts, CommandRunner runner, RunPreparation preparation, WorktreeInclude include)
{
    /// <summary>What the names of these checkouts begin with.</summary>
    internal const string Prefix = ".verify-";

    private const int TailLength = 4_000;
    private const int MostKept = 2_000;
    private const int MostRepeated = 500;

    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(3);

    /// <summary>Refuses, before anything is begun, where no command may run.</summary>
    internal void RequireAllowed()
    {
        preparation.RequireEnabled();
        preparation.RequireSandbox();
    }

    /// <summary>Why a command is not confined although that is wished for; else null.</summary>
    internal string? NotConfined => preparation.Use().Reason;

    /// <summary>What of the settings does not count for the command; else null.</summary>
    internal string? Unapproved => preparation.Unapproved();

    /// <summary>Runs the command; tells how it ended, and the refusal if it failed.</summary>
    internal (RunResult Run, Refusal? Failure) Run(Worktree worktree, string commit, string command, SafeHandle guard, Action<string> progress, CancellationToken cancel)
    {
        Sweep();
        var directory = Free(parts.Layout.Worktree($"{Prefix}{worktree.Id.ToString(CultureInfo.InvariantCulture)}"));
        var record = new AdminEntry("verify", Free(Path.Join(parts.Layout.Verification, worktree.Id.ToString(CultureInfo.InvariantCulture))));
        try
        {
            progress("checking out the merged commit");
            CheckOut(record, directory, commit, guard);
            var left = include.CopyInto(record, directory).LeftOut;
            var run = Watched(worktree, record, directory, commit, command, progress, cancel);
            cancel.ThrowIfCancellationRequested();
            return (run, run.ExitCode == 0 && !run.TimedOut ? null : Failed(worktree, command, run, string.Join('\n', new[] { left, Unapproved }.OfType<string>())));
        }
        finally
        {
            Sweep();
        }
    }

    /// <summary>What a run proves.</summary>
    internal VerifyProof ProofOf(string command, string commit, RunResult run, string by)
    {
        var code = run.TimedOut ? null : run.ExitCode;
        return new VerifyProof(command, commit, code, by, StateJson.Seconds(parts.Store.Time.GetUtcNow()), code == 0 || Tail(run, MostKept) is not { Length: > 0 } tail ? null : Redaction.Of(tail));
    }

    private void CheckOut(AdminEntry record, string directory, string commit, SafeHandle guard)
    {
        parts.Disk.MakeFolder(record.Directory);
        parts.Disk.MakeFolder(directory);
        Write(Path.Join(record.Directory, "commondir"), Path.GetRelativePath(record.Directory, parts.Layout.CommonDirectory));
        Write(Path.Join(record.Directory, "gitdir"), Path.Join(directory, ".git"));
        Write(Path.Join(record.Directory, "HEAD"), commit);
        Write(Path.Join(directory, ".git"), $"gitdir: {record.Directory}");
        parts.Git.Checkouts.Populate(record, directory, guard, alone: true).Require("checking out the merged commit");
    }

    private RunResult Watched(Worktree worktree, AdminEntry record, string directory, string commit, string command, Action<string> progress, CancellationToken cancel)
    {
        var start = parts.Store.Time.GetTimestamp();
        progress($"verifying: {Redaction.Of(command)}");
        using var clock = parts.Store.Time.CreateTimer(
            _ => parts.Store.Faults.Guard("telling how a landing goes", () => progress($"verifying for {parts.Store.Time.GetElapsedTime(start).TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s")), null, Tick, Tick);
        var runId = ShellCommand.NewId();
        var prepared = preparation.PrepareCheck(worktree, record, directory, runId);
        var variables = new Dictionary<string, string>(prepared.Variables) { ["LANDING_COMMIT"] = commit };
        return runner.Run(new ShellCommand(command, directory, variables, Limit) { RunId = runId, Wrapper = prepared.Wrapper }, cancel);
    }

    private static Refusal Failed(Worktree worktree, string command, RunResult run, string left)
    {
        var how = run.TimedOut ? $"did not end within {Limit.TotalMinutes:0} minutes" : run.ExitCode is { } code ? $"ended with exit code {code}" : $"was ended by {run.Signal}";
        var tail = Tail(run, TailLength);
        return new Refusal(
            RefusalCode.VerifyFailed,
            $"verify_command ({Cut(Redaction.Of(command))}) {how} after {run.DurationSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s at the merged commit. Nothing was changed. {(tail.Length == 0 ? "It wrote nothing." : $"The end of what it wrote:\n{tail}")}{(left.Length == 0 ? string.Empty : $"\n{left}")}",
            $"Merge the base in the worktree with {Step.RunCommand}, make the command pass there, commit, then repeat the call.",
            new NextStep.RunCommand(worktree.Name, Repeated(command)));
    }

    private static string Tail(RunResult run, int most)
    {
        var words = $"{run.Output.Text.TrimEnd()}\n{run.Error.Text.TrimEnd()}".Trim();
        return words.Length > most ? $"... {words[^most..]}" : words;
    }

    // As one can repeat it; with a secret in it or too long to read it is left to the caller, who has it.
    private static string Repeated(string command) => command.Length > MostRepeated || Redaction.Of(command) != command ? "..." : command;

    private static string Cut(string command) => command.Length > 200 ? $"{command[..200]}..." : command;

    // Something in it may refuse to go; then the next one gets another name, and a later sweep tries again.
    private string Free(string path)
    {
        var free = path;
        for (var n = 2; parts.Exists(free); n++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{path}-{n}");
        }

        return free;
    }

    private void Sweep()
    {
        foreach (var folder in Folders(parts.Layout.Worktrees, Prefix).Concat(Folders(parts.Layout.Verification, string.Empty)).ToList())
        {
            try
            {
                parts.Disk.DeleteTree(folder);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // See Free.
            }
        }
    }

    // Those that bear a name of ours: the prefix, a worktree's number, and perhaps which one it is of that.
    private IEnumerable<string> Folders(string folder, string prefix) => parts.Files.KindOf(folder) != FileKind.Folder ? [] :
        parts.Files.Directory.EnumerateDirectories(folder).Where(path => Path.GetFileName(path) is var name && name.StartsWith(prefix, StringComparison.Ordinal) && IsNumbered(name[prefix.Length..]));

    private static bool IsNumbered(string name) => name.Split('-') is { Length: 1 or 2 } numbers && numbers.All(number => number.Length > 0 && number.All(char.IsAsciiDigit));

    private void Write(string path, string line)
    {
        parts.Disk.WriteTemporary($"{path}.tmp", Encoding.UTF8.GetBytes(line + "\n"));
        parts.Disk.Replace($"{path}.tmp", path);
    }
}
