using System.Text;
using WorktreeMcp.Domain.Git;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>
/// Who points at whom: a checkout at git's record of it, and the record at the checkout. Each line is put in place whole, and only where it
/// says something else, so that each step can be repeated after a kill.
/// </summary>
internal sealed class RecordPointers(WorktreePlaces parts)
{
    /// <summary>Lets a directory and git's record of it point at each other.</summary>
    internal void Link(AdminEntry record, string directory)
    {
        if (record.NamesWorktree(parts.Files) is not { } named || Misleads(named, directory))
        {
            Write(Path.Join(record.Directory, "gitdir"), Path.Join(directory, ".git"));
        }

        if (AdminEntry.Pointer(directory, parts.Files) is not { } pointer || Misleads(pointer, record.Directory))
        {
            Write(Path.Join(directory, ".git"), $"gitdir: {record.Directory}");
        }
    }

    /// <summary>Writes one line in the place of a file that git reads.</summary>
    internal void Write(string path, string line)
    {
        var temporary = path + ".wtmcp-tmp";
        parts.Disk.WriteTemporary(temporary, Encoding.UTF8.GetBytes(line + "\n"));
        parts.Disk.Replace(temporary, path);
    }

    /// <summary>Whether a path does not lead where it should.</summary>
    internal static bool Misleads(string path, string place) => !AdminEntry.SamePath(path, place);
}
