using WorktreeMcp.Domain.Overview;

namespace WorktreeMcp.Server.Wire;

/// <summary>How every answer ends: with the call that comes next, or with done.</summary>
internal static class OnwardWords
{
    /// <summary>True when all tasks are over; else left out.</summary>
    internal static bool? Done(this Onward onward) => onward.IsDone ? true : null;

    /// <summary>The call that comes next; left out when nothing does.</summary>
    internal static string? Next(this Onward onward) => ToolWords.Of(onward.Step);
}
