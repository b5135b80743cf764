using System.IO.Abstractions;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// What a confined command sees of the disk. Invariants:
/// - it writes into the worktree, the worktree's own admin entry, configured caches, a /tmp of its own, and private folders that
///   lie where git keeps objects, its branch and that branch's log;
/// - whatever else it sees is read-only; our private state, the usual secrets, /run and other processes it does not see;
/// - what says where the worktree and its repository lie (<c>.git</c>, <c>gitdir</c>, <c>commondir</c>, <c>config.worktree</c>) it cannot
///   change, remove or put in place, so that no later git is led astray.
/// git's directory is an empty one in memory with the real entries laid into it: git can make a lock file there and take it away
/// again, but what it would rename over a real file fails.
/// </summary>
internal sealed record SandboxView
{
    /// <summary>Name of the real object store inside, beside the private one, so that relative alternates of it still hold.</summary>
    internal const string SharedObjects = "objects.shared";

    private static readonly string[] Private = ["/tmp", "/var/tmp", "/run"];
    private static readonly string[] NameServices = ["/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/run/nscd"];

    /// <summary>Main checkout.</summary>
    internal required string Root { get; init; }

    /// <summary>git's directory.</summary>
    internal required string CommonDirectory { get; init; }

    /// <summary>The worktree.</summary>
    internal required string Worktree { get; init; }

    /// <summary>git's record of the worktree.</summary>
    internal required string AdminEntry { get; init; }

    /// <summary>Where the run's own objects, refs and logs lie; null for a look that writes nothing.</summary>
    internal PrivateGit? Own { get; init; }

    /// <summary>Whether a checkout is written to beside which git is only read.</summary>
    internal bool IsCheck { get; init; }

    /// <summary>Real folders outside that may be written to.</summary>
    internal IReadOnlyList<string> Caches { get; init; } = [];

    /// <summary>Real paths that are not seen.</summary>
    internal IReadOnlyList<string> Hidden { get; init; } = [];

    /// <summary>Whether the network is reached.</summary>
    internal bool Network { get; init; }

    /// <summary>The command's own environment.</summary>
    internal required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The words to put before the command.</summary>
    internal IReadOnlyList<string> Wrapper(string program, IFileSystem files)
    {
        var words = new List<string> { program, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc" };
        foreach (var folder in Private.Where(folder => files.Directory.Exists(folder) && HiddenPaths.Real([folder], null) is [var real] && real == folder))
        {
            words.AddRange(["--tmpfs", folder]);
        }

        words.AddRange(Shown().SelectMany(path => (string[])["--ro-bind-try", path, path]));
        words.AddRange(Caches.SelectMany(path => (string[])["--bind", path, path]));
        words.AddRange(HiddenPaths.Masks(Hidden.Where(path => !IsOurs(path)), files));
        words.AddRange(["--ro-bind", Root, Root]);
        if (Own is { } own)
        {
            words.AddRange(GitDirectory(own, files));
        }
        else if (!HiddenPaths.IsWithin(CommonDirectory, Root))
        {
            words.AddRange(["--ro-bind", CommonDirectory, CommonDirectory]);
        }

        words.AddRange(IsCheck ? Check() : []);
        words.AddRange(HiddenPaths.Masks(Hidden.Where(IsOurs), files));
        words.AddRange([.. Network ? Array.Empty<string>() : ["--unshare-net"], .. Bubblewrap.Confinement, "--chdir", Worktree]);
        words.AddRange(["--setenv", "TMPDIR", "/tmp", "--unsetenv", "TEMP", "--unsetenv", "TMP", "--unsetenv", "XDG_RUNTIME_DIR"]);
        words.AddRange(SandboxHome.Words(Environment, Caches, Hidden, files));
        if (Own is not null)
        {
            // Last of all, so that the mount point that it makes in the private folder says that the sandbox stood.
            words.AddRange(["--ro-bind", Own.Info, Path.Join(CommonDirectory, "objects", "info")]);
        }

        words.Add("--");
        return words;
    }

    // git's directory of the checkout lies in our private folder, of which nothing else is there.
    private IEnumerable<string> Check() =>
    [
        "--tmpfs", Path.Join(CommonDirectory, "worktree-mcp"),
        "--ro-bind", AdminEntry, AdminEntry,
        "--bind", Worktree, Worktree,
        "--ro-bind", Path.Join(Worktree, ".git"), Path.Join(Worktree, ".git"),
    ];

    // What lies in a folder that is private inside, and is needed all the same.
    private IEnumerable<string> Shown()
    {
        IEnumerable<string> needed = Environment.GetValueOrDefault("PATH", string.Empty).Split(':');
        needed = needed.Append(Environment.GetValueOrDefault("HOME", string.Empty)).Append(Environment.GetValueOrDefault("SSH_AUTH_SOCK", string.Empty));
        return needed.Concat(Network ? NameServices : []).Where(path => Private.Append("/dev/shm").Any(folder => path.StartsWith($"{folder}/", StringComparison.Ordinal))).Distinct();
    }

    private bool IsOurs(string path) => HiddenPaths.IsWithin(path, Root) || HiddenPaths.IsWithin(path, CommonDirectory);

    private List<string> GitDirectory(PrivateGit own, IFileSystem files)
    {
        var words = new List<string> { "--tmpfs", CommonDirectory };
        foreach (var path in files.Directory.EnumerateFileSystemEntries(CommonDirectory))
        {
            var name = Path.GetFileName(path);
            if (name is not ("worktree-mcp" or "objects") && !name.EndsWith(".lock", StringComparison.Ordinal))
            {
                words.AddRange(["--ro-bind-try", path, path]);
            }
        }

        string In(string name) => Path.Join(CommonDirectory, name);
        string Admin(string name) => Path.Join(AdminEntry, name);
        return
        [
            .. words,
            "--bind", own.Objects, In("objects"),
            "--ro-bind", In("objects"), In(SharedObjects),
            "--bind", own.Refs, In(own.RefFolder),
            "--bind", own.Logs, In(Path.Join("logs", own.RefFolder)),
            "--bind", AdminEntry, AdminEntry,
            "--ro-bind", Admin("gitdir"), Admin("gitdir"),
            "--ro-bind", Admin("commondir"), Admin("commondir"),
            "--ro-bind", Admin("config.worktree"), Admin("config.worktree"),
            "--bind", Worktree, Worktree,
            "--ro-bind", Path.Join(Worktree, ".git"), Path.Join(Worktree, ".git"),
        ];
    }
}
