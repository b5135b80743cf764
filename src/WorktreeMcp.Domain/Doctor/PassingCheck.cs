using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>
/// What the doctor would say of the repository as a whole, in a few lines, for calls that look at everything anyway. It starts
/// no process but the one that asks what git ignores, once for each state of the files that say so; it waits for no lock, reads a few small files for each record and stops at the first branches it can name. What is
/// the matter with one worktree or one task stands in its own row.
/// </summary>
internal sealed class PassingCheck(WorktreeRegistry registry)
{
    private const int Most = 3;
    private const int MostNamed = 3;

    /// <summary>A few lines, the worst first, and where to read on; none when nothing is seen.</summary>
    internal IReadOnlyList<string> Lines()
    {
        var all = Seen();
        var left = all.Count - Most;
        return all.Count == 0 ? [] : [.. all.Take(Most), $"{(left > 0 ? $"{left} more. " : string.Empty)}A person should run worktree-mcp doctor here: it says what to do."];
    }

    // What a newer version writes is shown and not changed; whoever wonders why changes are refused reads it here.
    private static IEnumerable<string> NewerFiles(WorktreePlaces parts)
    {
        if (parts.Store.OnDisk.NewerLog is { } words)
        {
            yield return $"{Path.GetFileName(parts.Layout.OperationLog)} {words}: changes are refused";
        }

        if (parts.Store.OnDisk.NewerRegistry is { } version)
        {
            yield return $"{Path.GetFileName(parts.Layout.Index)} {FormatVersion.Words(version)}: changes of worktrees are refused";
        }

        foreach (var task in parts.Board.Newer)
        {
            yield return $"{Path.GetFileName(parts.Layout.Task(task.Id))} {FormatVersion.Words(task.NewerVersion)}: it is only read";
        }
    }

    private List<string> Seen()
    {
        var places = new PlaceCheck(registry.Parts).InShort().ToList();
        try
        {
            var parts = registry.Parts;
            var entries = registry.Entries.All();
            var orphans = new UnknownCheck(parts, entries.Faulty.Count == 0 ? entries : [.. entries, .. new RegistryEntryCheck(parts, entries).Known], []).Orphans(prefix => [.. parts.Git.Refs.Below(BranchRef.Of(prefix)).Select(name => name[BranchRef.Prefix.Length..])]).Take(MostNamed + 1).ToList();
            return
            [
                .. places,
                .. NewerFiles(parts),
                .. entries.Faulty.Select(faulty => faulty.Words),
                .. new RecordCheck(parts, entries).InShort(),
                .. new LogCheck(parts).Torn().Select(path => $"{Path.GetFileName(path)} ends in a torn line"),
                .. parts.Git.Exclusion.Problem(parts.Layout) is { } problem ? [problem] : Array.Empty<string>(),
                .. orphans.Count == 0 ? Array.Empty<string>() : [$"{(orphans.Count == 1 ? "branch belongs" : "branches belong")} to no worktree: {string.Join(", ", orphans.Take(MostNamed))}{(orphans.Count > MostNamed ? " and others" : string.Empty)}"],
            ];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
        {
            // The call itself meets what is in its way, and names it.
            return places;
        }
    }
}
