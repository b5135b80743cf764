using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>A worktree to be made.</summary>
/// <param name="Name">Its name; null for one made from the task's subject.</param>
/// <param name="TaskId">The task it serves; null for none, or without a name too for the best that is free.</param>
/// <param name="BaseRef">What it starts from; null for the configured base, "HEAD" by default.</param>
/// <param name="Branch">An existing branch to attach; null for a new one.</param>
/// <param name="RequestId">The caller's id: a repetition answers with the first result.</param>
public sealed record NewWorktree(string? Name, int? TaskId = null, string? BaseRef = null, string? Branch = null, string? RequestId = null);

/// <summary>What a step of a worktree's life did.</summary>
/// <param name="Worktree">The entry afterwards.</param>
/// <param name="Directory">Its absolute directory.</param>
/// <param name="Task">Its task afterwards, or null.</param>
/// <param name="Already">Whether it was so before.</param>
/// <param name="NowReady">Tasks that became ready by it.</param>
/// <param name="Warning">Done, but the next call must finish writing it; else null.</param>
public sealed record WorktreeStep(Worktree Worktree, string Directory, BoardTask? Task, bool Already, IReadOnlyList<int> NowReady, string? Warning)
{
    /// <summary>How many ignored files came along from the main checkout.</summary>
    public int IncludedFiles { get; init; }

    /// <summary>What became of submodules and LFS files; null when there are none.</summary>
    public string? FilesNote { get; init; }

    /// <summary>The run of the repository's setup commands; null when there is none.</summary>
    public string? SetupRunId { get; init; }

    /// <summary>Why setup or teardown commands were not run, and what to do about it; else null.</summary>
    public string? NotRun { get; init; }

    /// <summary>What a call with the same request id made before, if it is no longer so; else null.</summary>
    public Worktree? FirstAnswer { get; init; }

    /// <summary>The step with one more thing worth knowing.</summary>
    internal WorktreeStep Warn(string? more) => more is null ? this : this with { Warning = Warning is null ? more : $"{Warning} {more}" };

    /// <summary>What the caller should know of the base; null when there is nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Whether a worktree that was there already came into the caller's hands with this step.</summary>
    public bool IsTaken { get; init; }

    /// <summary>Who had its task before and no longer has; null for nobody.</summary>
    public string? TakenFrom { get; init; }
}

/// <summary>What a removal left behind.</summary>
/// <param name="Step">The step itself.</param>
/// <param name="TrashDirectory">Where the files wait; null when there were none.</param>
/// <param name="BranchDeleted">Whether the branch is gone: it had nothing of its own.</param>
/// <param name="BranchKept">Why the branch stayed; null when it is gone.</param>
/// <param name="Ignored">Ignored files that went into the trash.</param>
/// <param name="Uncommitted">Files with uncommitted work that went into the trash, by force.</param>
public sealed record WorktreeRemoval(
    WorktreeStep Step, string? TrashDirectory, bool BranchDeleted, string? BranchKept, IReadOnlyList<string> Ignored, IReadOnlyList<string> Uncommitted);

/// <summary>What came back from the trash.</summary>
/// <param name="Step">The step itself.</param>
/// <param name="Head">Commit of its HEAD, or null on a branch without commits.</param>
/// <param name="Detached">Why its HEAD is not on the branch it was on; null when it is, or was on none.</param>
/// <param name="BranchMade">Whether its branch was gone and was made again.</param>
/// <param name="Unbound">Why it no longer serves its task; null when it does, or served none.</param>
/// <param name="StillInTrash">Others of that name that wait in the trash.</param>
public sealed record WorktreeRestoration(
    WorktreeStep Step, string? Head, string? Detached, bool BranchMade, string? Unbound, IReadOnlyList<int> StillInTrash);

/// <summary>A worktree as it is found.</summary>
/// <param name="Worktree">The entry.</param>
/// <param name="Directory">Its absolute directory.</param>
/// <param name="Owner">Who works on its task, or null.</param>
/// <param name="Head">Commit of its HEAD, or null.</param>
/// <param name="Changes">How much is uncommitted; null when it could not be read.</param>
/// <param name="Ahead">Commits it has and its base lacks; null when unknown.</param>
/// <param name="Behind">The reverse.</param>
/// <param name="Drift">How it differs from what the registry says.</param>
public sealed record WorktreeView(
    Worktree Worktree, string Directory, string? Owner, string? Head, ChangeCounts? Changes, int? Ahead, int? Behind, IReadOnlyList<string> Drift)
{
    /// <summary>The same with one more thing that is not as it should be.</summary>
    internal WorktreeView With(string drift) => this with { Drift = [.. Drift, drift] };

    /// <summary>How many seconds ago its changes were as told; 0 for now.</summary>
    public double StatusAge { get; init; }

    /// <summary>Whether nobody has looked at its changes yet; the next question knows more.</summary>
    public bool IsStatusPending { get; init; }

    /// <summary>git's record of it; null when there is none that can be trusted.</summary>
    internal AdminEntry? Entry { get; init; }

    /// <summary>What git is in the middle of in it, such as a merge; null when in nothing, or when nobody has looked.</summary>
    public string? InProgress { get; init; }

    /// <summary>How it waits in the trash; null while it is not there.</summary>
    public TrashItem? Trash { get; init; }
}

/// <summary>What waits in the trash.</summary>
/// <param name="Id">The removed worktree's number.</param>
/// <param name="Name">Its name; null for what a creation left that was taken back.</param>
/// <param name="RemovedAt">Unix seconds.</param>
/// <param name="EmptiedAt">When it may be deleted for good, in unix seconds.</param>
/// <param name="Bytes">The size of its files; null while nobody has counted.</param>
/// <param name="Begun">Whether its deletion was begun: it cannot be restored any more.</param>
public sealed record TrashItem(int Id, string? Name, double RemovedAt, double EmptiedAt, long? Bytes, bool Begun)
{
    /// <summary>Why it could not be deleted when that was tried last; null when it was not.</summary>
    public string? Problem { get; init; }
}

/// <summary>One page of worktrees.</summary>
/// <param name="Worktrees">Oldest first.</param>
/// <param name="Total">How many match in all.</param>
/// <param name="NextCursor">Where the next page begins, or null.</param>
public sealed record WorktreePage(IReadOnlyList<WorktreeView> Worktrees, int Total, string? NextCursor);

/// <summary>All about one worktree.</summary>
/// <param name="View">As it is found.</param>
/// <param name="Commits">Commits not in its base, newest first.</param>
/// <param name="InProgress">What git is in the middle of, or null.</param>
/// <param name="Locked">Why it is locked in git, or null.</param>
/// <param name="Conflicts">Committed files that would conflict with the base; null when it cannot be told.</param>
/// <param name="Running">Commands that run in it now.</param>
public sealed record WorktreeDetail(
    WorktreeView View, IReadOnlyList<CommitLine> Commits, string? InProgress, string? Locked, IReadOnlyList<string>? Conflicts, IReadOnlyList<RunningCommand> Running)
{
    /// <summary>The files with uncommitted work; null when they could not be read.</summary>
    public WorktreeChanges? Files { get; init; }

    /// <summary>Repositories within it whose content would not come with its branch.</summary>
    public IReadOnlyList<string> LoneLinks { get; init; } = [];

    /// <summary>What to do now that the worktree below has landed; null when there is nothing.</summary>
    public Advice? BaseNote { get; init; }
}

/// <summary>A command that runs now.</summary>
/// <param name="RunId">The run's id.</param>
/// <param name="Command">Its text.</param>
/// <param name="StartedAt">Unix seconds.</param>
/// <param name="By">Who runs it.</param>
/// <param name="Kind">What it is for: "command" when somebody asked for it, else such as "setup".</param>
public sealed record RunningCommand(string RunId, string Command, double StartedAt, string By, string Kind);

/// <summary>A command's end, and where it ran.</summary>
/// <param name="Worktree">The entry.</param>
/// <param name="Directory">Its absolute directory.</param>
/// <param name="Run">How the command ended and what it wrote.</param>
/// <param name="Warning">Done, but the next call must finish writing it; else null.</param>
public sealed record WorktreeRun(Worktree Worktree, string Directory, RunResult Run, string? Warning)
{
    /// <summary>What of the settings did not count for it, and what to do about that; else null.</summary>
    public string? Note { get; init; }

    /// <summary>How the worktree stands since; null where nobody looked, or it took too long.</summary>
    public WorktreeDetail? Left { get; init; }

    /// <summary>Whether a stash was made while it ran, which all worktrees share.</summary>
    public bool MadeStash { get; init; }

    /// <summary>Whether it was confined.</summary>
    public SandboxUse Sandbox { get; init; } = SandboxUse.None;
}
