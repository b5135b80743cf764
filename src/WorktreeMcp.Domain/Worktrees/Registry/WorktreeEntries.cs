using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>
/// The registry's entries, and the one place that stages a changed one. An entry that fails a check, or is in a step that nothing
/// proves to be ours, is none of them: it keeps its bytes and its number, is named, and never acts.
/// </summary>
internal sealed class WorktreeEntries(StateStore store, StepProof proof)
{
    private readonly ConcurrentDictionary<int, (StoredWorktree Stored, Worktree? Worktree, FaultyEntry? Fault)> _parsed = new();

    /// <summary>All entries as they are now, oldest first.</summary>
    internal ReadEntries All() => Parse(store.Worktrees(), isLocked: false);

    /// <summary>All entries as the file has them, without finishing what the log is ahead with.</summary>
    internal ReadEntries AsTheyAre() => Parse(store.OnDisk.Worktrees(), isLocked: false);

    /// <summary>The same, and a step is ours only if the log says exactly that: for who looks with the lock in hand, or twice.</summary>
    internal ReadEntries Exactly() => Parse(store.OnDisk.Worktrees(), isLocked: true);

    /// <summary>The same inside a change.</summary>
    internal ReadEntries All(StateChange change) => Parse(change.Worktrees(), isLocked: true);

    /// <summary>Whether an entry is as a change of ours wrote it last.</summary>
    internal bool IsAsWeWroteIt(int id) =>
        AsTheyAre().FirstOrDefault(worktree => worktree.Id == id) is { } worktree
        && store.OnDisk.Worktrees().FirstOrDefault(entry => entry.Id == id) is { } stored && proof.IsOurs(stored, worktree, exactly: true);

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

        RefuseFaulty(all, name);

        var others = all.Where(w => w.IsLive).Select(w => $"\"{w.Name}\"").Take(10).ToList();
        var there = others.Count == 0 ? "There are no worktrees." : $"There are {string.Join(", ", others)}.";
        throw new Refusal(
            RefusalCode.NotFound,
            found is null ? $"There is no worktree \"{name}\". {there}" : $"Worktree \"{name}\" was removed. {there}",
            found is null ? (Advice)$"Take a name from {Step.ListWorktrees}, or make one with {Step.CreateWorktree}." : $"Make a new one with {Step.CreateWorktree}, or bring the removed one back with {Step.RestoreWorktree}.",
            found is null ? new NextStep.ListWorktrees() : new NextStep.CreateWorktree(name));
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

    /// <summary>The names of entries that are set aside: taken, too.</summary>
    internal static IEnumerable<string> FaultyNames(IReadOnlyList<Worktree> all) => (all as ReadEntries)?.Faulty.Select(faulty => faulty.Name).OfType<string>() ?? [];

    /// <summary>Refuses to work with an entry that is set aside.</summary>
    internal static void RefuseFaulty(IReadOnlyList<Worktree> all, string name)
    {
        if ((all as ReadEntries)?.Faulty.FirstOrDefault(faulty => faulty.Name == name) is { } fault)
        {
            throw new Refusal(
                RefusalCode.CorruptFile,
                $"Worktree \"{name}\" cannot be worked with: {fault.Words}. Nothing acts on it, and everything else works.",
                fault.IsNewer ? "Work with the newer worktree-mcp that wrote it." : "A person should run worktree-mcp doctor here: with --fix it puts right what the operation log knows.",
                new NextStep.ListWorktrees());
        }
    }

    private ReadEntries Parse(IReadOnlyList<StoredWorktree> stored, bool isLocked)
    {
        var sound = new List<Worktree>(stored.Count);
        List<FaultyEntry>? faulty = null;
        foreach (var entry in stored)
        {
            var (worktree, fault) = Parse(entry);
            if (worktree is not null && StepProof.IsInAStep(worktree) && !proof.IsOurs(entry, worktree, exactly: isLocked))
            {
                fault = new FaultyEntry(entry, worktree.Name, $"it is {(worktree.Landing is null ? worktree.Status.Word() : "landing")}, and nothing says that this repository has begun that", IsNewer: false);
            }

            if (fault is not null)
            {
                (faulty ??= []).Add(fault);
            }
            else
            {
                sound.Add(worktree!);
            }
        }

        return new ReadEntries(sound, faulty ?? []);
    }

    private (Worktree? Worktree, FaultyEntry? Fault) Parse(StoredWorktree stored)
    {
        if (_parsed.TryGetValue(stored.Id, out var known) && ReferenceEquals(known.Stored, stored))
        {
            return (known.Worktree, known.Fault);
        }

        Worktree? worktree = null;
        FaultyEntry? fault = null;
        try
        {
            worktree = WorktreeImage.Read(stored.Id, stored.Bytes.Span, store.Layout);
        }
        catch (FaultyValue found)
        {
            var name = StateJson.Read(stored.Bytes.Span)?["name"].TextOrNull();
            fault = new FaultyEntry(stored, name is not null && PlainValues.IsWorktreeName(name) ? name : null, found.Message, found.IsNewer);
        }

        _parsed[stored.Id] = (stored, worktree, fault);
        return (worktree, fault);
    }
}
