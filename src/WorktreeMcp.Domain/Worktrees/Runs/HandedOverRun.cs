using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>
/// A running command as its server gives it to a supervisor: what is known of it in words, and as inherited descriptors its
/// streams, its worktree's lease and the watch over its folder. The locks are never free on the way.
/// </summary>
/// <param name="Order">The command.</param>
/// <param name="WorktreeId">The worktree.</param>
/// <param name="LogOffset">How much of its output lies in its folder.</param>
/// <param name="Own">The private folders of a confined command, or null.</param>
/// <param name="Child">Its processes.</param>
internal sealed record HandedOverRun(RunOrder Order, int WorktreeId, long LogOffset, PrivateGit? Own, RunningChild Child)
{
    private const string Key = "handed_over";
    private const int FirstDescriptor = 3;

    /// <summary>Number of the descriptor that holds the worktree's lease in the process that takes it.</summary>
    internal const int LeaseDescriptor = FirstDescriptor + RunningChild.StreamCount;

    /// <summary>Number of the descriptor that holds the watch over the run's folder.</summary>
    internal const int WatchDescriptor = LeaseDescriptor + 1;

    internal JsonObject ToJson()
    {
        var json = Order.ToJson();
        json[Key] = new JsonObject
        {
            ["worktree_id"] = WorktreeId,
            ["log_offset"] = LogOffset,
            ["own_folder"] = Own?.Folder,
            ["own_refs"] = Own?.RefFolder,
            ["pid"] = Child.Pid,
            ["start_time"] = Child.StartTime,
            ["age_seconds"] = Child.Age.TotalSeconds,
        };
        return json;
    }

    /// <summary>What this process was given; null when it was given an order to begin.</summary>
    internal static HandedOverRun? From(JsonObject? json)
    {
        if (json?[Key] is not JsonObject handed || RunOrder.From(json) is not { } order
            || handed["pid"].Integer() is not { } pid || handed["start_time"].Integer() is not { } started || handed["worktree_id"].Integer() is not { } worktree)
        {
            return null;
        }

        var child = new RunningChild(
            (int)pid, started, TimeSpan.FromSeconds(handed["age_seconds"].Number() ?? 0),
            [.. Enumerable.Range(FirstDescriptor, RunningChild.StreamCount).Select(number => (SafeHandle)new Descriptor(number))]);
        var own = handed["own_folder"].TextOrNull() is { } folder && handed["own_refs"].TextOrNull() is { } refs ? new PrivateGit(folder, refs) : null;
        return new HandedOverRun(order, (int)worktree, handed["log_offset"].Integer() ?? 0, own, child);
    }

    /// <summary>A descriptor that this process was given.</summary>
    internal static SafeFileHandle Inherited(int number) => new(number, ownsHandle: true);
}
