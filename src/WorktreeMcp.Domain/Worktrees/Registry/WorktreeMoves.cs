using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>Moves folders of worktrees and git's records of them. Each step can be repeated after a kill, and none follows a link.</summary>
internal sealed class WorktreeMoves(WorktreePlaces parts)
{
    /// <summary>Refuses a trash that is a link: what goes there would go to somebody else.</summary>
    internal void RefuseLinkedTrash()
    {
        if (new[] { parts.Layout.Trash, parts.Layout.TrashBeside }.FirstOrDefault(folder => parts.Files.KindOf(folder) == FileKind.Link) is { } link)
        {
            throw NotPlainException.Linked(link);
        }
    }

    /// <summary>Renames a directory, once: a repetition after a kill finds it done.</summary>
    internal void Once(string from, string to)
    {
        if (parts.Files.Directory.Exists(from) && !parts.Exists(to))
        {
            RefuseLinkOnTheWay(from);
            RefuseLinkOnTheWay(to);
            parts.Disk.MakeFolder(Path.GetDirectoryName(to)!);
            HeldFolder.Above(parts.Layout, from).Dispose();
            parts.Files.Directory.Move(from, to);
        }
    }

    /// <summary>
    /// Deletes what stands in the place of a record in the trash and is none: a person's gc makes the folders of a record anew that is
    /// renamed while gc expires its log.
    /// </summary>
    internal void DropRemade(AdminEntry trashed)
    {
        if (parts.Exists(trashed.Directory) && trashed.NamesWorktree(parts.Files) is null)
        {
            parts.Disk.DeleteTree(trashed.Directory);
        }
    }

    /// <summary>
    /// Deletes lock files in a record that was renamed. A git that holds one, such as a gc that expires the log at this moment, looks for it
    /// where the record was and never takes it away; then no git could write there, and every later gc would stop at it.
    /// </summary>
    internal void DropLocks(AdminEntry moved)
    {
        string[] folders = [moved.Directory, Path.Join(moved.Directory, "logs")];
        foreach (var path in folders.Where(parts.Files.Directory.Exists).SelectMany(folder => parts.Files.Directory.EnumerateFiles(folder, "*.lock")).ToList())
        {
            parts.Disk.Delete(path);
        }
    }

    private void RefuseLinkOnTheWay(string path)
    {
        if (parts.LinkAbove(path) is { } link)
        {
            throw new IOException($"{path} lies behind {link}, which is a link and not followed");
        }
    }
}
