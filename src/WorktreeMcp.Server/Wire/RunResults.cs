using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Runs;

namespace WorktreeMcp.Server.Wire;

/// <summary>Answer of worktree_run; both streams share one size. run_id is there while there is more to read.</summary>
public sealed record CommandRan(
    string Worktree, string? RunId, bool Running, int? ExitCode, string? Signal, bool? TimedOut, bool? Cancelled, string? StoppedBy, double DurationSeconds,
    string? Stdout, string? Stderr, bool? Truncated, string? Omitted, long? StdoutBytes, long? StderrBytes, IReadOnlyList<int>? StillAlive, string Sandbox, string? SandboxReason,
    string? Note, string? Warning, int? Uncommitted, bool? Done, string? Next)
{
    private const int MostBytes = 20_000;
    private const int ErrorBytes = 6_000;

    internal static CommandRan From(WorktreeRun ran, Onward onward)
    {
        var (run, output, error) = (ran.Run, ran.Run.Output, ran.Run.Error);
        var errorBytes = Math.Min(CutText.Size(error.Text), Math.Max(ErrorBytes, MostBytes - CutText.Size(output.Text)));
        var stdout = CutText.Middle(output.Text, MostBytes - errorBytes, output.OmittedBytes);
        var stderr = CutText.Middle(error.Text, errorBytes, error.OmittedBytes);
        var truncated = output.Truncated || error.Truncated || stdout != output.Text || stderr != error.Text;
        return new CommandRan(
            ran.Worktree.Name, truncated || run.IsRunning ? run.RunId : null, run.IsRunning, run.ExitCode, run.Signal, run.TimedOut.OrNull(), run.Cancelled.OrNull(), run.StoppedBy,
            Slim.Took(run.DurationSeconds), stdout.OrNull(), stderr.OrNull(), truncated.OrNull(),
            Omission.Join(
                truncated ? $"The lines marked … say how much is left out; worktree_output(run_id: \"{run.RunId}\", offset: {run.ReadOn ?? 0}) reads it." : null,
                Omission.Of("a text holds none, so what was written is no text", (output.NulBytes + error.NulBytes, "NUL bytes"))),
            truncated ? output.TotalBytes : null, truncated ? error.TotalBytes : null, run.Survivors.OrNull(),
            ran.Sandbox.Word, ran.Sandbox.Reason, NoteOf(run, ran.Note), ran.Warning, ran.Left?.View.Changes is { IsClean: false } changes ? changes.Count : null, onward.Done(), onward.Next());
    }

    private static string? NoteOf(RunResult run, string? more)
    {
        var goesOn = run switch
        {
            { IsRunning: false } => null,
            { EndsWithServer: true } => "It goes on, and ends with this server at the latest; with background: true it would outlive it.",
            _ => "It goes on, also when this server ends.",
        };
        return goesOn is null || more is null ? goesOn ?? more : $"{goesOn} {more}";
    }
}

/// <summary>A part of a command's output.</summary>
public sealed record OutputRow(string Stream, string Text);

/// <summary>Answer of worktree_output.</summary>
public sealed record RunRead(
    string RunId, string Worktree, string Command, string Kind, bool Running, int? ExitCode, string? Signal, bool? TimedOut, bool? Cancelled, string? StoppedBy,
    string? Error, long StartedAt, double? DurationSeconds, IReadOnlyList<OutputRow> Output, long Offset, long NextOffset, long TotalBytes, string? Missing,
    IReadOnlyList<int>? StillAlive, string? Next)
{
    private const int MostBytes = 20_000;
    private const int MostRead = 16 * 1024;
    private const int RowBytes = 40;

    /// <summary>As much as one answer holds.</summary>
    /// <param name="read">Reads at most so many bytes: from where the caller wants, else from an offset.</param>
    internal static RunRead Fitting(Func<long?, int, RunOutput> read)
    {
        var output = read(null, MostRead);
        var missing = output.MissingBytes;
        for (var most = MostRead / 2; output.Parts.Sum(part => CutText.Size(part.Text) + RowBytes) > MostBytes; most /= 2)
        {
            output = read(output.Offset, most);
        }

        return From(output, missing);
    }

    private static RunRead From(RunOutput output, long missing)
    {
        var (record, end) = (output.Record, output.Record.End);
        return new RunRead(
            record.RunId, record.Worktree, CutText.Of(record.Command, 300), record.Kind, output.IsRunning, end?.ExitCode, end?.Signal, (end?.TimedOut == true).OrNull(),
            (end?.Cancelled == true).OrNull(), end?.StoppedBy, output.IsLost ? "All who watched over it were killed; how it ended is not known." : end?.Error,
            Slim.Seconds(record.StartedAt), end is null ? null : Slim.Took(end.DurationSeconds), [.. output.Parts.Select(part => new OutputRow(part.Stream == ChildStream.Output ? "stdout" : "stderr", part.Text))],
            output.Offset, output.NextOffset, output.Length,
            missing == 0 ? null : $"{missing} bytes before offset {output.Offset} are not kept: of a very long output the beginning and the end are.",
            end is { Survivors.Count: > 0 } ? end.Survivors : null, Guide.After(output).Next());
    }
}

/// <summary>Answer of worktree_stop.</summary>
public sealed record RunStopped(
    string RunId, string Worktree, string Command, bool? Already, bool Running, int? ExitCode, string? Signal, string? StoppedBy, double? DurationSeconds,
    IReadOnlyList<int>? StillAlive, string? Next)
{
    internal static RunStopped From(RunStop stop)
    {
        var (record, end) = (stop.Record, stop.Record.End);
        return new RunStopped(
            record.RunId, record.Worktree, CutText.Of(record.Command, 300), stop.Already.OrNull(), stop.IsRunning, end?.ExitCode, end?.Signal, end?.StoppedBy, end is null ? null : Slim.Took(end.DurationSeconds),
            stop.Survivors.OrNull(), Guide.After(stop).Next());
    }
}
