using System.IO.Abstractions;
using System.Text;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>The folders that hold our files: made on the first change, never links, kept out of commits.</summary>
internal sealed class ControlFolders(StateLayout layout, IFileSystem files, IDisk disk)
{
    // A folder of the worktrees further down has others above it that are in the repository too.
    private readonly string[] _folders =
    [
        layout.Tasks,
        .. layout.WorktreeRoot.Split('/', '\\').Aggregate(new List<string>(), (above, name) => [.. above, Path.Join(above.LastOrDefault(layout.Root), name)]),
        layout.Private,
    ];

    private FileStamp? _excluded;

    /// <summary>Makes what is absent and refuses what is a link; the caller holds the lock.</summary>
    internal void Ensure()
    {
        RefuseLinks();
        RefuseFile(layout.Events);
        RefuseFile(layout.OperationLog);
        disk.MakeFolder(layout.Tasks);
        disk.MakeFolder(layout.Worktrees);
        Exclude();
    }

    /// <summary>
    /// Refuses once the repository is not where it was opened: folders made there now would be a second board, in which
    /// everything that is acknowledged is lost.
    /// </summary>
    internal void RequireRepository()
    {
        if (!files.Directory.Exists(layout.CommonDirectory) || !files.Directory.Exists(layout.Root))
        {
            throw new Refusal(
                RefusalCode.NotARepository,
                $"The repository is no longer at {layout.Root}: it was moved or deleted after this server had opened it. Nothing was written.",
                "Have a person start this MCP server anew where the repository is now.");
        }
    }

    /// <summary>Whether both are there.</summary>
    internal bool Exist => files.Directory.Exists(layout.Tasks) && files.Directory.Exists(layout.Worktrees);

    /// <summary>Refuses folders that are links, or no folders; also readers do not follow them.</summary>
    internal void RefuseLinks()
    {
        foreach (var path in _folders)
        {
            if (files.KindOf(path) is not (FileKind.None or FileKind.Folder) and var kind)
            {
                throw new NotPlainException(path, kind == FileKind.Link ? kind.Problem() : "it is a file, not a folder").ToRefusal();
            }
        }
    }

    private void RefuseFile(string path)
    {
        if (files.KindOf(path) is var kind && !kind.IsOurs())
        {
            throw new NotPlainException(path, kind.Problem()).ToRefusal();
        }
    }

    // The repository's own exclude file: no tracked file of the user is edited.
    private void Exclude()
    {
        var info = files.FileInfo.New(layout.Exclude);
        if (_excluded is not null && info.Exists && FileStamp.Of(info) == _excluded)
        {
            return;
        }

        try
        {
            WriteExclude();
            info.Refresh();
            _excluded = info.Exists ? FileStamp.Of(info) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It may be somebody else's. Whether the folders stay out of commits is asked of git, and said.
        }
    }

    private void WriteExclude()
    {
        if (!files.KindOf(layout.Exclude).IsOurs() || files.KindOf(Path.GetDirectoryName(layout.Exclude)!) == FileKind.Link || PlainFile.Problem(layout.Exclude, FileLimits.GitSettings) is not null)
        {
            // Somebody keeps these patterns elsewhere, perhaps in a tracked file: that is not ours to edit.
            return;
        }

        var old = PlainFile.TextIfThere(layout.Exclude, FileLimits.GitSettings) ?? string.Empty;
        var lines = old.Split('\n').Select(line => line.Trim()).ToHashSet();
        var worktrees = Path.GetRelativePath(layout.Root, layout.Worktrees).Replace('\\', '/');
        var missing = new[] { "/.tasks/", $"/{worktrees}/" }.Where(pattern => !lines.Contains(pattern)).ToList();
        if (missing.Count > 0)
        {
            var text = (old.Length > 0 && !old.EndsWith('\n') ? "\n" : string.Empty) + string.Join('\n', missing) + "\n";
            disk.MakeFolder(Path.GetDirectoryName(layout.Exclude)!);
            disk.Append(layout.Exclude, Encoding.UTF8.GetBytes(text), sync: false);
        }
    }
}
