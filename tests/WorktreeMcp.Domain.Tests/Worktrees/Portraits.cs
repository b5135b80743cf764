using System.Security.Cryptography;
using System.Text;
using FluentAssertions;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A worktree with all kinds of work in it, and what shows whether it is the same again.</summary>
internal static class Portraits
{
    /// <summary>A commit of its own, and changes of every kind that are not committed.</summary>
    internal static void Dirty(this Repository repository) => repository.Shell("a", """
        echo own > own.txt && git add . && git commit -qm own &&
        echo modified > README.md && git rm -q --cached src/app.txt && echo staged > staged.txt && git add staged.txt && echo later > staged.txt &&
        echo new > new.txt && chmod 750 new.txt && chmod 600 README.md && echo secret > secret.ignored && ln -s /nowhere link.ignored && ln -s README.md alias &&
        mkdir -p build/deep && echo out > build/deep/out.bin && chmod 555 build/deep && git config --worktree core.something x 2>/dev/null;
        d=deep; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do d=$d/level$i; done; mkdir -p $d && echo bottom > $d/bottom.txt; mkdir empty
        """).Run.ExitCode.Should().Be(0);

    /// <summary>All that a worktree is: git's status of it, its index, its HEAD, its branches, and every entry with its mode, time and content.</summary>
    internal static string Portrait(this TempRepository repo, string directory, bool refs = true)
    {
        var text = new StringBuilder();
        text.AppendLine(repo.GitIn(directory, "status", "--porcelain=v2", "--branch", "--ignored", "--untracked-files=all"));
        text.AppendLine(repo.GitIn(directory, "ls-files", "-s", "-v"));
        text.AppendLine(refs ? repo.GitIn(directory, "for-each-ref", "refs/heads") : string.Empty);
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).OrderBy(e => e.FullName, StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(directory, entry.FullName);
            var content = name == ".git" ? string.Empty
                : entry.LinkTarget is { } target ? $"-> {target}"
                : entry is FileInfo ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(entry.FullName)))
                : "folder";
            var mode = entry.UnixFileMode.ToString();
            text.AppendLine($"{name} {mode} {(name == ".git" ? 0 : entry.LastWriteTimeUtc.Ticks)} {content}");
        }

        return text.ToString();
    }
}
