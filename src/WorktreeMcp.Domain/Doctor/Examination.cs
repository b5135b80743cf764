using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Settling;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>
/// Looks at everything that servers, kills and persons may have left. Invariants:
/// - it changes nothing, also not what any other read would finish first;
/// - it reads git's records itself, since one broken record makes git's own listing fail;
/// - one thing that cannot be looked at is a finding and hides no other.
/// </summary>
internal sealed class Examination(WorktreeRegistry registry)
{
    /// <summary>What was found, the worst first. What looks wrong is looked at again with the lock in hand: a server may have been at work.</summary>
    internal IReadOnlyList<Finding> Findings()
    {
        var first = Look();
        var store = registry.Parts.Store;
        if (first.Count == 0 || registry.Parts.Files.KindOf(store.Layout.Lock) != FileKind.Regular)
        {
            return [.. first.Select(found => found.Finding)];
        }

        var guard = new RepositoryLock(store.Layout, store.Time);
        try
        {
            using var held = guard.Acquire("doctor");
            return [.. Look().Select(found => found.Finding)];
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return [.. first.Select(found => found.Finding)];
        }
    }

    /// <summary>The same with the repairs, in the order in which they build on each other.</summary>
    internal IReadOnlyList<RepairableFinding> Look()
    {
        var parts = registry.Parts;
        var all = new List<RepairableFinding>();
        Add("places", () => new PlaceCheck(parts).Look());
        Add("logs", () => new LogCheck(parts).Look());
        if (!all.Any(found => found.Finding.Code is "control_folder_link"))
        {
            Add("leftovers", () => new LeftoverCheck(parts).Look());
            Add("tasks", () => new TaskFileCheck(parts).Look());
            if (parts.Store.OnDisk.IsRegistryReadable)
            {
                var entries = registry.Entries.Exactly();
                var lost = new Lazy<IReadOnlyList<Worktree>>(() => new LostWorktrees(parts).Lost());
                var aside = new RegistryEntryCheck(parts, entries);
                IReadOnlyList<Worktree> known = [.. entries, .. aside.Known];
                Add("registry", () => aside.Look());
                Add("records", () => new RecordCheck(parts, known).Look());
                Add("worktrees", () => new WorktreeCheck(parts, entries).Look());
                Add("bindings", () => new BindingCheck(parts, [.. known, .. lost.Value]).Look());
                Add("unknown", () => new UnknownCheck(parts, known, lost.Value).Look());
            }
        }

        Add("configuration", new ConfigurationCheck(parts).Look);
        return [.. all.OrderBy(found => found.Finding.Severity)];

        void Add(string what, Func<IEnumerable<RepairableFinding>> look)
        {
            try
            {
                all.AddRange(look());
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
            {
                all.Add(RepairableFinding.ForPerson("cannot_look", FindingSeverity.Error, what, $"The {what} could not be looked at: {fault.Message}", "Remove the cause, then run the doctor again."));
            }
        }
    }
}
