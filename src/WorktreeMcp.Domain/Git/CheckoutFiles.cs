namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Files below a folder that somebody else may change at any time: nothing is read through a link, wherever on the way it lies or
/// when it comes, and a pipe holds up nobody. Where the system cannot open so, links are looked for before.
/// </summary>
internal static class CheckoutFiles
{
    /// <summary>A regular file, to read; null when there is none.</summary>
    /// <param name="root">A folder whose own path is trusted.</param>
    /// <param name="path">Relative to it.</param>
    internal static Stream? Open(string root, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return OpenElsewhere(root, path);
        }

        var folder = UntrustedFolder.Open(root);
        try
        {
            var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
            foreach (var name in names.SkipLast(1))
            {
                var inner = name == ".." ? null : folder?.Folder(name);
                folder?.Dispose();
                folder = inner;
            }

            return names is [.., var last] && last != ".." ? folder?.File(last) : null;
        }
        finally
        {
            folder?.Dispose();
        }
    }

    /// <summary>Whether anything lies at a path, a link too; nothing does behind a link.</summary>
    internal static bool Has(string root, string path) => Walk(root, path) is not null;

    private static FileInfo? Walk(string root, string path)
    {
        var info = new FileInfo(root);
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if ((int)info.Attributes == -1 || info.LinkTarget is not null || name == "..")
            {
                return null;
            }

            info = new FileInfo(Path.Join(info.FullName, name));
        }

        return (int)info.Attributes == -1 ? null : info;
    }

    // What has no length need not be opened to be read, and may be a pipe.
    private static Stream? OpenElsewhere(string root, string path)
    {
        try
        {
            return Walk(root, path) switch
            {
                { Exists: true, Length: 0, LinkTarget: null } => Stream.Null,
                { Exists: true, LinkTarget: null } info => info.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete),
                _ => null,
            };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
