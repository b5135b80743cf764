using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>
/// Finds files of tasks that a hand has written. Invariants:
/// - a server appends an image to the log before it puts the file in place, and nothing is appended before the files of the operation before
///   are there. So, with the lock in hand and the last operation finished, a file that is not as the log has it last was written by somebody else:
///   by an editor, a copy of an older file, a checkout;
/// - only files that are others than when they were last compared are compared;
/// - what the log does not know is nobody's edit, and what cannot be understood is left to whoever names damaged files.
/// </summary>
internal sealed class HandEdits(StateStore store)
{
    // Of more the whole log is read once.
    private const int LookedUpOneByOne = 8;

    private readonly LoggedTasks _logged = new(store.Log);

    /// <summary>What becomes of a file that differs from the image in the log; null when it cannot be understood, or says the same.</summary>
    internal Func<StoredTask, JsonObject, double, HandEdit?> Read { private get; set; } = (_, _, _) => null;

    /// <summary>Whether the log has anything of a task; what it does not know came from elsewhere.</summary>
    internal bool Knows(int id)
    {
        _logged.CatchUp();
        return _logged.Knows(id);
    }

    /// <summary>
    /// Has what may be an edit looked at under the lock, by whoever looks first; without it what another server is about to put in place may look
    /// like one. Where the lock cannot be had, or nothing can be written, the next look tries again.
    /// </summary>
    /// <returns>Whether it was.</returns>
    internal bool Notice()
    {
        try
        {
            if (Suspects().Count == 0 || store.Log.Newer() is not null)
            {
                return false;
            }

            store.TakeEdits();
            return true;
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The same after a look at some tasks, for who has read no list.</summary>
    /// <param name="ids">Their numbers.</param>
    /// <returns>Whether there was something to look at.</returns>
    internal bool Notice(IEnumerable<int> ids)
    {
        foreach (var id in ids)
        {
            store.TaskFiles.Find(id);
        }

        return Notice();
    }

    /// <summary>What hands wrote; the lock is held, and all that the log says is in place.</summary>
    /// <param name="now">The time, in unix seconds.</param>
    internal IReadOnlyList<HandEdit> Find(double now)
    {
        foreach (var task in store.TaskFiles.Unjudged)
        {
            store.TaskFiles.Find(task.Id);
        }

        var suspects = Suspects();
        var images = suspects.Count > LookedUpOneByOne
            ? store.Log.NewestImages().Where(change => change.Kind == EntityKind.Task).ToDictionary(change => change.Id, change => change.After)
            : suspects.ToDictionary(task => task.Id, task => store.Log.NewestTask(task.Id));
        List<HandEdit> edits = [];
        foreach (var task in suspects)
        {
            if (images.GetValueOrDefault(task.Id) is { } logged && Read(task, logged, now) is { } edit)
            {
                edits.Add(edit);
            }
            else
            {
                store.TaskFiles.Judged(task);
            }
        }

        return edits;
    }

    /// <summary>Puts a file of a committed operation in place. One that a hand writes once more while its edit is recorded stays: that is a next edit.</summary>
    internal void PutInPlace(Operation operation, string temporary, string target)
    {
        if (IsWrittenAgain(operation, target))
        {
            store.Disk.Delete(temporary);
        }
        else
        {
            store.Disk.Replace(temporary, target);
        }
    }

    private bool IsWrittenAgain(Operation operation, string target) => operation.Kind == Recovery.Hand
        && operation.Changes.FirstOrDefault(change => store.Layout.Task(change.Id) == target) is { } change
        && store.TaskFiles.Find(change.Id) is { } file && StateJson.Hash(file.Bytes.Span) != change.Before;

    private List<StoredTask> Suspects()
    {
        if (store.TaskFiles.Unjudged is not { Count: > 0 } unjudged)
        {
            return [];
        }

        _logged.CatchUp();
        List<StoredTask> suspects = [];
        foreach (var task in unjudged)
        {
            if (_logged.Deny(task))
            {
                suspects.Add(task);
            }
            else
            {
                store.TaskFiles.Judged(task);
            }
        }

        return suspects;
    }
}
