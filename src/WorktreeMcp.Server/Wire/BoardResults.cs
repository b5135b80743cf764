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

/// <summary>A task in progress; without lease_minutes nobody holds it.</summary>
public sealed record ProgressRow(int Id, string Subject, string? Owner, int? LeaseMinutes, bool? LeaseEnded, string? Worktree)
{
    internal static ProgressRow From(HeldTask held) => new(
        held.Task.Id,
        CutText.Of(held.Task.Subject, BoardShown.SubjectBytes),
        BoardShown.Short(held.Task.Owner),
        held.LeaseLeft > 0 ? (int)Math.Ceiling(held.LeaseLeft / 60) : null,
        held.LeftBehind ? true : null,
        BoardShown.Short(held.Task.LiveWorktree));
}

/// <summary>A command that runs in a worktree.</summary>
public sealed record LaneRun(string Command, double StartedAt)
{
    private const int CommandBytes = 40;

    internal static LaneRun From(BegunRun run) => new(CutText.Of(run.Command, CommandBytes), run.StartedAt);
}

/// <summary>A worktree in short; dirty counts files with uncommitted work, status_age_seconds is there when that is not as of now, status_pending when nobody has looked yet.</summary>
public sealed record LaneRow(
    string Name, string Branch, int? TaskId, bool? Kept, int? Dirty, int? Ahead, int? Behind, IReadOnlyList<LaneRun>? Running, string? Drift, int? StatusAgeSeconds, bool? StatusPending)
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
            view.Changes?.Count,
            view.Ahead,
            view.Behind,
            worktree.Runs.Count == 0 ? null : [.. worktree.Runs.Take(2).Select(LaneRun.From)],
            view.Drift.Count == 0 ? null : CutText.Of(view.Drift[0], DriftBytes),
            WorktreeRow.Age(view),
            view.IsStatusPending ? true : null);
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

/// <summary>An event in short; worktree_events has all of it.</summary>
public sealed record EventBrief(long? Seq, string Event, int? TaskId, string? Worktree, string? By)
{
    internal static EventBrief From(JsonElement logged) => new(
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
    string You, BoardCounts Counts, IReadOnlyList<ConcernRow> NeedsPerson, IReadOnlyList<ReadyRow> Ready, IReadOnlyList<ProgressRow> InProgress,
    IReadOnlyList<LaneRow> Worktrees, IReadOnlyList<EventBrief> Events, IReadOnlyList<string>? Drift, IReadOnlyList<string>? Settings, string? Omitted, bool? Done, string? Next)
{
    internal const int SubjectBytes = 64;

    // About 1,500 tokens at four characters each, which JSON of short words comes to.
    internal const int MostCharacters = 5_800;

    private const int NameBytes = 48;
    private const int DriftBytes = 160;
    private const int SettingsBytes = 500;

    internal static string? Short(string? name) => name is null ? null : CutText.Of(name, NameBytes);

    internal static IReadOnlyList<string>? DriftOf(IReadOnlyList<string> lines) => lines.Count == 0 ? null : [.. lines.Select(line => CutText.Of(line, DriftBytes))];

    /// <summary>All that was found, or as much of each part as fits.</summary>
    internal static BoardShown From(BoardGlance glance, string you, Onward onward)
    {
        for (var share = 1.0; ; share *= 0.8)
        {
            var shown = From(glance, you, onward, share);
            if (share < 0.1 || JsonSerializer.Serialize(shown, WireJson.TypeInfo<BoardShown>()).Length <= MostCharacters)
            {
                return shown;
            }
        }
    }

    private static BoardShown From(BoardGlance glance, string you, Onward onward, double share)
    {
        var concerns = Some(glance.Concerns.Items, share);
        var ready = Some(glance.Ready.Items, share);
        var progress = Some(glance.InProgress.Items, share);
        var worktrees = Some(glance.Worktrees.Items, share);
        return new BoardShown(
            Short(you)!,
            new BoardCounts(glance.Ready.Total, glance.InProgress.Total, glance.Blocked, glance.Completed, glance.Worktrees.Total, glance.Concerns.Total),
            [.. concerns.Select(ConcernRow.From)],
            [.. ready.Select(ReadyRow.From)],
            [.. progress.Select(ProgressRow.From)],
            [.. worktrees.Select(LaneRow.From)],
            [.. glance.Events.TakeLast(Count(glance.Events.Count, share)).Select(EventBrief.From)],
            DriftOf(glance.Drift),
            glance.Settings.Count == 0 ? null : [.. glance.Settings.Select(line => CutText.Of(line, SettingsBytes))],
            Omission.Of(
                "task_list and worktree_list have them",
                (glance.Concerns.Total - concerns.Count, "that need a person"),
                (glance.Ready.Total - ready.Count, "ready tasks"),
                (glance.InProgress.Total - progress.Count, "tasks in progress"),
                (glance.Worktrees.Total - worktrees.Count, "worktrees")),
            onward.Done(),
            onward.Next());
    }

    private static List<T> Some<T>(IReadOnlyList<T> items, double share) => [.. items.Take(Count(items.Count, share))];

    private static int Count(int count, double share) => (int)Math.Ceiling(count * share);
}
