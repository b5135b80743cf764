using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Files;
using WorktreeMcp.Domain.Worktrees.Guidance;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Looking;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Runs;

namespace WorktreeMcp.Domain.Overview;

/// <summary>
/// Says after every answer what its reader does next. First what is to be done where it was, if that is its own; else what the board has for it.
/// It takes what the call has found out anyway; git is asked only about a worktree that came with work in it.
/// </summary>
public sealed class Guide
{
    private const string Anything = "...";
    private const int Tail = -4_000;

    private readonly TaskBoard _board;
    private readonly WorktreeEntries _entries;
    private readonly WorktreeInspection _inspection;
    private readonly Situations _situations;

    internal Guide(TaskBoard board, WorktreeRegistry registry) =>
        (_board, _entries, _inspection, _situations) = (board, registry.Entries, registry.Inspection, new Situations(registry.Parts));

    /// <summary>What the board has for an agent.</summary>
    /// <param name="you">The agent.</param>
    /// <param name="besides">A task that it has just given back, or null.</param>
    /// <returns>What comes next.</returns>
    public Onward OnBoard(string you, int? besides = null) => Told(() => NextOnBoard.Of(SituationOf(_board.Everything().Views, you, besides)));

    /// <summary>After a look at the board, which has also looked at worktrees.</summary>
    /// <param name="glance">What was found.</param>
    /// <param name="you">Who looks.</param>
    /// <returns>What comes next.</returns>
    public Onward After(BoardGlance glance, string you)
    {
        var next = OnBoard(you);
        if (next.Step is NextStep.ShowBoard { WaitSeconds: not null } wait)
        {
            return new Onward(wait with { SinceSeq = glance.LastSeq });
        }

        return next.Step is NextStep.ShowWorktree { Name: var name } && glance.Worktrees.Items.FirstOrDefault(row => row.Worktree.Name == name) is { StatusAge: 0, IsStatusPending: false } own
            ? Told(() => NextInWorktree.Of(_situations.Of(own)) ?? next.Step)
            : next;
    }

    /// <summary>The same in the middle of a change, of what is known without a look.</summary>
    /// <param name="you">The agent.</param>
    internal NextStep? Instead(string you) => Told(() => NextOnBoard.Of(SituationOf(_board.Known(), you, besides: null))).Step;

    /// <summary>After a task was recorded or read.</summary>
    /// <param name="view">The task.</param>
    /// <param name="you">Who asks.</param>
    /// <param name="worktree">Its worktree as it was looked at, or null.</param>
    /// <returns>What comes next.</returns>
    public Onward After(TaskView view, string you, WorktreeView? worktree = null)
    {
        var task = view.Task;
        if (IsOthers(task, you) || (view.WaitsFor.Count > 0 && task.LiveWorktree is null))
        {
            return OnBoard(you);
        }

        if (worktree is { Worktree.IsLive: true } && (task.Owner == you || !task.IsOpen))
        {
            return In(() => _situations.Of(worktree), you);
        }

        return !task.IsOpen ? OnBoard(you)
            : Told(() => task.Owner != you && _board.IsLeftBehind(task) ? new NextStep.ClaimTask(task.Id) : NextOnBoard.GoOn(WithWork(task)));
    }

    /// <summary>After a task was changed.</summary>
    /// <param name="change">What changed.</param>
    /// <param name="you">Who changed it.</param>
    /// <returns>What comes next.</returns>
    public Onward After(TaskChange change, string you) => change.View.Task switch
    {
        { IsOpen: true, Attention: TaskAttention.NeedsInput } task when task.Owner == you || task.Question?.By == you => new Onward(new NextStep.ShowBoard(NextOnBoard.WaitSeconds)),
        { Status: TaskState.Pending, Id: var id } when change.Changed.Contains("status") => OnBoard(you, besides: id),
        { IsOpen: true, LiveWorktree: { } name } task when task.Owner == you && change.Changed.Contains("acceptance") && WorktreeEntries.Find(_entries.AsTheyAre(), name) is { } worktree =>
            In(() => _situations.Of(_inspection.View(worktree)), you),
        { IsOpen: true } task when task.Owner == you => After(change.View, you),
        _ => OnBoard(you),
    };

    /// <summary>After a task was taken.</summary>
    /// <param name="taken">What was taken.</param>
    /// <param name="left">What lies in its worktree, or null.</param>
    /// <param name="you">Who took it.</param>
    /// <returns>What comes next.</returns>
    public Onward After(TaskTaken taken, WorktreeDetail? left, string you) =>
        left is null ? Told(() => NextOnBoard.GoOn(WithWork(taken.View.Task))) : In(() => _situations.Of(left), you);

    /// <summary>After a page of tasks.</summary>
    /// <param name="page">The page.</param>
    /// <param name="you">Who reads it.</param>
    /// <returns>What comes next.</returns>
    public Onward After(TaskPage page, string you) =>
        page.NextCursor is { } cursor && !page.Tasks.Any(view => view.IsReady) ? new Onward(new NextStep.ListTasks(cursor)) : OnBoard(you);

    /// <summary>After a worktree was made.</summary>
    /// <param name="step">What was made.</param>
    /// <param name="you">Who made it.</param>
    /// <param name="left">What lies there, if it was looked at.</param>
    /// <returns>What comes next.</returns>
    public Onward AfterCreate(WorktreeStep step, string you, WorktreeDetail? left = null) => step.Worktree switch
    {
        { IsLive: true } when left is not null => In(() => _situations.Of(left), you),
        { IsLive: false } => OnBoard(you),
        { BranchCreated: true } when !step.Already => new Onward(new NextStep.RunCommand(step.Worktree.Name, Anything)),
        _ => AfterBind(step, you),
    };

    /// <summary>After a task was bound to a worktree, in which work may lie.</summary>
    /// <param name="step">What was bound.</param>
    /// <param name="you">Who bound it.</param>
    /// <returns>What comes next.</returns>
    public Onward AfterBind(WorktreeStep step, string you) => In(() => _situations.Of(_inspection.View(step.Worktree)), you);

    /// <summary>After a page of worktrees.</summary>
    /// <param name="page">The page.</param>
    /// <param name="you">Who reads it.</param>
    /// <returns>What comes next.</returns>
    public Onward After(WorktreePage page, string you) => page switch
    {
        { Worktrees: [{ Worktree: { Status: WorktreeState.Removed } removed }, ..] } => new Onward(new NextStep.RestoreWorktree(removed.Name, null, removed.Id)),
        _ when page.Worktrees.FirstOrDefault(row => row.Worktree.IsLive && row.Owner == you) is { } own => In(() => _situations.Of(own), you),
        { NextCursor: { } cursor } => new Onward(new NextStep.ListWorktrees(Cursor: cursor)),
        _ => OnBoard(you),
    };

    /// <summary>After a look at a worktree.</summary>
    /// <param name="detail">What was found.</param>
    /// <param name="you">Who looks.</param>
    /// <returns>What comes next.</returns>
    public Onward After(WorktreeDetail detail, string you) => In(() => _situations.Of(detail), you);

    /// <summary>After a command in a worktree.</summary>
    /// <param name="run">How it ended, or stands.</param>
    /// <param name="you">Who ran it.</param>
    /// <returns>What comes next.</returns>
    public Onward After(WorktreeRun run, string you)
    {
        var name = run.Worktree.Name;
        return run switch
        {
            { Run: { IsRunning: true } on } => new Onward(new NextStep.ReadOutput(on.RunId, on.ReadOn ?? on.Output.TotalBytes + on.Error.TotalBytes)),
            { Left: { } left } => In(() => _situations.Of(left), you),
            { Run.ExitCode: 0 } => new Onward(new NextStep.ShowWorktree(name)),
            _ => new Onward(new NextStep.RunCommand(name, Anything)),
        };
    }

    /// <summary>After a part of a command's output.</summary>
    /// <param name="output">The part.</param>
    /// <returns>What comes next.</returns>
    public static Onward After(RunOutput output) => new(output.IsRunning || output.NextOffset < output.Length
        ? new NextStep.ReadOutput(output.Record.RunId, output.NextOffset)
        : new NextStep.ShowWorktree(output.Record.Worktree));

    /// <summary>After a command was ended.</summary>
    /// <param name="stop">How it ended.</param>
    /// <returns>What comes next.</returns>
    public static Onward After(RunStop stop) => new(new NextStep.ReadOutput(stop.Record.RunId, Tail));

    /// <summary>After lines of a file were read.</summary>
    /// <param name="part">What was read.</param>
    /// <param name="shownTo">The last line that is shown.</param>
    /// <returns>What comes next.</returns>
    public static Onward After(FilePart part, int shownTo) => new(part switch
    {
        _ when shownTo < part.TotalLines => new NextStep.ReadFile(part.Worktree, part.Path, shownTo + 1),
        { IsMain: true } => new NextStep.ShowBoard(),
        _ => new NextStep.EditFile(part.Worktree, part.Path),
    });

    /// <summary>After a file was edited.</summary>
    /// <param name="edited">What became of it.</param>
    /// <returns>What comes next.</returns>
    public static Onward After(FileEdited edited) => new(new NextStep.RunCommand(edited.Worktree, Anything));

    /// <summary>After a worktree was put aside.</summary>
    /// <param name="step">What was done.</param>
    /// <param name="you">Who did it.</param>
    /// <returns>What comes next.</returns>
    public Onward AfterKeep(WorktreeStep step, string you) => OnBoard(you, besides: step.Task is { IsOpen: true } task ? task.Id : null);

    /// <summary>After a worktree was taken down. Work that landed is done; what was thrown away is still to be done, by whoever takes it.</summary>
    /// <param name="removal">What was taken down.</param>
    /// <param name="you">Who did it.</param>
    /// <returns>What comes next.</returns>
    public Onward After(WorktreeRemoval removal, string you) => removal.Step.Task is not { IsOpen: true } task || task.Owner != you ? OnBoard(you)
        : removal is { TrashDirectory: null, BranchKept: not null } ? new Onward(new NextStep.CreateWorktree(Branch: removal.Step.Worktree.Branch, TaskId: task.Id))
        : removal.Step.Worktree.Landed is not null && removal.Uncommitted.Count == 0 ? Told(() => Finish(task, removal.Step.Worktree)) : new Onward(new NextStep.ReopenTask(task.Id));

    /// <summary>After a worktree was brought back.</summary>
    /// <param name="back">What came back.</param>
    /// <param name="you">Who did it.</param>
    /// <returns>What comes next.</returns>
    public Onward After(WorktreeRestoration back, string you) => AfterBind(back.Step, you);

    /// <summary>After a difference.</summary>
    /// <param name="difference">What differs.</param>
    /// <param name="you">Who reads it.</param>
    /// <returns>What comes next.</returns>
    public Onward After(WorktreeDifference difference, string you) => difference switch
    {
        { NextCursor: { } cursor } => new Onward(new NextStep.DiffWorktree(difference.Worktree.Name, Patch: true, cursor)),
        { Patch: null, Files.Count: > 0 } => new Onward(new NextStep.DiffWorktree(difference.Worktree.Name, Patch: true)),
        _ => In(
            () => _situations.Of(difference.Worktree) with
            {
                Uncommitted = difference.Files.Count(file => file.Uncommitted),
                HasOtherConflicts = difference.HasConflicts,
                Ahead = difference.Files.Count(file => !file.Uncommitted),
            },
            you),
    };

    /// <summary>After a forecast.</summary>
    /// <param name="forecast">What was foretold.</param>
    /// <param name="you">Who asked.</param>
    /// <returns>What comes next.</returns>
    public Onward After(ConflictForecast forecast, string you) => forecast switch
    {
        { WithBase: [var lane, ..] } => new Onward(NextInWorktree.MergeBase(lane.Name, lane.Base)),
        { Pairs: [{ Conflicts.Count: > 0 } pair, ..] } => new Onward(new NextStep.DiffWorktree(pair.Left, Patch: true)),
        _ => OnBoard(you),
    };

    /// <summary>After a landing. A worktree that could not be taken down with it needs nobody.</summary>
    /// <param name="landed">What landed.</param>
    /// <param name="removed">Whether it was to be taken down with it.</param>
    /// <param name="you">Who landed it.</param>
    /// <returns>What comes next.</returns>
    public Onward After(LandingResult landed, bool removed, string you)
    {
        var task = (landed.Removal?.Step ?? landed.Step).Task;
        return landed.Removal is not null || removed
            ? task is { IsOpen: true } open && !IsOthers(open, you) ? Told(() => Finish(open, landed.Step.Worktree)) : OnBoard(you)
            : Told(() => NextInWorktree.Of(_situations.Of(landed.Step.Worktree)) is var contract and (NextStep.MeetCriteria or NextStep.LandWorktree)
                ? contract
                : new NextStep.RemoveWorktree(landed.Step.Worktree.Name, CompleteTask: task is { IsOpen: true }));
    }

    /// <summary>After a page of events.</summary>
    /// <param name="page">The page.</param>
    /// <param name="since">After which number it was asked for; null for the last ones.</param>
    /// <param name="you">Who reads it.</param>
    /// <returns>What comes next.</returns>
    public Onward After(EventPage page, long? since, string you) => page is { More: true, LastSeq: { } last } && since is not null ? new Onward(new NextStep.ReadEvents(last)) : OnBoard(you);

    // What is left to do in a worktree is for whoever holds its task.
    private Onward In(Func<WorktreeSituation> look, string you) => Told(() =>
    {
        var situation = look();
        var task = situation.TaskId is { } id ? _board.Find(id) : null;
        return task is not null && IsOthers(task, you) ? OnBoard(you).Step
            : NextInWorktree.Of(situation) ?? OnBoard(you, besides: task is { IsOpen: true } ? task.Id : null).Step;
    });

    // What was done stays done, whatever cannot be read for the advice that follows it.
    private static Onward Told(Func<NextStep?> find)
    {
        try
        {
            return new Onward(find());
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return new Onward(new NextStep.ShowBoard());
        }
    }

    // What landed and was removed before it met its contract comes back for that.
    private NextStep Finish(BoardTask task, Worktree removed) => ContractTerms.OpenCriteria(task) is { Count: > 0 } open ? new NextStep.MeetCriteria(task.Id, open)
        : ContractTerms.IsUnproven(task, _board.WorkOf(task)) ? new NextStep.RestoreWorktree(removed.Name, null, removed.Id)
        : new NextStep.FinishTask(task.Id);

    private bool IsOthers(BoardTask task, string you) => task.IsOpen && task.Owner != you && _board.LeaseLeft(task) > 0;

    private BoardSituation SituationOf(IReadOnlyList<TaskView> all, string you, int? besides)
    {
        var open = all.Where(view => view.Task.IsOpen).ToList();
        var own = open.Where(view => view.Task.Id != besides && view.Task.Owner == you && view.Task.Status == TaskState.InProgress && view.Task.Attention == TaskAttention.None && _board.LeaseLeft(view.Task) > 0)
            .Select(view => view.Task).ToList();
        var best = _board.Takeable(all, you).FirstOrDefault(view => view.Task.Id != besides)?.Task;
        return new BoardSituation
        {
            Own = own.Find(task => task.WorktreeState != "kept") is { } at ? WithWork(at) : null,
            Best = best is null ? null : WithWork(best),
            PutAside = own.Find(task => task.WorktreeState == "kept") is { } aside ? WithWork(aside) : null,
            HasTasks = all.Any(view => view.Task.Status != TaskState.Deleted),
            HasOpenTasks = open.Count > 0,
        };
    }

    // Its worktree, or the one that was removed last.
    private TaskAndWork WithWork(BoardTask task) => new(
        task,
        task.LiveWorktree is null ? _entries.AsTheyAre().Where(entry => entry.TaskId == task.Id && entry.Status == WorktreeState.Removed).MaxBy(entry => entry.Id)?.Id : null);
}
