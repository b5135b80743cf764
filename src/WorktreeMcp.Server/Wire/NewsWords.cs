using System.Globalization;
using WorktreeMcp.Domain.News;
using WorktreeMcp.Domain.Overview;

namespace WorktreeMcp.Server.Wire;

/// <summary>How an agent is told of what it did not ask for: one short line each.</summary>
internal static class NewsWords
{
    // Together with two others within 150 tokens.
    private const int LineBytes = 200;
    private const int NoteBytes = 120;
    private const int MostNamed = 3;

    internal static string Of(NewsItem item) => CutText.Of(
        item switch
        {
            NewsItem.NoteLeft note => $"{(note.IsAnswer ? "answer" : "note")} on task {note.TaskId} by {note.By}: {CutText.Of(note.Text.ReplaceLineEndings(" "), NoteBytes, $"task_get(task_id: {note.TaskId}) has all of it")}",
            NewsItem.TaskChanged { By: null } edit => $"task {edit.TaskId} was edited by hand{(edit.Members.Count == 0 ? string.Empty : $": {string.Join(", ", edit.Members)}")}; task_get(task_id: {edit.TaskId})",
            NewsItem.TaskChanged change => $"{change.By} changed {string.Join(", ", change.Members)} of task {change.TaskId}",
            NewsItem.TaskCompleted over => $"{over.By} completed your task {over.TaskId}",
            NewsItem.ClaimTaken taken => $"{taken.By} has taken over your task {taken.TaskId}, since your claim had ended",
            NewsItem.ClaimReleased freed => $"{freed.By} took task {freed.TaskId} from you; it is no longer yours",
            NewsItem.ClaimEnding ending => $"your claim on task {ending.TaskId} ends in {Minutes(ending.Minutes)}; whatever you change there renews it",
            NewsItem.ClaimEnded ended => $"your claim on task {ended.TaskId} has ended; whatever you change there renews it, unless another takes it first",
            NewsItem.SameFiles same => $"{same.Other}{(same.Owner is { } owner ? $" ({owner})" : string.Empty)} also changes {Few(same.Files)}, as {same.Worktree} does{(ToolWords.IsListed("worktree_conflicts") ? "; see worktree_conflicts" : string.Empty)}",
            NewsItem.BaseMoved moved => $"{moved.Base} moved over what {moved.Worktree} changes: {moved.Landed} landed {Few(moved.Files)}; merge {moved.Base} into it soon",
            NewsItem.OutsideScope outside => $"{outside.Worktree} changes {Few(outside.Files)}, outside the scope of task {outside.TaskId}; if that is meant, widen its scope",
            NewsItem.SharedStash stash => $"the stash made in {stash.Worktree} is shared by all worktrees, and another's git stash pop may take it; commit instead: git commit -m wip",
            _ => throw new ArgumentOutOfRangeException(nameof(item), item, "There are no words for it."),
        },
        LineBytes);

    /// <summary>What ended a wait, in a few words; null when its time was over.</summary>
    internal static string? Of(Awaited? awaited)
    {
        if (awaited is null or { TimedOut: true })
        {
            return null;
        }

        return string.Join("; ", awaited.Woke.GroupBy(woke => woke.Kind).OrderBy(kind => kind.Key).Select(kind => kind.Key switch
        {
            WakingKind.Ready => $"{Tasks(kind)} ready",
            WakingKind.ClaimEnded => string.Join("; ", kind.Take(MostNamed).Select(woke => $"the claim of {CutText.Of(woke.Owner!, 40)} on task {woke.TaskId} has ended")),
            WakingKind.AllDone => "all tasks are over",
            _ => "news",
        }));
    }

    private static string Tasks(IEnumerable<Waking> woke) => woke.Select(one => one.TaskId).ToList() switch
    {
        [var only] => $"task {only} is",
        { Count: <= MostNamed } few => $"tasks {string.Join(", ", few)} are",
        var many => string.Create(CultureInfo.InvariantCulture, $"tasks {string.Join(", ", many.Take(MostNamed))} and {many.Count - MostNamed} more are"),
    };

    private static string Minutes(int minutes) => minutes == 1 ? "1 minute" : string.Create(CultureInfo.InvariantCulture, $"{minutes} minutes");

    private static string Few(IReadOnlyList<string> files) =>
        string.Join(", ", files.Take(MostNamed)) + (files.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {files.Count - MostNamed} more") : string.Empty);
}
