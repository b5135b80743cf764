using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;

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
    internal IReadOnlyList<Found> Look()
    {
        var parts = registry.Parts;
        var all = new List<Found>();
        Add("places", () => new PlaceLook(parts).Look());
        Add("logs", () => new LogLook(parts).Look());
        if (!all.Any(found => found.Finding.Code is "control_folder_link"))
        {
            Add("leftovers", () => new LeftoverLook(parts).Look());
            Add("tasks", () => new TaskFileLook(parts).Look());
            if (parts.Store.IndexFile.IsReadable())
            {
                var entries = registry.Entries.Exactly();
                var lost = new Lazy<IReadOnlyList<Worktree>>(() => new Adoption(parts).Lost());
                var aside = new RegistryEntryLook(parts, entries);
                IReadOnlyList<Worktree> known = [.. entries, .. aside.Known];
                Add("registry", () => aside.Look());
                Add("records", () => new RecordLook(parts, known).Look());
                Add("worktrees", () => new WorktreeLook(parts, entries).Look());
                Add("bindings", () => new BindingLook(parts, [.. known, .. lost.Value]).Look());
                Add("unknown", () => new UnknownLook(parts, known, lost.Value).Look());
            }
        }

        Add("configuration", new ConfigurationLook(parts).Look);
        return [.. all.OrderBy(found => found.Finding.Severity)];

        void Add(string what, Func<IEnumerable<Found>> look)
        {
            try
            {
                all.AddRange(look());
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
            {
                all.Add(Found.ForPerson("cannot_look", FindingSeverity.Error, what, $"The {what} could not be looked at: {fault.Message}", "Remove the cause, then run the doctor again."));
            }
        }
    }
}
