using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>The registry's entries, and the one place that stages a changed one.</summary>
internal sealed class WorktreeEntries(StateStore store)
{
    private readonly ConcurrentDictionary<int, (StoredWorktree Stored, Worktree? Worktree)> _parsed = new();

    /// <summary>All entries as they are now, oldest first.</summary>
    internal IReadOnlyList<Worktree> All() => Parse(store.Worktrees());

    /// <summary>All entries as the file has them, without finishing what the log is ahead with.</summary>
    internal IReadOnlyList<Worktree> AsTheyAre() => Parse(store.IndexFile.Entries());

    /// <summary>The same inside a change.</summary>
    internal IReadOnlyList<Worktree> All(StateChange change) => Parse(change.Worktrees());

    /// <summary>How many are being made at this moment, by whichever server.</summary>
    internal int InTheMaking => AsTheyAre().Count(worktree => worktree.Status == WorktreeState.Creating);

    /// <summary>The living worktree of that name, else the one that was removed last, else null.</summary>
    internal static Worktree? Find(IEnumerable<Worktree> all, string name) =>
        all.Where(w => w.Name == name).OrderByDescending(w => w.IsLive).ThenByDescending(w => w.Id).FirstOrDefault();

    /// <summary>The living worktree of that name, or a refusal that names what there is.</summary>
    internal static Worktree Require(IReadOnlyList<Worktree> all, string name, string argument = "name")
    {
        WorktreeName.Require(name, argument);
        var found = Find(all, name);
        if (found is { IsLive: true })
        {
            return found;
        }

        var others = all.Where(w => w.IsLive).Select(w => $"\"{w.Name}\"").Take(10).ToList();
        var there = others.Count == 0 ? "There are no worktrees." : $"There are {string.Join(", ", others)}.";
        throw new Refusal(
            RefusalCode.NotFound,
            found is null ? $"There is no worktree \"{name}\". {there}" : $"Worktree \"{name}\" was removed. {there}",
            found is null ? "Take a name from worktree_list, or make one with worktree_create." : "Make a new one with worktree_create, or bring the removed one back with worktree_restore.",
            found is null ? "worktree_list()" : $"worktree_create(name: \"{name}\")");
    }

    /// <summary>Stages a changed entry.</summary>
    internal static Worktree Put(StateChange change, Worktree worktree)
    {
        var next = worktree with { UpdatedAt = change.Now };
        change.PutWorktree(next.Id, WorktreeImage.Write(next));
        return next;
    }

    /// <summary>An event of a worktree's life.</summary>
    internal static JsonObject Event(string name, Worktree worktree, BoardTask? task, string? error = null)
    {
        var lifecycleEvent = new JsonObject
        {
            ["event"] = name,
            ["task"] = task is not null ? new JsonObject { ["id"] = task.Id, ["status"] = task.Status.Word() }
                : worktree.TaskId is { } id ? new JsonObject { ["id"] = id }
                : [],
            ["worktree"] = new JsonObject { ["name"] = worktree.Name, ["status"] = worktree.Status.Word() },
        };
        if (error is not null)
        {
            lifecycleEvent["error"] = error;
        }

        return lifecycleEvent;
    }

    /// <summary>An event of a command in a worktree.</summary>
    internal static JsonObject RunEvent(string name, Worktree worktree, BoardTask? task, BegunRun run, string? error = null)
    {
        var lifecycleEvent = Event(name, worktree, task, error);
        lifecycleEvent["command"] = run.Command;
        lifecycleEvent["run_id"] = run.Id;
        if (run.Kind != BegunRun.Asked)
        {
            lifecycleEvent["kind"] = run.Kind;
        }

        return lifecycleEvent;
    }

    private List<Worktree> Parse(IReadOnlyList<StoredWorktree> stored) => [.. stored.Select(Parse).OfType<Worktree>()];

    private Worktree? Parse(StoredWorktree stored)
    {
        if (_parsed.TryGetValue(stored.Id, out var known) && ReferenceEquals(known.Stored, stored))
        {
            return known.Worktree;
        }

        var worktree = WorktreeImage.Read(stored.Id, stored.Bytes.Span, store.Layout.Root);
        _parsed[stored.Id] = (stored, worktree);
        return worktree;
    }
}
