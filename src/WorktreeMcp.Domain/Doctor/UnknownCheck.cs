using System.Globalization;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Settling;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>What lies where ours should be and no entry knows: directories, branches, trash. It may be somebody's work, so it is only named.</summary>
internal sealed class UnknownCheck(WorktreePlaces parts, IReadOnlyList<Worktree> entries, IReadOnlyList<Worktree> lost)
{
    internal IEnumerable<RepairableFinding> Look() => [.. lost.Select(Unregistered), .. Directories(), .. Trash(parts.Layout.Trash), .. Trash(Path.Join(parts.Layout.Worktrees, ".trash")), .. Branches()];

    private static RepairableFinding Unregistered(Worktree worktree) => RepairableFinding.Ours(
        "worktree_unregistered",
        FindingSeverity.Warning,
        $"worktree {worktree.Name}",
        $"Worktree \"{worktree.Name}\" on branch {worktree.Branch} is whole, but the registry and the operation log, which knew it, are gone.",
        "It is taken on the registry again, and bound to the task that names it.");

    private IEnumerable<RepairableFinding> Directories()
    {
        var known = entries.Where(w => w.IsLive).Concat(lost).Select(w => Path.GetFullPath(w.Path, parts.Layout.Root)).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Folders(parts.Layout.Worktrees).Where(path => Path.GetFileName(path) is not (".trash" or ".spares") && !Path.GetFileName(path).StartsWith(LandingVerification.Prefix, StringComparison.Ordinal) && !known.Contains(path)))
        {
            if (IsWhereOneWasMoved(path))
            {
                continue;
            }

            var record = AdminEntry.NamedBy(path, parts.Layout.CommonDirectory, parts.Files);
            yield return record is null
                ? RepairableFinding.ForPerson("directory_unknown", FindingSeverity.Warning, path, $"{path} lies among the worktrees, but the registry does not know it.", "Look what it is; move it elsewhere if it is wanted, since that name cannot be used as long as it is there.")
                : RepairableFinding.ForPerson("worktree_by_hand", FindingSeverity.Info, path, $"{path} is a worktree that was made with git itself (record {record.Id}); it is left alone.", "Nothing has to be done.");
        }
    }

    private bool IsWhereOneWasMoved(string path)
    {
        var sightings = new Whereabouts(parts);
        return entries.Where(w => w.IsLive).Select(sightings.Of).Any(seen => seen.Place == path);
    }

    private IEnumerable<RepairableFinding> Trash(string folder)
    {
        var known = entries.Select(w => w.Id.ToString(CultureInfo.InvariantCulture)).ToHashSet();
        return Folders(folder).Where(path => !known.Contains(Path.GetFileName(path))).Select(path => RepairableFinding.ForPerson(
            "trash_unknown",
            FindingSeverity.Info,
            path,
            $"{path} lies in the trash; the registry no longer knows which worktree it was (a creation that was taken back, for one).",
            "Nothing has to be done; it is deleted when its time in the trash is over."));
    }

    private IEnumerable<RepairableFinding> Branches()
    {
        return Orphans(parts.Git.BranchesBelow).Select(branch => RepairableFinding.ForPerson(
            "branch_without_worktree",
            FindingSeverity.Warning,
            branch,
            $"Branch {branch} at {parts.Git.Refs.Resolve(BranchRef.Of(branch))?[..12]} belongs to no worktree that the registry knows.",
            $"Call {new NextStep.CreateWorktree(Branch: branch):with} to work on it, or rename it to a name that does not begin with {parts.Settings.BranchPrefix}."));
    }

    /// <summary>Branches of ours by their name that no entry knows.</summary>
    /// <param name="below">Lists the branches whose names begin so.</param>
    internal IEnumerable<string> Orphans(Func<string, IReadOnlyList<string>> below)
    {
        if (parts.Settings.BranchPrefix is not { Length: > 1 } prefix || !prefix.EndsWith('/'))
        {
            return [];
        }

        var known = entries.Concat(lost).Select(w => w.Branch).ToHashSet(StringComparer.Ordinal);
        return below(prefix).Where(branch => !known.Contains(branch) && parts.Git.CheckedOutAt(branch) is null);
    }

    private IEnumerable<string> Folders(string folder) => parts.Files.KindOf(folder) == FileKind.Folder
        ? parts.Files.Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)
        : [];
}
