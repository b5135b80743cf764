using System.Globalization;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Board;

/// <summary>
/// Who holds which task. Invariants:
/// - a task with a live claim is changed only by its owner; every call that changes a task or its worktree asks here,
///   with the lock in hand. What is only said about it, a note, is taken from everybody and leaves the claim alone;
/// - whatever its owner changes renews the lease;
/// - a claim that has ended still names its owner, until another takes the task over.
/// </summary>
internal sealed class Claims(StateStore store, Func<int, BoardTask?> find, Func<string, bool> endsWithThisProcess, int minutes)
{
    // A renewal is worth a write when a tenth of the lease is gone.
    private const double WorthWriting = 0.1;

    /// <summary>What an agent does instead of what another holds.</summary>
    internal Func<string, NextStep?> Instead { private get; init; } = _ => null;

    /// <summary>Seconds for which somebody still holds the task; 0 when nobody does.</summary>
    internal double Left(BoardTask task)
    {
        if (!task.HasClaim)
        {
            return 0;
        }

        var claim = task.Claim ?? new Claim(RepositorySettings.MostLeaseMinutes, RepositorySettings.MostLeaseMinutes * 60, 0, string.Empty, null);
        return claim.Session is { } session && store.Presence.IsGone(session) ? 0 : Math.Max(0, claim.Left(task.LeaseUntil!.Value, store.Moment));
    }

    /// <summary>Whether somebody holds the task now.</summary>
    internal bool IsHeld(BoardTask task) => Left(task) > 0;

    /// <summary>Refuses as task_claimed if another than the caller holds the task.</summary>
    /// <param name="task">The task, or null for a worktree without one.</param>
    /// <param name="by">Who is about to change it or its worktree.</param>
    internal void EnsureMay(BoardTask? task, string by)
    {
        EnsureKnown(task);
        if (task is not null && task.Owner != by && Left(task) is > 0 and var left)
        {
            throw new Refusal(
                RefusalCode.TaskClaimed,
                string.Create(CultureInfo.InvariantCulture, $"Task {task.Id} \"{task.Subject}\" is claimed by {task.Owner} for another {Words(left)} (claim {task.Epoch}); you are {by}."),
                $"Take another one with {Step.ClaimTask}, or wait until that lease has ended. A note alone, {Step.ChangeTask} with nothing but note, is welcome from everybody. A person can free it with: worktree-mcp release {task.Id}.",
                Instead(by) ?? new NextStep.ShowTask(task.Id));
        }
    }

    /// <summary>Refuses if a newer version wrote the task: then it is only read.</summary>
    /// <param name="task">The task, or null.</param>
    internal void EnsureKnown(BoardTask? task)
    {
        if (task?.NewerVersion is { } version)
        {
            throw FormatVersion.RefusalOf(store.Layout.Task(task.Id), version);
        }
    }

    /// <summary>The task in the caller's hands; a repetition renews.</summary>
    /// <param name="change">The change; its author becomes the owner.</param>
    /// <param name="task">The task; nobody else holds it.</param>
    /// <param name="leaseMinutes">How long; null for what is configured, or what the claim already has.</param>
    internal BoardTask Take(StateChange change, BoardTask task, int? leaseMinutes = null)
    {
        var renewed = task.Owner == change.By && IsHeld(task);
        var now = change.Moment;
        var session = endsWithThisProcess(change.By) ? store.Presence.Session : null;
        var claim = new Claim(leaseMinutes ?? (renewed ? task.Claim?.Minutes : null) ?? minutes, 0, 0, string.Empty, session);
        return task.HeldBy(change.By, claim.From(now), now) with { Epoch = renewed ? task.Epoch : task.Epoch + 1 };
    }

    /// <summary>Stages the event of a claim, if it is a new one.</summary>
    internal static void EmitClaimed(StateChange change, BoardTask old, BoardTask task)
    {
        if (task.Epoch == old.Epoch)
        {
            return;
        }

        var claimed = TaskBoard.Event("task.claimed", task);
        claimed["owner"] = task.Owner;
        claimed["lease_until"] = task.LeaseUntil;
        claimed["epoch"] = task.Epoch;
        if (old.Owner is { } former && former != task.Owner)
        {
            claimed["taken_from"] = former;
        }

        change.Emit(claimed);
    }

    /// <summary>Stages the event of a release, if somebody let go of an open task.</summary>
    internal static void EmitReleased(StateChange change, BoardTask old, BoardTask task)
    {
        if (old.HasClaim && task.IsOpen && !task.HasClaim)
        {
            var released = TaskBoard.Event("task.released", task);
            released["owner"] = old.Owner;
            change.Emit(released);
        }
    }

    /// <summary>
    /// Renews the caller's claim on the task of a worktree it works in, without a new revision: nothing of the task has
    /// changed. Nothing is staged for anybody else's task, or while the lease is still fresh. The task is read here, with the
    /// lock in hand: an image from before would take back what was changed since.
    /// </summary>
    /// <param name="change">The change; it has nothing of this task staged.</param>
    /// <param name="taskId">The task, or null for a worktree without one.</param>
    /// <param name="atLeast">Seconds for which it must hold, whatever its lease.</param>
    /// <returns>Whether anything was staged.</returns>
    internal bool Renew(StateChange change, int? taskId, double atLeast = 0)
    {
        if (taskId is { } id && find(id) is { Claim: { } claim } task && task.Owner == change.By && Left(task) is > 0 and var left
            && (left < atLeast || left < claim.Span * (1 - WorthWriting)))
        {
            var now = change.Moment;
            change.PutTask(task.Id, TaskImage.Write(task.HeldBy(change.By, claim.From(now, atLeast), now)));
            return true;
        }

        return false;
    }

    /// <summary>The same for a call that found nothing else to change: its caller is at work on the task all the same.</summary>
    /// <param name="change">The change; nothing is staged in it.</param>
    /// <param name="taskId">The task, or null for a worktree without one.</param>
    internal void RenewAlone(StateChange change, int? taskId)
    {
        if (Renew(change, taskId))
        {
            change.Commit("task.renew");
        }
    }

    private static string Words(double seconds) => seconds < 90
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds)} seconds")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds / 60)} minutes");
}
