using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>
/// Verifies the head of a worktree's branch for its task, for work that does not land with it. It runs in a checkout of its own, as for a
/// landing and under the same lock; what it proves is put on record whether it passed or not, and completion looks at that record alone.
/// </summary>
internal sealed class HeadVerification(WorktreePlaces parts, ISettling settling, LandingVerification verification)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly LandingContract _contract = new(parts, verification);

    /// <summary>Verifies a worktree by its name, where its task asks for that.</summary>
    internal void Verify(string name, string by, CancellationToken cancel)
    {
        var worktree = WorktreeEntries.Require(settling.SettledForChange(), name);
        var task = parts.TaskOf(worktree);
        parts.Board.Claims.EnsureMay(task, by);
        if (IsProven(worktree, task) || parts.Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) is not { } tip)
        {
            return;
        }

        using var landing = LandingLock.Acquire(parts.Layout, Patience, parts.Store.Time, $"verifying {name}", _ => { }, cancel);
        Verify(worktree, tip, landing, by, _ => { }, cancel);
    }

    /// <summary>The same with the landing lock in hand; refuses if the command fails.</summary>
    internal void Verify(Worktree worktree, string tip, LandingLock landing, string by, Action<string> progress, CancellationToken cancel)
    {
        var task = parts.TaskOf(worktree);
        if (IsProven(worktree, task) || _contract.CommandOf(task) is not { } command)
        {
            return;
        }

        Renew(worktree, by);
        var (run, failure) = verification.Run(worktree, tip, command, landing.Descriptor, progress, cancel);
        Record(worktree, verification.ProofOf(command, tip, run, by), by);
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>Sees to it that nobody takes the task over while it is verified.</summary>
    internal void Renew(Worktree worktree, string by)
    {
        using var change = parts.Store.Continue("task.verify", by);
        parts.Board.Claims.RenewAlone(change, worktree.TaskId);
    }

    // Also where something else is missing: then nothing needs to run, completion refuses anyway.
    private bool IsProven(Worktree worktree, BoardTask? task) =>
        task is not { IsOpen: true } || !ContractTerms.AreMet(task, parts.WorkToBeVerified) || ContractTerms.AreMet(task, parts.WorkIn(worktree));

    private void Record(Worktree worktree, VerifyProof proof, string by)
    {
        using var change = parts.Store.Continue("task.verify", by);
        if (parts.TaskOf(worktree) is not { } task)
        {
            return;
        }

        parts.Board.Claims.EnsureMay(task, by);
        task = TaskBoard.Put(change, task with { Contract = task.Contract with { Proof = proof } });
        var verified = TaskBoard.Event("task.verified", task);
        (verified["commit"], verified["exit_code"]) = (proof.Commit, proof.ExitCode);
        change.Emit(verified);
        change.Commit("task.verify");
    }
}
