using System.Globalization;
using System.Text;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Trash;

/// <summary>What waits in the trash, since when, how much of it, and until when; it deletes nothing.</summary>
internal sealed class TrashContents(WorktreePlaces parts)
{
    private const double Day = 24 * 3600;
    private const string Unfinished = ".tmp";

    private IEnumerable<string> Folders => [parts.Layout.Trash, parts.Layout.TrashBeside];

    /// <summary>Everything in the trash, what was removed first first.</summary>
    internal IReadOnlyList<TrashItem> Items(IReadOnlyList<Worktree> all)
    {
        // An entry that cannot be read is somebody's all the same.
        var known = parts.Store.OnDisk.Worktrees().Select(entry => entry.Id).Concat(all.Select(w => w.Id)).ToHashSet();
        return [.. all.Where(w => !w.IsLive).Select(Of).Concat(Unknown(known)).OrderBy(item => item.RemovedAt).ThenBy(item => item.Id)];
    }

    internal TrashItem Of(Worktree worktree) =>
        Item(worktree.Id, worktree.Name, RestoreRequest.RemovedAt(worktree), worktree.Status == WorktreeState.Emptying);

    /// <summary>Counts the bytes of one, once: what is in the trash no longer grows.</summary>
    internal long Measure(int id)
    {
        if (Size(id) is { } known)
        {
            return known;
        }

        var bytes = Trees(id).Sum(parts.Files.TreeBytes);
        if (parts.Files.KindOf(parts.Layout.Trash) == FileKind.Link)
        {
            return bytes;
        }

        var path = parts.Layout.TrashSize(id);
        parts.Disk.MakeFolder(parts.Layout.Trash);
        parts.Disk.WriteTemporary(path + Unfinished, Encoding.ASCII.GetBytes(bytes.ToString(CultureInfo.InvariantCulture)));
        parts.Disk.Replace(path + Unfinished, path);
        return bytes;
    }

    /// <summary>Notes why one cannot be deleted, for whoever asks.</summary>
    internal void Note(int id, string problem)
    {
        try
        {
            if (parts.Files.KindOf(parts.Layout.Trash) != FileKind.Link)
            {
                var path = parts.Layout.TrashProblem(id);
                parts.Disk.MakeFolder(parts.Layout.Trash);
                parts.Disk.WriteTemporary(path + Unfinished, Encoding.UTF8.GetBytes(problem));
                parts.Disk.Replace(path + Unfinished, path);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Then the next one who tries notes it.
        }
    }

    /// <summary>Forgets what was counted and noted: it leaves the trash.</summary>
    internal void ForgetSize(int id)
    {
        if (parts.Files.KindOf(parts.Layout.Trash) == FileKind.Folder)
        {
            parts.Disk.Delete(parts.Layout.TrashProblem(id) + Unfinished);
            parts.Disk.Delete(parts.Layout.TrashProblem(id));
            parts.Disk.Delete(parts.Layout.TrashSize(id) + Unfinished);
            parts.Disk.Delete(parts.Layout.TrashSize(id));
        }
    }

    /// <summary>Where the files of one lie; a link is none of them.</summary>
    internal IEnumerable<string> Trees(int id) =>
        Folders.Where(folder => parts.Files.KindOf(folder) == FileKind.Folder).Select(folder => Path.Join(folder, $"{id}")).Where(tree => parts.Files.KindOf(tree) == FileKind.Folder);

    private TrashItem Item(int id, string? name, double removedAt, bool begun) =>
        new(id, name, removedAt, removedAt + (parts.Settings.TrashDays * Day), Size(id), begun) { Problem = Problem(id) };

    private string? Problem(int id) => parts.Layout.TrashProblem(id) is var path && parts.Files.KindOf(path) == FileKind.Regular && parts.Files.HoldsText(path) ? parts.Files.SmallText(path) : null;

    // A creation that was taken back leaves files and a record, but no entry.
    private IEnumerable<TrashItem> Unknown(HashSet<int> known) => Folders
        .Where(folder => parts.Files.KindOf(folder) == FileKind.Folder)
        .SelectMany(folder => parts.Files.Directory.EnumerateDirectories(folder))
        .Select(tree => int.TryParse(Path.GetFileName(tree), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0 && !known.Contains(id))
        .Distinct()
        .Select(id => Item(id, null, LockedAt(id), begun: false));

    /// <summary>Since when one waits, by the trash itself.</summary>
    internal double LockedAt(int id)
    {
        var mark = Path.Join(parts.TrashedRecord(id).Directory, "locked");
        var at = parts.Files.File.Exists(mark) ? parts.Files.File.GetLastWriteTimeUtc(mark) : Trees(id).Select(parts.Files.Directory.GetLastWriteTimeUtc).DefaultIfEmpty(DateTime.UnixEpoch).Max();
        return (at - DateTime.UnixEpoch).TotalSeconds;
    }

    private long? Size(int id)
    {
        var path = parts.Layout.TrashSize(id);
        return PlainFile.Problem(path, FileLimits.Words) is null && long.TryParse(PlainFile.TextIfThere(path, FileLimits.Words), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : null;
    }
}
