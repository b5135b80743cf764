using System.IO.Abstractions;

using WorktreeMcp.Domain.Platform;

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

    /// <summary>What is not seen.</summary>
    internal required HiddenPaths Hidden { get; init; }

    /// <summary>Whether the network is reached.</summary>
    internal bool Network { get; init; }

    /// <summary>The command's own environment.</summary>
    internal required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Whether a real path lies where a command has an empty folder of its own.</summary>
    internal static bool IsPrivate(string path) => Private.Append("/dev/shm").Any(folder => HiddenPaths.IsWithin(path, folder));

    /// <summary>The words to put before the command.</summary>
    internal IReadOnlyList<string> Wrapper(string program, IFileSystem files)
    {
        var words = new List<string>([.. Bubblewrap.Start(program), "--ro-bind", "/", "/", "--dev", "/dev", .. Bubblewrap.Processes]);
        foreach (var folder in Private.Where(folder => files.Directory.Exists(folder) && RealPaths.OfAll([folder], null) is [var real] && real == folder))
        {
            words.AddRange(["--tmpfs", folder]);
        }

        HideSockets(files);
        var opened = new OpenedFolders(Hidden, Caches, Deciding(), files);
        words.AddRange(opened.Words(path => !IsOurs(path)));
        words.AddRange(opened.Needed(Needed()));
        words.AddRange(["--ro-bind", Root, Root]);
        words.AddRange(new OpenedFolders(Hidden, [], [], files).Words(path => HiddenPaths.IsWithin(path, Root) && !IsLaidAnew(path)));
        if (Own is { } own)
        {
            words.AddRange(GitDirectory(own, files));
        }
        else if (!HiddenPaths.IsWithin(CommonDirectory, Root))
        {
            words.AddRange(["--ro-bind", CommonDirectory, CommonDirectory]);
        }

        words.AddRange(IsCheck ? Check() : []);
        words.AddRange(HiddenPaths.Masks(Hidden.Masked.Union(Hidden.Paths.Where(IsLaidAnew)), files));
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

    // What is put together from parts of ours, and a cache, is needed whole: there a socket itself is masked.
    private void HideSockets(IFileSystem files) => Hidden.HideSockets(
        UnixSockets.Bound(path => !LiesInRun(path)).Where(path => !IsPrivate(path) || IsOurs(path) || Hidden.Opened.Any(folder => HiddenPaths.IsWithin(path, folder))),
        folder => !IsLaidAnew(folder) && !Caches.Any(cache => HiddenPaths.IsWithin(folder, cache)),
        folder => files.Directory.EnumerateFileSystemEntries(folder).Take(HiddenPaths.MostToOpen + 1).Count());

    // Where nearly all of them lie, and nothing that is seen.
    private bool LiesInRun(string path) =>
        (path.StartsWith("/run/", StringComparison.Ordinal) || path.StartsWith("/var/run/", StringComparison.Ordinal)) && !IsOurs(path);

    // Settings of ours and of git that count outside, and approvals.
    private List<string> Deciding()
    {
        string[] Of(string variable, string below) => Environment.GetValueOrDefault(variable) is { Length: > 1 } set ? [set]
            : Environment.GetValueOrDefault("HOME") is { Length: > 1 } home ? [Path.Join(home, below)] : [];

        var (config, state) = (Of("XDG_CONFIG_HOME", ".config"), Of("XDG_STATE_HOME", Path.Join(".local", "state")));
        return
        [
            .. RealPaths.OfAll(config.Concat(state), null).Select(folder => Path.Join(folder, "worktree-mcp")),
            .. RealPaths.OfAll([.. config.Select(folder => Path.Join(folder, "git")), .. Of("HOME", string.Empty).Select(home => Path.Join(home, ".gitconfig"))], null),
        ];
    }

    // git's directory of the checkout lies in our private folder, of which nothing else is there.
    private IEnumerable<string> Check() =>
    [
        "--tmpfs", Path.Join(CommonDirectory, "worktree-mcp"),
        "--ro-bind", AdminEntry, AdminEntry,
        "--bind", Worktree, Worktree,
        "--ro-bind", Path.Join(Worktree, ".git"), Path.Join(Worktree, ".git"),
    ];

    // What is seen wherever it lies: programs, and what a person named.
    private IEnumerable<string> Needed()
    {
        var needed = Environment.GetValueOrDefault("PATH", string.Empty).Split(':').Concat(Hidden.Named).Concat(Network ? NameServices : []).ToList();
        return needed.Where(path => path.StartsWith('/') && IsPrivate(path)).Concat(RealPaths.OfAll(needed, null)).Distinct();
    }

    private bool IsOurs(string path) => HiddenPaths.IsWithin(path, Root) || HiddenPaths.IsWithin(path, CommonDirectory);

    // What is put together from parts of ours; what is hidden there is masked after that.
    private bool IsLaidAnew(string path) => new[] { CommonDirectory, AdminEntry, Worktree }.Any(folder => HiddenPaths.IsWithin(path, folder));

    private List<string> GitDirectory(PrivateGit own, IFileSystem files)
    {
        var words = new List<string> { "--tmpfs", CommonDirectory };
        foreach (var path in files.Directory.EnumerateFileSystemEntries(CommonDirectory))
        {
            var name = Path.GetFileName(path);
            if (name is not ("worktree-mcp" or "objects") && !name.EndsWith(".lock", StringComparison.Ordinal) && !Hidden.Hides(path))
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
