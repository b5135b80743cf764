using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Board;

/// <summary>What persons and landings add to contracts: waivers and proofs.</summary>
public sealed class TaskContracts
{
    private readonly TaskBoard _board;
    private readonly StateStore _store;

    internal TaskContracts(TaskBoard board, StateStore store) => (_board, _store) = (board, store);

    /// <summary>What of a task's contract is missing, in words; null where it could be completed as it is.</summary>
    /// <param name="id">The task's number.</param>
    /// <returns>A sentence for a person.</returns>
    public string? Missing(int id)
    {
        try
        {
            var task = _board.Get(id).Task;
            ContractTerms.EnsureMet(task, _board.WorkOf(task));
            return null;
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.ContractOpen)
        {
            return refusal.Message;
        }
    }

    /// <summary>A person lets a task be completed although its contract is not met.</summary>
    /// <param name="id">The task's number.</param>
    /// <param name="reason">Why.</param>
    /// <param name="person">Who.</param>
    /// <returns>The task with the waiver.</returns>
    public TaskChange Waive(int id, string reason, string person)
    {
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > ContractRules.ReasonLength)
        {
            throw TaskRules.Invalid("reason", "is empty or too long", $"Say in 1 to {ContractRules.ReasonLength} characters why it need not be met.");
        }

        using var change = _store.Begin("task.waive", person);
        var old = _board.Require(id);
        if (!old.IsOpen || ContractTerms.AreMet(old, _board.WorkOf(old)))
        {
            throw new Refusal(
                RefusalCode.BadTransition,
                old.IsOpen ? $"Nothing stands against completing task {id} \"{old.Subject}\": there is nothing to waive." : $"Task {id} \"{old.Subject}\" is {old.Status.Word()}: there is nothing to waive.",
                "Leave it as it is.",
                new NextStep.ShowTask(id));
        }

        var task = TaskBoard.Put(change, old with { Contract = old.Contract with { Waiver = new ContractWaiver(person, change.Now, reason) } });
        var waived = TaskBoard.Event("task.waived", task);
        (waived["person"], waived["reason"]) = (true, reason);
        change.Emit(waived);
        return new TaskChange(_board.View(task), ["waiver"], [], change.Commit("task.waive"));
    }

    /// <summary>Whether somebody gave a task its verify command here, and the file still says the same.</summary>
    internal bool IsGivenHere(BoardTask task) => task.Contract is not { Verify: { } command } contract
        || (!contract.IsVerifyUnread && _store.OnDisk.NewestTask(task.Id)?["verify"].Text() == command);
}
