using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Storage;

/// <summary>What is said when a change could not be written.</summary>
internal static class NotWritten
{
    internal static Refusal Of(Exception fault, StateLayout layout) =>
        fault is NotPlainException foreign ? foreign.ToRefusal()
        : Ownership.Denied(layout.Private, layout.Lock, layout.OperationLog, layout.Leases, layout.Sessions, layout.Agents, layout.Tasks, layout.Worktrees, layout.Index, layout.Events) is { } whose
            ? new Refusal(
                RefusalCode.Internal,
                $"The change could not be written: {fault.Message}. {whose}. Nothing was changed.",
                "A person who may (the owner, or root) gives it to this user, or to all users of a group: git config core.sharedRepository group, then chgrp -R and chmod -R g+rwX of .tasks, .worktrees and .git/worktree-mcp. What is made from then on is shared.",
                inner: fault)
            : new Refusal(
                RefusalCode.Internal,
                $"The change could not be written: {fault.Message}. Nothing was changed.",
                "Check free space and permissions of the repository's .tasks, .worktrees and git directory, then repeat the call.",
                inner: fault);
}
