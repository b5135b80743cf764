using System.Text.Json;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain.Overview;

/// <summary>
/// The board for a person: every task in the column where the facts put it. What it costs grows with the tasks only by a look at what is in memory; git is
/// asked about worktrees alone, through what lists know already.
/// </summary>
public sealed class CardOverview
{
    private const int EventsSearched = 600;
    private const long EventBytesSearched = 256 * 1024;
    private const int MostNames = 200;

    private readonly TaskBoard _board;
    private readonly WorktreeRegistry _registry;
    private readonly StateStore _store;

    internal CardOverview(TaskBoard board, WorktreeRegistry registry, StateStore store) => (_board, _registry, _store) = (board, registry, store);

    /// <summary>Looks at everything; changes nothing.</summary>
    /// <param name="filter">Which cards are wanted.</param>
    /// <returns>The columns, and what stands around them.</returns>
    public CardBoard Look(CardFilter filter)
    {
        // First, so that what happens while one looks comes again rather than never.
        var last = _store.Newest().Seq;
        var entries = _registry.Settling.Settled().Where(worktree => worktree.IsLive).ToList();
        var seen = _registry.Looks.Look(entries, entries, _registry.Parts.Settings.ListWait).ToDictionary(view => view.Worktree.Name, StringComparer.Ordinal);
        var (tasks, damaged) = _board.Everything();
        var placed = tasks.Select(view => Placed(view, seen)).Where(card => card.Place is not null).ToList();
        var wanted = placed.Where(card => Matches(card.View.Task, filter)).ToList();
        var happened = Happened();
        var (into, at) = Base();
        var open = tasks.Where(view => view.Task.IsOpen).Select(view => view.Task).ToList();
        return new CardBoard(
            [.. Enum.GetValues<BoardColumnKind>().Where(kind => filter.Only is null || filter.Only == kind).Select(kind => Column(kind, wanted, filter, entries, happened))],
            [.. Asking(placed).Take(filter.Most).Select(one => Card(one, entries, happened))],
            damaged,
            [.. placed.Where(one => one.Left > 0).Select(one => one.View.Task.Owner!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)])
        {
            Base = into,
            BaseCommit = at,
            LastSeq = last,
            Ready = placed.Count(one => one.Place == TaskPlace.Ready),
            Worktrees = entries.Count,
            Owners = [.. open.Select(task => task.Owner).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(MostNames)],
            Labels = [.. open.SelectMany(task => task.Labels).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(MostNames)],
            Drift = new PassingCheck(_registry).Lines(),
        };
    }

    /// <summary>One task as it stands on the board.</summary>
    /// <param name="view">The task.</param>
    /// <returns>Its card; null for one that was withdrawn.</returns>
    public TaskCard? Of(TaskView view)
    {
        var entries = _registry.Settling.Settled().Where(worktree => worktree.IsLive).ToList();
        var own = entries.Where(worktree => worktree.Name == view.Task.LiveWorktree).ToList();
        var seen = _registry.Looks.Look(own, entries, _registry.Parts.Settings.ListWait).ToDictionary(one => one.Worktree.Name, StringComparer.Ordinal);
        var placed = Placed(view, seen);
        return placed.Place is null ? null : Card(placed, entries, []);
    }

    private (string? Branch, string? Commit) Base()
    {
        var head = _registry.Parts.Git.MainHead();
        return _registry.Parts.Settings.BaseRef is var set && set == "HEAD" ? (head.ShortBranch, head.Commit) : (set, _registry.Parts.Git.Refs.Resolve(BranchRef.Of(set)));
    }

    private Standing Placed(TaskView view, Dictionary<string, WorktreeView> seen)
    {
        var left = _board.LeaseLeft(view.Task);
        var worktree = view.Task.LiveWorktree is { } name ? seen.GetValueOrDefault(name) : null;
        var ahead = worktree is null || (worktree.Worktree.Landed is { } landed && landed.Tip == worktree.Head) ? 0 : worktree.Ahead;
        var facts = new PlaceFacts(view.Task.Status, view.Task.Attention, view.WaitsFor.Count > 0, left > 0, view.Task.Status == TaskState.InProgress && view.Task.HasClaim && left == 0)
        {
            Kept = worktree?.Worktree.Status == WorktreeState.Kept,
            Ahead = ahead ?? 0,
            Uncommitted = worktree?.Changes?.Count ?? 0,
        };
        return new Standing(view, TaskPlaces.Of(facts), left, worktree, worktree is null ? null : ahead);
    }

    private static bool Matches(BoardTask task, CardFilter filter) =>
        (filter.Owner is null || (task.Owner ?? string.Empty) == filter.Owner)
        && new TaskFilter(task.Status, null, null, filter.Label, filter.Query, 1, null).Matches(task);

    private CardColumn Column(BoardColumnKind kind, List<Standing> all, CardFilter filter, List<Worktree> entries, Dictionary<int, JsonElement> happened)
    {
        var own = all.Where(one => one.Place!.Value.Column() == kind).ToList();
        return new CardColumn(kind, own.Count, [.. InOrder(kind, own).Skip(filter.Skip).Take(filter.Most).Select(one => Card(one, entries, happened))]);
    }

    // What is not as it should be comes first, then the most urgent, then what has been there longest. What is done is shown newest first.
    private static IEnumerable<Standing> InOrder(BoardColumnKind kind, IEnumerable<Standing> column) => kind == BoardColumnKind.Done
        ? column.OrderByDescending(one => one.View.Task.UpdatedAt).ThenByDescending(one => one.View.Task.Id)
        : column.OrderBy(one => one.View.Task.Attention == TaskAttention.None && one.Place != TaskPlace.LeftOver)
            .ThenBy(one => one.Place == TaskPlace.Blocked)
            .ThenByDescending(one => one.View.Task.Priority)
            .ThenBy(one => one.View.Task.Id);

    // A question waits for an answer, what failed for a look, work for a review; the oldest of each first.
    private static IEnumerable<Standing> Asking(IEnumerable<Standing> all) => all
        .Where(one => one.Place == TaskPlace.Review || (one.View.Task.Attention != TaskAttention.None && one.Place != TaskPlace.Done))
        .OrderBy(one => one.View.Task.Attention switch { TaskAttention.NeedsInput => 0, TaskAttention.Failed => 1, _ => 2 })
        .ThenBy(one => one.View.Task.Question?.At ?? one.View.Task.UpdatedAt);

    private TaskCard Card(Standing one, List<Worktree> entries, Dictionary<int, JsonElement> happened) =>
        new(one.View.Task, one.View.WaitsFor, one.Place!.Value, one.Left, one.Worktree, Shared(one, entries), happened.TryGetValue(one.View.Task.Id, out var last) ? last : null)
        {
            Ahead = one.Ahead,
        };

    private List<SharedWork> Shared(Standing one, List<Worktree> entries) => one.Worktree is not { Worktree: { } own } || one.Place == TaskPlace.Done ? [] :
    [
        .. entries.Where(other => other.Id != own.Id && other.IsUsable)
            .Select(other => new SharedWork(other.Name, other.TaskId, _registry.Touched.Shared(own.Id, other.Id)))
            .Where(shared => shared.Files.Count > 0),
    ];

    // The last thing with each task, of what the end of the log tells. A renewal is nothing that happened.
    private Dictionary<int, JsonElement> Happened()
    {
        var last = new Dictionary<int, JsonElement>();
        foreach (var logged in _store.Events.Read(new EventQuery(EventsSearched, MaxBytes: EventBytesSearched)).Events)
        {
            if (logged.TryGetProperty("task", out var task) && task.ValueKind == JsonValueKind.Object && task.TryGetProperty("id", out var id)
                && id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number))
            {
                last[number] = logged;
            }
        }

        return last;
    }

    private sealed record Standing(TaskView View, TaskPlace? Place, double Left, WorktreeView? Worktree, int? Ahead);
}
