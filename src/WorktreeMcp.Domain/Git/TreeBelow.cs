using System.IO.Abstractions;
using System.Text;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// What lies below a folder that its own git does not go into, or passes over: repositories of their own, ignored or not, and folders
/// that cannot be looked into. git says nothing of the first where they are ignored, and of the second only a warning. Only names are
/// read, of every folder once; no link is followed.
/// </summary>
/// <param name="Checkouts">Folders in which something is called <c>.git</c>, the top one left out.</param>
/// <param name="Stores">Folders that are a repository without files of its own.</param>
/// <param name="Unreadable">Folders whose names cannot be read, or whose own name is no text.</param>
internal sealed record TreeBelow(IReadOnlyList<string> Checkouts, IReadOnlyList<string> Stores, IReadOnlyList<string> Unreadable)
{
    internal bool IsEmpty => Checkouts.Count + Stores.Count + Unreadable.Count == 0;

    internal static TreeBelow Of(string root, IFileSystem files)
    {
        List<string> checkouts = [], stores = [], unreadable = [];
        var top = KernelFiles.PathOf(root);
        var open = new Stack<byte[]>([top]);
        var inner = new List<byte[]>();
        while (open.TryPop(out var folder))
        {
            inner.Clear();
            var marks = Marks.None;
            if (!List(folder, files, (name, mayBeFolder) => marks |= MarkOf(name, mayBeFolder, folder, inner)))
            {
                unreadable.Add(Text(folder));
                continue;
            }

            if (folder != top && marks != Marks.None && Text(folder) is var path)
            {
                var isStore = marks.HasFlag(Marks.Store) && NestedRepository.IsGitDirectory(path, files);
                if (path.Contains('\uFFFD', StringComparison.Ordinal) && (isStore || marks.HasFlag(Marks.Git)))
                {
                    unreadable.Add(path);
                }
                else if (isStore)
                {
                    stores.Add(path);
                    continue;
                }
                else if (marks.HasFlag(Marks.Git))
                {
                    checkouts.Add(path);
                }
            }

            inner.ForEach(open.Push);
        }

        return new TreeBelow(checkouts, stores, unreadable);
    }

    // The content of what is called ".git" is no content of the folder.
    private static Marks MarkOf(ReadOnlySpan<byte> name, bool mayBeFolder, byte[] folder, List<byte[]> inner)
    {
        if (name.SequenceEqual(".git"u8))
        {
            return Marks.Git;
        }

        if (mayBeFolder)
        {
            inner.Add(KernelFiles.Joined(folder, name));
        }

        return name.SequenceEqual("HEAD"u8) ? Marks.Head : name.SequenceEqual("objects"u8) ? Marks.Objects : name.SequenceEqual("refs"u8) ? Marks.Refs : Marks.None;
    }

    private static bool List(byte[] folder, IFileSystem files, KernelFiles.Visit visit)
    {
        if (KernelFiles.CanList)
        {
            return KernelFiles.List(folder, visit);
        }

        try
        {
            foreach (var entry in files.DirectoryInfo.New(Text(folder)).EnumerateFileSystemInfos())
            {
                visit(Encoding.UTF8.GetBytes(entry.Name), entry.Attributes.HasFlag(FileAttributes.Directory) && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint));
            }

            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Text(byte[] path) => Encoding.UTF8.GetString(path.AsSpan(0, path.Length - 1));

    [Flags]
    private enum Marks
    {
        None = 0,
        Git = 1,
        Head = 2,
        Objects = 4,
        Refs = 8,
        Store = Head | Objects | Refs,
    }
}
