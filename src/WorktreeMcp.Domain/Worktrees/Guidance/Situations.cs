using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Guidance;

/// <summary>Finds out what is the case in a worktree; asks git only what nobody has asked yet, and only where HEAD is not on its branch.</summary>
internal sealed class Situations(WorktreePlaces parts)
{
    /// <summary>As it was looked at in full.</summary>
    internal WorktreeSituation Of(WorktreeDetail detail) => Of(detail.View) with
    {
        InProgress = detail.InProgress,
        Conflicted = detail.Files?.Conflicted ?? [],
        HasOtherConflicts = false,
        WouldConflict = detail.Conflicts is { Count: > 0 },
        RunId = detail.Running is [var run, ..] ? run.RunId : null,
    };

    /// <summary>As a row of a list tells it.</summary>
    internal WorktreeSituation Of(WorktreeView view) => Of(view.Worktree) with
    {
        Uncommitted = view.Changes?.Count,
        HasOtherConflicts = view.Changes is { Conflicted: > 0 },
        Ahead = view.Ahead,
    };

    /// <summary>What the files say by themselves: all but what is uncommitted and what is ahead.</summary>
    internal WorktreeSituation Of(Worktree worktree)
    {
        var entry = worktree.IsLive ? parts.Identify(worktree).Entry : null;
        var head = entry is null ? null : parts.Git.Refs.ReadHead(entry.Directory);
        var task = worktree.TaskId is { } id ? parts.Board.Find(id) : null;
        return new WorktreeSituation(worktree.Name, worktree.Branch)
        {
            State = worktree.Status,
            IsThere = head is not null,
            TrashId = worktree.Id,
            Head = head is null ? HeadPlace.OnBranch : PlaceOf(worktree, head),
            Commit = head?.Commit,
            InProgress = entry?.OperationInProgress(parts.Files),
            Base = worktree.BaseRef is { } name && name != worktree.Branch && parts.Git.Refs.Resolve(BranchRef.Of(name)) is not null ? name : null,
            HasLanded = worktree.Landed is { } landed && landed.Tip == head?.Commit,
            RunId = worktree.Runs is [var run, ..] ? run.Id : null,
            TaskId = task?.Id,
            IsTaskOpen = task is { IsOpen: true },
            OpenCriteria = task is { IsOpen: true } ? ContractTerms.OpenCriteria(task) : [],
            HasFailedVerify = task is { IsOpen: true } && ContractTerms.HasFailed(task, parts.WorkToBeVerified, head?.Commit),
            IsUnproven = task is { IsOpen: true } && worktree.Landed is not null && ContractTerms.IsUnproven(task, parts.WorkIn(worktree)),
            WaitsForPerson = task is { IsOpen: true, Attention: not TaskAttention.None },
        };
    }

    /// <summary>The same, with the files whose conflicts are not resolved; for a refusal, so git may be asked.</summary>
    internal WorktreeSituation InConflict(Worktree worktree, AdminEntry entry)
    {
        try
        {
            return Of(worktree) with { Conflicted = parts.Git.Status(entry, parts.DirectoryOf(worktree)).Conflicted };
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            return Of(worktree);
        }
    }

    private HeadPlace PlaceOf(Worktree worktree, Head head)
    {
        if (head.ShortBranch == worktree.Branch)
        {
            return HeadPlace.OnBranch;
        }

        if (parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) is not { } tip)
        {
            return head.Commit is null ? HeadPlace.Away : HeadPlace.BranchGone;
        }

        // A branch that somebody had before this worktree is not work that was done here; what is on it stays on it.
        if (head.Commit is not { } commit || (head.ShortBranch is { } other && !(parts.Git.Refs.BornAt(other) >= Math.Floor(worktree.CreatedAt))))
        {
            return HeadPlace.Away;
        }

        try
        {
            return parts.Git.Distances.Of(commit, tip) switch
            {
                { Ahead: 0 } => HeadPlace.Away,
                { Behind: 0 } => HeadPlace.OnTop,
                _ => HeadPlace.Apart,
            };
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            return HeadPlace.Apart;
        }
    }
}
