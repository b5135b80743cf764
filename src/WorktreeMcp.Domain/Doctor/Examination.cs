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
    /// <summary>What was found, the worst first.</summary>
    internal IReadOnlyList<Finding> Findings() => [.. Look().Select(found => found.Finding)];

    /// <summary>The same with the repairs, in the order in which they build on each other.</summary>
    internal IReadOnlyList<Found> Look()
    {
        var parts = registry.Parts;
        var all = new List<Found>();
        Add("places", new PlaceLook(parts).Look);
        Add("logs", new LogLook(parts).Look);
        if (!all.Any(found => found.Finding.Code is "control_folder_link"))
        {
            Add("leftovers", new LeftoverLook(parts).Look);
            Add("tasks", new TaskFileLook(parts).Look);
            if (parts.Store.IndexFile.IsReadable())
            {
                var entries = registry.Entries.AsTheyAre();
                Add("records", new RecordLook(parts, entries).Look);
                Add("worktrees", new WorktreeLook(parts, entries).Look);
                Add("bindings", new BindingLook(parts, entries).Look);
                Add("unknown", new UnknownLook(parts, entries).Look);
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
