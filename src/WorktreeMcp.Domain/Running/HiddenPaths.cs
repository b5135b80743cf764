using System.IO.Abstractions;
using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Running;

/// <summary>What a confined command does not see: where keys, tokens and sessions of a person lie.</summary>
internal static partial class HiddenPaths
{
    private static readonly string[] Usual =
    [
        "~/.ssh", "~/.gnupg", "~/.aws", "~/.azure", "~/.kube", "~/.docker", "~/.config/gcloud", "~/.config/gh", "~/.config/hub", "~/.config/glab-cli",
        "~/.config/op", "~/.config/git/credentials", "~/.git-credentials", "~/.netrc", "~/.npmrc", "~/.pypirc", "~/.vault-token", "~/.password-store",
        "~/.cargo/credentials", "~/.cargo/credentials.toml", "~/.gem/credentials", "~/.terraform.d/credentials.tfrc.json", "~/.local/share/keyrings",
        "~/.claude", "~/.claude.json", "~/.codex", "~/.mozilla", "~/.thunderbird", "~/.config/google-chrome", "~/.config/chromium",
        "~/.bash_history", "~/.zsh_history", "~/.python_history", "~/.psql_history", "~/.mysql_history", "/etc/shadow", "/etc/gshadow",
    ];

    /// <summary>The paths that are there, as real ones: nothing can be laid over a link.</summary>
    /// <param name="configured">What a person added; "!" takes a usual one off.</param>
    /// <param name="home">The home directory, or null.</param>
    internal static IReadOnlyList<string> Of(IReadOnlyList<string> configured, string? home)
    {
        var shown = configured.Where(path => path.StartsWith('!')).Select(path => path[1..].TrimEnd('/')).ToHashSet(StringComparer.Ordinal);
        return Real(Usual.Concat(configured.Where(path => !path.StartsWith('!'))).Where(path => !shown.Contains(path.TrimEnd('/'))), home);
    }

    /// <summary>Those of some paths that are there, as real ones.</summary>
    internal static IReadOnlyList<string> Real(IEnumerable<string> paths, string? home) =>
        [.. paths.Select(path => Expanded(path, home)).OfType<string>().Select(RealPath).OfType<string>().Where(path => path.Length > 1).Distinct()];

    /// <summary>Lays an empty folder or an empty file over each.</summary>
    internal static IEnumerable<string> Masks(IEnumerable<string> paths, IFileSystem files) =>
        paths.SelectMany(path => files.Directory.Exists(path) ? (IEnumerable<string>)["--tmpfs", path] : ["--ro-bind", "/dev/null", path]);

    internal static bool IsWithin(string path, string folder) =>
        path == folder || path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static string? Expanded(string path, string? home) =>
        !path.StartsWith("~/", StringComparison.Ordinal) ? path : home is null ? null : Path.Join(home, path[2..]);

    private static unsafe string? RealPath(string path)
    {
        const int Longest = 4096;
        var buffer = stackalloc byte[Longest + 1];
        return Resolve(path, buffer) == null ? null : Marshal.PtrToStringUTF8((nint)buffer);
    }

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial byte* Resolve(string path, byte* buffer);
}
