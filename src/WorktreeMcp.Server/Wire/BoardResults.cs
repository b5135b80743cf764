using System.Text.Json;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Server.Wire;

/// <summary>How many there are of each, shown or not.</summary>
public sealed record BoardCounts(int Ready, int InProgress, int Blocked, int Completed, int Worktrees, int NeedsPerson);

/// <summary>A task that can be claimed.</summary>
public sealed record ReadyRow(int Id, string Subject, TaskPriority? Priority, string? Owner, string? Worktree)
{
    internal static ReadyRow From(TaskView view) => new(
        view.Task.Id,
        CutText.Of(view.Task.Subject, BoardShown.SubjectBytes),
        view.Task.Priority == TaskPriority.Normal ? null : view.Task.Priority,
        BoardShown.Short(view.Task.Owner),
        BoardShown.Short(view.Task.LiveWorktree));
}

/// <summary>A task in progress; its owner holds it for minutes_left, without it nobody does.</summary>
public sealed record ProgressRow(int Id, string Subject, string? Owner, int? MinutesLeft, bool? LeaseEnded, string? Worktree)
{
    internal static ProgressRow From(HeldTask held) => new(
        held.Task.Id,
        CutText.Of(held.Task.Subject, BoardShown.SubjectBytes),
        BoardShown.Short(held.Task.Owner),
        held.LeaseLeft > 0 ? (int)Math.Ceiling(held.LeaseLeft / 60) : null,
        held.LeftBehind ? true : null,
        BoardShown.Short(held.Task.LiveWorktree));
}

/// <summary>A task that the caller may wait for: for its completion by its owner, or for the answer to a question.</summary>
public sealed record WaitRow(int Id, string? Owner, string For)
{
    private const int Most = 5;

    // Who can take something, or has work in hand that nobody has to answer first, need not wait.
    internal static IReadOnlyList<WaitRow>? From(BoardGlance glance, string you)
    {
        var own = glance.WaitedFor.Where(task => task.Owner == you).ToList();
        return glance.Done || glance.Ready.Total > 0 || glance.InProgress.Items.Any(held => held.LeftBehind) || own.Exists(task => task.Attention == TaskAttention.None) || glance.WaitedFor.Count == 0
            ? null
            : [.. glance.WaitedFor.OrderByDescending(task => task.Owner == you).Take(Most).Select(From)];
    }

    private static WaitRow From(BoardTask task) => new(task.Id, BoardShown.Short(task.Owner), task.Attention == TaskAttention.NeedsInput ? "answer" : task.Attention == TaskAttention.Review ? "review" : "completion");
}

/// <summary>A command that runs in a worktree.</summary>
public sealed record LaneRun(string RunId, string Command, long StartedAt)
{
    private const int CommandBytes = 40;

    internal static LaneRun From(BegunRun run) => new(run.Id, CutText.Of(run.Command, CommandBytes), Slim.Seconds(run.StartedAt));
}

/// <summary>A worktree in short; dirty counts files with uncommitted work, status_age_seconds is there when that is not as of now, status_pending when nobody has looked yet; in_progress names what git is in the middle of, such as a merge.</summary>
public sealed record LaneRow(
    string Name, string Branch, int? TaskId, bool? Kept, int? Dirty, string? InProgress, int? Ahead, int? Behind, IReadOnlyList<LaneRun>? Running, string? Drift, int? StatusAgeSeconds, bool? StatusPending)
{
    private const int DriftBytes = 80;

    internal static LaneRow From(WorktreeView view)
    {
        var worktree = view.Worktree;
        return new LaneRow(
            BoardShown.Short(worktree.Name)!,
            BoardShown.Short(worktree.Branch)!,
            worktree.TaskId,
            worktree.Status == WorktreeState.Kept ? true : null,
            view.Changes?.Count is > 0 and var dirty ? dirty : null,
            view.InProgress,
            view.Ahead,
            view.Behind,
            worktree.Runs.Count == 0 ? null : [.. worktree.Runs.Take(2).Select(LaneRun.From)],
            view.Drift.Count == 0 ? null : CutText.Of(view.Drift[0], DriftBytes),
            WorktreeRow.Age(view),
            view.IsStatusPending ? true : null);
    }
}

/// <summary>A removed worktree of an open task; worktree_restore brings it back. What went with it is there where the removal was forced.</summary>
public sealed record TrashRow(int TrashId, string Name, int? TaskId, string? Reason, bool? Forced, int? Uncommitted, int? Untracked, int? CommitsOnNoBranch)
{
    private const int ReasonBytes = 80;

    internal static TrashRow From(Worktree removed)
    {
        var took = removed.Trash?.Took;
        return new TrashRow(
            removed.Id, BoardShown.Short(removed.Name)!, removed.TaskId, removed.Reason is null ? null : CutText.Of(removed.Reason, ReasonBytes),
            took is { Force: true } ? true : null,
            took?.Uncommitted is > 0 and var files ? files : null,
            took is { Untracked: > 0 } ? took.Untracked : null,
            took is { LooseCommits: > 0 } ? took.LooseCommits : null);
    }
}

/// <summary>What a person should look at.</summary>
public sealed record ConcernRow(string Why, int? TaskId, string? Worktree, string? Text)
{
    private const int TextBytes = 100;
    private const int QuestionBytes = 240;

    internal static ConcernRow From(Concern concern) => new(
        concern.Kind switch
        {
            ConcernKind.NeedsInput => "needs_input",
            ConcernKind.Review => "review",
            ConcernKind.Failed => "failed",
            ConcernKind.LeftBehind => "lease_ended",
            ConcernKind.SetupFailed => "setup_failed",
            _ => "damaged_file",
        },
        concern.TaskId,
        BoardShown.Short(concern.Worktree),
        concern.Text is null ? null : CutText.Of(concern.Text, concern.Kind == ConcernKind.NeedsInput ? QuestionBytes : TextBytes));
}

/// <summary>A step in short; worktree_events has its events. One that has begun and is not over ends with .before.</summary>
public sealed record EventBrief(long? Seq, string Event, int? TaskId, string? Worktree, string? By)
{
    private const string Before = ".before";
    private const string After = ".after";
    private const string Failed = ".failed";

    /// <summary>The last steps: what was told before and after it was done is one.</summary>
    internal static IReadOnlyList<EventBrief> Steps(IReadOnlyList<JsonElement> events)
    {
        List<EventBrief> steps = [];
        var over = new HashSet<(string, string?)>();
        foreach (var row in events.Reverse().Select(From))
        {
            if (row.Event.EndsWith(Before, StringComparison.Ordinal) && over.Remove((row.Event[..^Before.Length], row.Worktree)))
            {
                continue;
            }

            var end = new[] { After, Failed }.FirstOrDefault(end => row.Event.EndsWith(end, StringComparison.Ordinal));
            if (end is not null)
            {
                over.Add((row.Event[..^end.Length], row.Worktree));
            }

            steps.Add(end == After ? row with { Event = row.Event[..^After.Length] } : row);
        }

        steps.Reverse();
        return steps;
    }

    private static EventBrief From(JsonElement logged) => new(
        Member(logged, "seq") is { ValueKind: JsonValueKind.Number } seq && seq.TryGetInt64(out var number) ? number : null,
        BoardShown.Short(Text(logged, "event")) ?? "unknown",
        Member(Member(logged, "task"), "id") is { ValueKind: JsonValueKind.Number } id && id.TryGetInt32(out var task) ? task : null,
        BoardShown.Short(Text(Member(logged, "worktree"), "name")),
        BoardShown.Short(Text(logged, "by")));

    private static JsonElement? Member(JsonElement? of, string name) =>
        of is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement? of, string name) => Member(of, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}

/// <summary>Answer of board_show: the whole state in one small answer.</summary>
public sealed record BoardShown(
    string You, string Repository, string? Base, string? Woke, bool? TimedOut, bool? Done, IReadOnlyList<WaitRow>? WaitsFor, BoardCounts Counts, IReadOnlyList<ConcernRow>? NeedsPerson,
    IReadOnlyList<ReadyRow>? Ready, IReadOnlyList<ProgressRow>? InProgress, IReadOnlyList<LaneRow>? Worktrees, IReadOnlyList<TrashRow>? InTrash, IReadOnlyList<EventBrief>? Events, long LastSeq,
    IReadOnlyList<string>? Drift, IReadOnlyList<string>? Settings, string? Omitted, string? Next)
{
    internal const int SubjectBytes = 64;

    // About 1,500 tokens at four characters each, which JSON of short words comes to, with room for three lines of news.
    internal const int MostCharacters = 5_200;

    /// <summary>How many of the last steps are shown.</summary>
    internal const int Steps = 5;

    private const int NameBytes = 48;
    private const int PathBytes = 200;
    private const int DriftBytes = 160;
    private const int SettingsBytes = 500;

    internal static string? Short(string? name) => name is null ? null : CutText.Of(name, NameBytes);

    internal static IReadOnlyList<string>? DriftOf(IReadOnlyList<string> lines) => lines.Count == 0 ? null : [.. lines.Select(line => CutText.Of(line, DriftBytes))];

    /// <summary>All that was found, or as much of each part as fits.</summary>
    /// <param name="glance">What was found.</param>
    /// <param name="you">Who asks.</param>
    /// <param name="onward">What comes next.</param>
    /// <param name="awaited">How its wait ended; null when it did not wait.</param>
    internal static BoardShown From(BoardGlance glance, string you, Onward onward, Awaited? awaited = null)
    {
        for (var share = 1.0; ; share *= 0.8)
        {
            var shown = From(glance, you, onward, awaited, share);
            if (share < 0.1 || JsonSerializer.Serialize(shown, WireJson.TypeInfo<BoardShown>()).Length <= MostCharacters)
            {
                return shown;
            }
        }
    }

    private static BoardShown From(BoardGlance glance, string you, Onward onward, Awaited? awaited, double share)
    {
        var concerns = Some(glance.Concerns.Items, share);
        var ready = Some(glance.Ready.Items, share);
        var progress = Some(glance.InProgress.Items, share);
        var worktrees = Some(glance.Worktrees.Items, share);
        return new BoardShown(
            Short(you)!,
            CutText.Of(glance.Root, PathBytes),
            Short(glance.Base),
            NewsWords.Of(awaited),
            awaited is { TimedOut: true } ? true : null,
            onward.Done() ?? (glance.Done ? true : null),
            WaitRow.From(glance, you),
            new BoardCounts(glance.Ready.Total, glance.InProgress.Total, glance.Blocked, glance.Completed, glance.Worktrees.Total, glance.Concerns.Total),
            Rows(concerns, ConcernRow.From),
            Rows(ready, ReadyRow.From),
            Rows(progress, ProgressRow.From),
            Rows(worktrees, LaneRow.From),
            Rows([.. glance.InTrash.Items], TrashRow.From),
            EventBrief.Steps(glance.Events) is { Count: > 0 } steps ? [.. steps.TakeLast(Count(Steps, share))] : null,
            glance.LastSeq,
            DriftOf(glance.Drift),
            glance.Settings.Count == 0 ? null : [.. glance.Settings.Select(line => CutText.Of(line, SettingsBytes))],
            Omission.Of(
                ToolWords.IsListed("task_list") && ToolWords.IsListed("worktree_list") ? "task_list and worktree_list have them" : ".tasks and .worktrees/index.json have them",
                (glance.Concerns.Total - concerns.Count, "that need a person"),
                (glance.Ready.Total - ready.Count, "ready tasks"),
                (glance.InProgress.Total - progress.Count, "tasks in progress"),
                (glance.Worktrees.Total - worktrees.Count, "worktrees"),
                (glance.InTrash.Total - glance.InTrash.Items.Count, "removed worktrees of open tasks")),
            onward.Next());
    }

    private static IReadOnlyList<TRow>? Rows<T, TRow>(List<T> items, Func<T, TRow> row) => items.Count == 0 ? null : [.. items.Select(row)];

    private static List<T> Some<T>(IReadOnlyList<T> items, double share) => [.. items.Take(Count(items.Count, share))];

    private static int Count(int count, double share) => (int)Math.Ceiling(count * share);
}
