using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Board;

/// <summary>Puts goals on the board.</summary>
internal sealed class TaskRecording(TaskBoard board, StateStore store)
{
    /// <summary>What is wanted, each member within its bounds: all that a goal has by itself. It has no number yet, and waits for nothing.</summary>
    internal static BoardTask Checked(NewTask goal) => new()
    {
        Id = 0,
        Subject = TaskRules.Subject(goal.Subject),
        Description = TaskRules.Description(goal.Description ?? string.Empty),
        Priority = goal.Priority,
        Labels = TaskRules.Labels(goal.Labels ?? []),
        Contract = ContractRules.Of(goal),
    };

    /// <summary>Records one goal.</summary>
    internal TaskChange Create(BoardTask goal, NewTask request, string by)
    {
        using var change = store.Begin("task.create", by);
        if (change.AnswerOf(request.RequestId, "task.create") is [var first, ..])
        {
            return new TaskChange(board.View(TaskImage.Read((int)first["id"]!, StateJson.Line(first))), [], [], null);
        }

        var id = change.NewTaskId();
        var task = TaskBoard.Put(change, goal with { Id = id, BlockedBy = board.Blockers(id, [], request.BlockedBy ?? [], "blocked_by"), CreatedAt = change.Now });
        change.Emit(TaskBoard.Event("task.created", task));
        return new TaskChange(board.View(task), [], [], change.Commit("task.create", request.RequestId));
    }
}
