using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Worktrees.Files;

/// <summary>
/// Puts a whole new content in a file's place by one rename. The caller holds the lock, so there is one writer at a time; what a kill leaves lies
/// out of git's sight under a name that the next one uses again.
/// </summary>
internal sealed class FilePlacing(StateLayout layout, bool isDurable)
{
    /// <summary>Puts it there.</summary>
    /// <param name="folder">The file's folder.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="bytes">All that it is to hold.</param>
    /// <param name="old">What lies there and was read, or null where nothing did.</param>
    /// <param name="ready">Called when all of it is written and not there yet.</param>
    /// <returns>False, and nothing done, when something else lies there by now.</returns>
    internal bool Put(HeldFolder folder, string name, byte[] bytes, FileFacts? old, Action ready)
    {
        foreach (var path in layout.Edits)
        {
            try
            {
                using var room = HeldFolder.Make(layout, Path.GetDirectoryName(path)!);
                return Put(room, Path.GetFileName(path), folder, name, bytes, old, ready);
            }
            catch (OtherFileSystemException)
            {
            }
        }

        throw new Refusal(
            RefusalCode.InvalidArgument,
            $"{folder.Path} lies on another file system than the repository, so no file there can be replaced in one step. Nothing was changed.",
            $"Change it with {Step.RunCommand}.");
    }

    private bool Put(HeldFolder room, string temporary, HeldFolder folder, string name, byte[] bytes, FileFacts? old, Action ready)
    {
        room.Delete(temporary);
        try
        {
            using (var file = room.MakeFile(temporary))
            {
                HeldFolder.Write(file, bytes, 0, Path.Join(folder.Path, name));
                if (old is { } like)
                {
                    Posix.Resemble(file, like);
                }

                if (isDurable)
                {
                    Posix.Sync(file, Path.Join(folder.Path, name));
                }
            }

            ready();
            if (old is null ? !room.MoveIfFree(temporary, folder, name) : !IsStill(folder, name, old.Value))
            {
                return false;
            }

            if (old is not null)
            {
                room.Replace(temporary, folder, name);
            }

            if (isDurable)
            {
                Posix.SyncDirectory(folder.PathOf("."));
            }

            return true;
        }
        finally
        {
            room.Delete(temporary);
        }
    }

    // Whoever writes without asking us, an editor or a command, is not to lose what was written meanwhile.
    private static bool IsStill(HeldFolder folder, string name, FileFacts old) => KernelFiles.Of(KernelFiles.PathOf(folder.PathOf(name))) is not { } now || now == old;
}
