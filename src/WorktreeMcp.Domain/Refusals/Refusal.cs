namespace WorktreeMcp.Domain.Refusals;

/// <summary>Why a call was refused; each kind has one fixed code on the wire.</summary>
public enum RefusalCode
{
    /// <summary>An argument is missing, unknown, ill-typed or out of range.</summary>
    InvalidArgument,

    /// <summary>No such task, worktree, ref or run.</summary>
    NotFound,

    /// <summary>The name, branch or directory is taken.</summary>
    AlreadyExists,

    /// <summary>Another owner holds the task.</summary>
    TaskClaimed,

    /// <summary>The task waits for others.</summary>
    TaskBlocked,

    /// <summary>The task has another revision than the caller expected.</summary>
    TaskChanged,

    /// <summary>The state machine has no such step.</summary>
    BadTransition,

    /// <summary>What the task is held to is not met.</summary>
    ContractOpen,

    /// <summary>The worktree holds work that exists nowhere else.</summary>
    WorktreeDirty,

    /// <summary>Someone is using the worktree, or an operation is in progress in it.</summary>
    WorktreeBusy,

    /// <summary>The worktree is locked in git.</summary>
    WorktreeLocked,

    /// <summary>A merge would conflict.</summary>
    MergeConflict,

    /// <summary>The verify command failed.</summary>
    VerifyFailed,

    /// <summary>The base's checkout has changes in the way.</summary>
    BaseDirty,

    /// <summary>Another process holds the lock.</summary>
    Busy,

    /// <summary>A file of ours is damaged.</summary>
    CorruptFile,

    /// <summary>There is no usable git repository.</summary>
    NotARepository,

    /// <summary>git failed; the message holds its own words.</summary>
    GitFailed,

    /// <summary>A sandbox was required and cannot be had.</summary>
    SandboxUnavailable,

    /// <summary>Commands are switched off for this repository or this server.</summary>
    RunDisabled,

    /// <summary>A fault of ours or of the machine.</summary>
    Internal,
}

/// <summary>
/// The one exception of the domain: the call is refused and nothing was changed.
/// <paramref name="message"/> says what is the case with its evidence, <paramref name="hint"/> the next legal step.
/// </summary>
/// <param name="code">The kind of refusal.</param>
/// <param name="message">What is the case, with the evidence.</param>
/// <param name="hint">What the caller can do next.</param>
/// <param name="next">The one step that most likely comes next, where there is one.</param>
/// <param name="inner">The fault behind it, for the log.</param>
public sealed class Refusal(RefusalCode code, string message, Advice hint, NextStep? next = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>The kind of refusal.</summary>
    public RefusalCode Code { get; } = code;

    /// <summary>What the caller can do next.</summary>
    public Advice Hint { get; } = hint;

    /// <summary>The one step that most likely comes next, or null.</summary>
    public NextStep? Next { get; } = next;
}
