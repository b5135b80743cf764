using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Board;

/// <summary>Something said about a task while it was worked on.</summary>
/// <param name="At">Unix seconds.</param>
/// <param name="By">Who said it.</param>
/// <param name="Text">What was said.</param>
public sealed record TaskNote(double At, string By, string Text)
{
    /// <summary>Whether a person said it.</summary>
    public bool IsPersons { get; init; }

    /// <summary>The question that it answers, or null.</summary>
    public string? Answers { get; init; }
}

/// <summary>One goal on the board: what is to be done. Transitions return a new task or refuse; they do no I/O.</summary>
public sealed record BoardTask
{
    /// <summary>Its number, for ever.</summary>
    public required int Id { get; init; }

    /// <summary>The goal in one line.</summary>
    public required string Subject { get; init; }

    /// <summary>The goal in full.</summary>
    public string Description { get; init; } = string.Empty;

    /// <summary>Where it stands.</summary>
    public TaskState Status { get; init; }

    /// <summary>Who works on it, or null.</summary>
    public string? Owner { get; init; }

    /// <summary>The name of its worktree, or null.</summary>
    public string? Worktree { get; init; }

    /// <summary>How its worktree stands (active, kept, removed), or null.</summary>
    public string? WorktreeState { get; init; }

    /// <summary>The tasks it waits for.</summary>
    public IReadOnlyList<int> BlockedBy { get; init; } = [];

    /// <summary>What comes first.</summary>
    public TaskPriority Priority { get; init; } = TaskPriority.Normal;

    /// <summary>Free words to find it by.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Whether a person should look.</summary>
    public TaskAttention Attention { get; init; }

    /// <summary>What a person is asked about it and has not answered, or null.</summary>
    public TaskQuestion? Question { get; init; }

    /// <summary>What it is held to.</summary>
    public TaskContract Contract { get; init; } = TaskContract.None;

    /// <summary>Until when its claim holds, in unix seconds, or null.</summary>
    public double? LeaseUntil { get; init; }

    /// <summary>How its lease is measured; null when it has none, or when somebody wrote one by hand.</summary>
    public Claim? Claim { get; init; }

    /// <summary>How many claims there were.</summary>
    public int Epoch { get; init; }

    /// <summary>What was said about it, oldest first.</summary>
    public IReadOnlyList<TaskNote> Notes { get; init; } = [];

    /// <summary>Grows with every change.</summary>
    public long Revision { get; init; }

    /// <summary>Unix seconds.</summary>
    public double CreatedAt { get; init; }

    /// <summary>Unix seconds.</summary>
    public double UpdatedAt { get; init; }

    /// <summary>In which version its file is written, if that is newer than this program knows: then it is only read. Else null.</summary>
    internal string? NewerVersion { get; init; }

    /// <summary>The file as it was read; empty for a new task.</summary>
    internal ReadOnlyMemory<byte> Source { get; init; }

    /// <summary>Whether work on it is still to be done or going on.</summary>
    public bool IsOpen => Status is TaskState.Pending or TaskState.InProgress;

    /// <summary>Whether an owner and a lease stand in it; the lease may have ended.</summary>
    public bool HasClaim => IsOpen && Owner is not null && LeaseUntil is not null;

    /// <summary>The name of its worktree if that is still there to work in.</summary>
    public string? LiveWorktree => WorktreeState is "active" or "kept" or "creating" ? Worktree : null;

    /// <summary>Moves the task to another state.</summary>
    /// <param name="next">The state wanted; the present one changes nothing. Not completed: whether it may be is asked of its work.</param>
    internal BoardTask MoveTo(TaskState next) => MoveTo(next, next == TaskState.Completed && Status != next ? throw new ArgumentException("A task is completed with its work.", nameof(next)) : FinishedWork.Unknown);

    /// <summary>Completes the task, if its contract is met by its work.</summary>
    internal BoardTask CompleteWith(FinishedWork work) => MoveTo(TaskState.Completed, work);

    /// <summary>The same for who has done the work already: what is not met leaves the task open.</summary>
    internal BoardTask CompleteIfMet(FinishedWork work) => ContractTerms.AreMet(this, work) ? CompleteWith(work) : this;

    private BoardTask MoveTo(TaskState next, FinishedWork work)
    {
        if (next == Status)
        {
            return this;
        }

        if (!Successors(Status).Contains(next))
        {
            throw new Refusal(
                RefusalCode.BadTransition,
                $"Task {Id} is {Status.Word()} and cannot become {next.Word()}; from {Status.Word()} it can become {string.Join(" or ", Successors(Status).Select(s => s.Word()))}.",
                Status is TaskState.Completed or TaskState.Deleted
                    ? (Advice)$"Reopen it first: {new NextStep.ReopenTask(Id):with}."
                    : "Choose one of these states.",
                Status is TaskState.Completed or TaskState.Deleted ? new NextStep.ReopenTask(Id) : new NextStep.ShowTask(Id));
        }

        if (next == TaskState.Deleted && WorktreeState is "active" or "creating")
        {
            throw new Refusal(
                RefusalCode.BadTransition,
                $"Task {Id} cannot be deleted while its worktree \"{Worktree}\" is {WorktreeState}.",
                $"Call {Step.KeepWorktree} or {new NextStep.RemoveWorktree(Worktree!):with} first.",
                new NextStep.KeepWorktree(Worktree!));
        }

        if (next == TaskState.Completed)
        {
            ContractTerms.EnsureMet(this, work);
        }

        // Back on the board means that nobody works on it.
        return next == TaskState.Pending
            ? GivenTo(null) with { Status = next, Contract = IsOpen ? Contract : Contract with { Waiver = null } }
            : this with { Status = next, LeaseUntil = next == TaskState.InProgress ? LeaseUntil : null, Claim = next == TaskState.InProgress ? Claim : null };
    }

    /// <summary>The task with another owner, who has not claimed it yet; the same owner keeps the claim.</summary>
    /// <param name="owner">The owner; null for nobody.</param>
    /// <returns>The task.</returns>
    public BoardTask GivenTo(string? owner) => owner is not null && owner == Owner ? this : this with { Owner = owner, LeaseUntil = null, Claim = null };

    /// <summary>The task with an owner whose lease begins now.</summary>
    internal BoardTask HeldBy(string owner, Claim claim, Platform.TwoClocks now) =>
        this with { Owner = owner, Claim = claim, LeaseUntil = Math.Round(now.Wall + claim.Span, 3) };

    /// <summary>Binds the task to a worktree and advances it: from now on somebody works on it.</summary>
    /// <param name="worktree">The worktree's name.</param>
    /// <param name="state">How the worktree stands.</param>
    /// <param name="owner">Who works on it; null keeps the owner it has.</param>
    /// <returns>The bound task.</returns>
    public BoardTask BindTo(string worktree, string state, string? owner)
    {
        EnsureCanBind(worktree);
        return MoveTo(TaskState.InProgress).GivenTo(owner ?? Owner) with { Worktree = worktree, WorktreeState = state };
    }

    /// <summary>Refuses if the task is over, or has another worktree to work in.</summary>
    /// <param name="worktree">The worktree it is to be bound to.</param>
    public void EnsureCanBind(string worktree)
    {
        if (!IsOpen)
        {
            throw new Refusal(
                RefusalCode.BadTransition,
                $"Task {Id} is {Status.Word()}; only a pending or in_progress task has a worktree to work in.",
                $"Reopen it first: {new NextStep.ReopenTask(Id):with}.",
                new NextStep.ReopenTask(Id));
        }

        if (LiveWorktree is { } other && other != worktree)
        {
            throw new Refusal(
                RefusalCode.AlreadyExists,
                $"Task {Id} already has the worktree \"{other}\" ({WorktreeState}).",
                $"Work there, or call {new NextStep.RemoveWorktree(other):with} first.",
                new NextStep.ShowWorktree(other));
        }
    }

    private static TaskState[] Successors(TaskState state) => state switch
    {
        TaskState.Pending => [TaskState.InProgress, TaskState.Completed, TaskState.Deleted],
        TaskState.InProgress => [TaskState.Pending, TaskState.Completed, TaskState.Deleted],
        TaskState.Completed => [TaskState.Pending, TaskState.Deleted],
        _ => [TaskState.Pending],
    };
}
