using System.Globalization;

namespace WorktreeMcp.Domain.Board;

/// <summary>The order of lists: open work first, then by priority and number. A cursor is a place in this order.</summary>
internal readonly record struct TaskOrder(int Standing, int Rank, int Id) : IComparable<TaskOrder>
{
    public int CompareTo(TaskOrder other) => (Standing, Rank, Id).CompareTo((other.Standing, other.Rank, other.Id));

    /// <summary>The same order as one number.</summary>
    internal long Key => ((long)Standing << 48) | ((long)(Rank + 128) << 32) | (uint)Id;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Standing}.{Rank}.{Id}");

    internal static TaskOrder Of(BoardTask task) => new(
        task.Status switch { TaskState.Completed => 1, TaskState.Deleted => 2, _ => 0 },
        -(int)task.Priority,
        task.Id);

    internal static TaskOrder Parse(string cursor)
    {
        var parts = cursor.Split('.');
        return parts.Length == 3
            && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var standing)
            && int.TryParse(parts[1], CultureInfo.InvariantCulture, out var rank)
            && int.TryParse(parts[2], CultureInfo.InvariantCulture, out var id)
            ? new TaskOrder(standing, rank, id)
            : throw TaskRules.Invalid("cursor", "is not one that a list gave", "Pass next_cursor of the page before, or leave it out.");
    }
}
