using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Looking;

namespace WorktreeMcp.Domain.Overview;

/// <summary>
/// Puts the board and the registry together for one look: what can be begun, who works on what, what is left behind. Its cost
/// does not grow with what is not shown: git is asked only about the worktrees in the answer.
/// </summary>
public sealed class BoardOverview
{
    // More than is shown of them is not judged: whether a worktree holds work is a question to git.
    private const int MostLeftBehind = 5;
    private const int MostWaitedFor = 20;
    private const long EventBytesSearched = 128 * 1024;

    private readonly TaskBoard _board;
    private readonly WorktreeRegistry _registry;
    private readonly StateStore _store;

    internal BoardOverview(TaskBoard board, WorktreeRegistry registry, StateStore store) => (_board, _registry, _store) = (board, registry, store);

    /// <summary>Looks at everything as it is known: for who has waited and wants to know at once what is new. Starts no process.</summary>
    /// <param name="limits">How much of each part is wanted.</param>
    /// <returns>What is found; how worktrees stand as it was seen last.</returns>
    public BoardGlance Glance(GlanceLimits limits) => Look(limits, WorktreeStatuses.AsKnown);

    /// <summary>Looks at everything; changes nothing.</summary>
    /// <param name="limits">How much of each part is wanted.</param>
    /// <param name="budget">How long to look at worktrees; null for as long as is set.</param>
    /// <returns>What is found.</returns>
    public BoardGlance Look(GlanceLimits limits, TimeSpan? budget = null)
    {
        // First, so that what happens while one looks comes again rather than never.
        var last = _store.Newest().Seq;
        var all = _registry.Settling.Settled();
        var entries = all.Where(worktree => worktree.IsLive).ToList();
        var (tasks, damaged) = _board.Everything();
        var begun = tasks.Where(view => view.Task.Status == TaskState.InProgress).Select(view => Held(view.Task)).ToList();
        var left = begun.Where(held => held.LeftBehind).OrderBy(held => held.Task.Id).ToList();
        var ready = tasks.Where(view => view.IsReady && _board.LeaseLeft(view.Task) == 0).OrderBy(view => TaskOrder.Of(view.Task)).ToList();

        var shown = InOrder(entries).Take(limits.Worktrees).ToList();
        var judged = left.Take(MostLeftBehind).Select(held => entries.Find(w => w.Name == held.Task.LiveWorktree)).OfType<Worktree>();
        var seen = _registry.Looks.Look([.. shown.UnionBy(judged, worktree => worktree.Id)], entries, budget ?? _registry.Parts.Settings.ListWait);
        return new BoardGlance(
            new Shown<TaskView>([.. ready.Take(limits.Ready)], ready.Count),
            new Shown<HeldTask>([.. left.Concat(begun.Where(held => !held.LeftBehind).OrderBy(held => TaskOrder.Of(held.Task))).Take(limits.InProgress)], begun.Count),
            tasks.Count(view => view.Task.Status == TaskState.Pending && view.WaitsFor.Count > 0),
            tasks.Count(view => view.Task.Status == TaskState.Completed),
            new Shown<WorktreeView>([.. seen.Take(shown.Count).Select(_registry.Inspection.WithOperation)], entries.Count),
            Concerns(tasks, damaged, all, left, seen, limits.Concerns),
            _store.Events.Read(new EventQuery(limits.Events, MaxBytes: EventBytesSearched)).Events)
        {
            Root = _registry.Parts.Layout.Root,
            Base = _registry.Parts.Settings.BaseRef is var set && set == "HEAD" ? _registry.Parts.Git.MainHead().ShortBranch : set,
            LastSeq = last,
            Done = tasks.Any(view => view.Task.Status == TaskState.Completed) && !tasks.Any(view => view.Task.IsOpen),
            WaitedFor = WaitedFor(tasks, begun),
            InTrash = LeftOnBoard.InTrash(tasks, all),
            Drift = new PassingCheck(_registry).Lines(),
            Settings = [.. OfSettings()],
        };
    }

    private IEnumerable<string> OfSettings()
    {
        var (settings, layout) = (_registry.Parts.Configuration.Look(), _registry.Parts.Layout);
        if (settings.Problems.Count > 0)
        {
            yield return $"Commands are refused until a person mends this: {SettingProblem.Words(settings.Problems)}";
        }

        if (settings.Waiting.Count > 0)
        {
            yield return WaitingSetting.Words(settings.Waiting, layout.Root);
        }

        if (Path.Join(layout.Root, settings.WorktreeRoot) != layout.Worktrees)
        {
            yield return $"worktree_root is \"{settings.WorktreeRoot}\" now; this server goes on with {layout.Worktrees} until it is started anew";
        }
    }

    // What differs from the record comes first, then where work goes on.
    private IEnumerable<Worktree> InOrder(IEnumerable<Worktree> entries) => entries
        .Select(worktree => (Worktree: worktree, IsSound: _registry.Inspection.IsWhereItShouldBe(worktree)))
        .OrderBy(row => row.IsSound)
        .ThenBy(row => row.Worktree.Status == WorktreeState.Kept)
        .ThenByDescending(row => row.Worktree.UpdatedAt)
        .Select(row => row.Worktree);

    private static IReadOnlyList<BoardTask> WaitedFor(IReadOnlyList<TaskView> tasks, IReadOnlyList<HeldTask> begun)
    {
        var waiting = tasks.SelectMany(view => view.WaitsFor).CountBy(id => id).ToDictionary();
        return [.. begun.Where(held => !held.LeftBehind).OrderByDescending(held => waiting.GetValueOrDefault(held.Task.Id)).ThenBy(held => held.Task.Id).Take(MostWaitedFor).Select(held => held.Task)];
    }

    private HeldTask Held(BoardTask task)
    {
        var left = _board.LeaseLeft(task);
        return new HeldTask(task, left, task.HasClaim && left == 0);
    }

    private static Shown<Concern> Concerns(
        IReadOnlyList<TaskView> tasks, IReadOnlyList<DamagedTask> damaged, IReadOnlyList<Worktree> entries, IReadOnlyList<HeldTask> left,
        IReadOnlyList<WorktreeView> seen, int most)
    {
        var flagged = tasks
            .Where(view => view.Task.Attention != TaskAttention.None && view.Task.Status != TaskState.Deleted)
            .OrderBy(view => view.Task.Id)
            .Select(view => new Concern(KindOf(view.Task.Attention), view.Task.Id, view.Task.LiveWorktree, view.Task.Question?.Text ?? (view.Task.Notes.Count > 0 ? view.Task.Notes[^1].Text : view.Task.Subject)));
        var all = damaged.Select(file => new Concern(ConcernKind.DamagedFile, file.Id, null, file.Problem))
            .Concat(flagged)
            .Concat(entries.Where(worktree => worktree.IsLive && worktree.Setup is { State: "failed" }).OrderBy(worktree => worktree.Id)
                .Select(worktree => new Concern(ConcernKind.SetupFailed, worktree.TaskId, worktree.Name, worktree.Setup!.Detail)))
            .Concat(left.Select(held => LeftOnBoard.Of(held.Task, entries, seen)))
            .ToList();
        return new Shown<Concern>([.. all.Take(most)], all.Count);
    }

    private static ConcernKind KindOf(TaskAttention attention) => attention switch
    {
        TaskAttention.NeedsInput => ConcernKind.NeedsInput,
        TaskAttention.Review => ConcernKind.Review,
        _ => ConcernKind.Failed,
    };
}
