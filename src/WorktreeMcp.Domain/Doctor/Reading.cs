using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Reads tasks and log as they lie on the disk, without finishing anything first.</summary>
internal static class Reading
{
    /// <summary>The newest readable state of each task that the operation log knows.</summary>
    internal static Dictionary<int, JsonObject> NewestTasks(this WorktreePlaces parts)
    {
        var newest = new Dictionary<int, JsonObject>();
        foreach (var change in parts.Store.OnDisk.Operations().SelectMany(operation => operation.Changes.Reverse()))
        {
            if (change is { Kind: EntityKind.Task, After: { } image } && !newest.ContainsKey(change.Id) && IsTask(change.Id, image))
            {
                newest[change.Id] = image;
            }
        }

        return newest;
    }

    /// <summary>A task, or what is wrong with its file.</summary>
    internal static (BoardTask? Task, string? Problem) ReadTask(this WorktreePlaces parts, StoredTask stored)
    {
        _ = parts;
        if (stored.Problem is { } problem)
        {
            return (null, problem);
        }

        try
        {
            return (TaskImage.Read(stored.Id, stored.Bytes), null);
        }
        catch (FormatException fault)
        {
            return (null, fault.Message);
        }
    }

    private static bool IsTask(int id, JsonObject image)
    {
        try
        {
            TaskImage.Read(id, StateJson.File(image));
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
