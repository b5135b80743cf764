using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>
/// Entries of the registry that are set aside, and those that it lost. The operation log is right: what it knows comes back, and
/// what it does not know leaves the registry. No byte is lost, and neither a folder nor a branch is touched.
/// </summary>
internal sealed class RegistryEntryCheck(WorktreePlaces parts, ReadEntries entries)
{
    private readonly Dictionary<int, EntityChange> _logged = Logged(parts.Store.OnDisk);

    /// <summary>What the log knows of entries that are set aside or lost: their folders, branches and tasks are not nobody's.</summary>
    internal IReadOnlyList<Worktree> Known => [.. entries.Faulty.Select(faulty => faulty.Stored.Id).Concat(LostIds()).Distinct().Select(Read).OfType<Worktree>()];

    internal IEnumerable<RepairableFinding> Look() => [.. entries.Faulty.Select(Of), .. Lost()];

    // A log that cannot be read is named by the look at the logs; the registry is looked at without it.
    private static Dictionary<int, EntityChange> Logged(StateOnDisk state)
    {
        try
        {
            return state.NewestOwnWorktrees().ToDictionary(change => change.Id);
        }
        catch (Refusal)
        {
            return [];
        }
    }

    private RepairableFinding Of(FaultyEntry faulty)
    {
        var what = $"In {parts.Layout.Index} {faulty.Words}. Nothing acts on it.";
        if (faulty.IsNewer)
        {
            return RepairableFinding.ForPerson("registry_entry_newer", FindingSeverity.Error, Subject(faulty.Stored.Id), what, "Work with the newer worktree-mcp that wrote it; here it stays as it is.");
        }

        return RepairableFinding.Ours(
            "registry_entry_unreadable",
            FindingSeverity.Error,
            Subject(faulty.Stored.Id),
            what,
            Newest(faulty.Stored.Id) is null ? "It leaves the registry; its bytes are kept in quarantine." : "What the operation log has of it comes back; its bytes are kept in quarantine.",
            change => PutRight(change, faulty.Stored));
    }

    // An entry leaves the registry by a change of ours, never by the file.
    private IEnumerable<int> LostIds()
    {
        if (parts.Store.OnDisk.RegistryKind != FileKind.Regular || parts.Store.OnDisk.NewerRegistry is not null)
        {
            return [];
        }

        var there = parts.Store.OnDisk.Worktrees().Select(entry => entry.Id).ToHashSet();
        return _logged.Keys.Where(id => !there.Contains(id) && Newest(id) is not null).Order();
    }

    private IEnumerable<RepairableFinding> Lost() => LostIds().Select(id => RepairableFinding.Ours(
            "registry_entry_missing",
            FindingSeverity.Warning,
            Subject(id),
            $"{parts.Layout.Index} has no entry {id} (\"{Newest(id)!["name"].Text()}\"), which the operation log knows.",
            "It is put back from the operation log.",
            change => PutBack(change, id)));

    private void PutRight(StateChange change, StoredWorktree stored)
    {
        var aside = Quarantine.Keep(parts.Layout, parts.Disk, $"entry_{stored.Id}.json", stored.Bytes.Span);
        change.PutWorktree(stored.Id, Newest(stored.Id)?.DeepClone().AsObject());
        change.Emit(Repaired(Path.GetFileName(aside)));
        change.Commit("doctor.registry");
    }

    private void PutBack(StateChange change, int id)
    {
        change.PutWorktree(id, Newest(id)!.DeepClone().AsObject());
        change.Emit(Repaired(null));
        change.Commit("doctor.registry");
    }

    private JsonObject Repaired(string? aside)
    {
        var repaired = new JsonObject { ["event"] = "board.repaired", ["file"] = Path.GetRelativePath(parts.Layout.Root, parts.Layout.Index) };
        if (aside is not null)
        {
            repaired["set_aside"] = aside;
        }

        return repaired;
    }

    // What would fail the same checks does not come back, nor what the registry has under another number: a stranger's entry may
    // have taken the number of ours.
    private JsonObject? Newest(int id) => Read(id) is null ? null : _logged[id].After;

    private Worktree? Read(int id)
    {
        if (!_logged.TryGetValue(id, out var change) || change.After is not { } image)
        {
            return null;
        }

        try
        {
            var worktree = WorktreeImage.Read(id, StateJson.Line(image), parts.Layout);
            return worktree.IsLive && entries.Any(other => other.IsLive && other.Id != id && other.Name == worktree.Name) ? null : worktree;
        }
        catch (FaultyValue)
        {
            return null;
        }
    }

    private static string Subject(int id) => $"worktree number {id}";
}
