using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Repositories inside a checkout that its index names, such as submodules that were checked out. Invariants:
/// - nothing of a nested repository's settings is read by a git that could do what they say: git looks at its files with a directory
///   of ours, in which stand its commit, its index, its objects, and a few settings that name no program;
/// - one that lies elsewhere, or that cannot be looked at so, is not entered and counts as changed: what is in doubt is kept.
/// A checkout without any costs a look at the bytes of its index.
/// </summary>
internal sealed class NestedRepositories(CheckoutGit git, RepositoryPlace place, IFileSystem files)
{
    private const int MostDepth = 8;
    private const string Submodule = "160000 ";

    // How an index tells that an entry is a repository.
    private static readonly byte[] Mode = [0, 0, 0xE0, 0];

    private static readonly string[] Harmless =
        ["core.autocrlf", "core.checkstat", "core.eol", "core.filemode", "core.ignorecase", "core.precomposeunicode", "core.symlinks", "core.trustctime"];

    /// <summary>Paths of those with uncommitted work, or in doubt.</summary>
    internal IReadOnlyList<string> Changed(AdminEntry entry, string directory, CancellationToken cancel) => MayHoldAny(entry.Directory)
        ? ChangedAmong(git.In(entry, directory, "ls-files", "-s", "-z") with { Cancel = cancel }, entry, directory, directory, 0)
        : [];

    private List<string> ChangedAmong(GitCall list, AdminEntry entry, string directory, string folder, int depth)
    {
        var nested = git.Run(list).Require($"looking for repositories in {folder}").Members.Where(member => member.StartsWith(Submodule, StringComparison.Ordinal));
        return [.. nested.Select(member => member[(member.IndexOf('\t', StringComparison.Ordinal) + 1)..]).Distinct(StringComparer.Ordinal).Where(path => IsChanged(path))];

        bool IsChanged(string path)
        {
            var inner = Path.Join(folder, path);
            return CheckoutFiles.Has(folder, Path.Join(path, ".git")) && (depth == MostDepth || DirectoryOf(entry, inner) is not { } own || HasWork(own, entry, directory, inner, depth + 1, list.Cancel));
        }
    }

    // That of a submodule lies in the record of the checkout or in that of the main one.
    private string? DirectoryOf(AdminEntry entry, string folder)
    {
        var path = Path.Join(folder, ".git");
        var own = files.KindOf(path) == FileKind.Folder ? path : AdminEntry.Pointer(folder, files);
        return own is not null && files.KindOf(own) == FileKind.Folder
            && (own == path || new[] { entry.Directory, place.CommonDirectory }.Any(record => own.StartsWith(Path.Join(record, "modules") + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
            ? own
            : null;
    }

    private bool HasWork(string own, AdminEntry entry, string directory, string folder, int depth, CancellationToken cancel)
    {
        using var ours = new ScratchStore(own);
        var settings = Settings(own, cancel);
        if (settings is null || !Fill(ours.Folder, own, settings))
        {
            return true;
        }

        var call = git.Beside(entry, directory, ours.Folder, folder, "status", "--porcelain=v2", "-z", "--untracked-files=normal", CheckoutGit.NotInNested, "--no-renames") with
        {
            Cancel = cancel,
            Overrides = [.. settings.Where(setting => Harmless.Contains(setting.Key))],
            Variables = new Dictionary<string, string>(ours.Variables) { ["GIT_INDEX_FILE"] = Path.Join(own, "index") },
        };
        return git.Run(call) is not { Succeeded: true, Output.Length: 0 }
            || (MayHoldAny(own) && ChangedAmong(call with { Arguments = ["ls-files", "-s", "-z"] }, entry, directory, folder, depth).Count > 0);
    }

    // To list a file of settings runs nothing of what it says.
    private List<KeyValuePair<string, string>>? Settings(string own, CancellationToken cancel)
    {
        var answer = git.Run(git.At("config", "--file", Path.Join(own, "config"), "--no-includes", "--list", "-z") with { Cancel = cancel });
        return answer.Succeeded ? [.. answer.Members.Select(member => member.Split('\n', 2)).Where(pair => pair.Length == 2).Select(pair => KeyValuePair.Create(pair[0], pair[1]))] : null;
    }

    private bool Fill(string ours, string own, List<KeyValuePair<string, string>> settings)
    {
        var isWide = settings.LastOrDefault(setting => setting.Key == "extensions.objectformat").Value == "sha256";
        if (new RefReader(own, files).ReadHead(own) is not { Commit: { } commit })
        {
            return false;
        }

        files.Directory.CreateDirectory(Path.Join(ours, "refs"));
        files.Directory.CreateDirectory(Path.Join(ours, "info"));
        ScratchStore.Put(Path.Join(ours, "HEAD"), commit + "\n");
        ScratchStore.Put(Path.Join(ours, "config"), isWide ? "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n" : "[core]\n\trepositoryformatversion = 0\n");
        foreach (var name in new[] { "exclude", "attributes" })
        {
            ScratchStore.Take(own, Path.Join("info", name), Path.Join(ours, "info", name));
        }

        return true;
    }

    // An index that is split has entries in a second file.
    private bool MayHoldAny(string gitDirectory)
    {
        try
        {
            return files.Directory.EnumerateFiles(gitDirectory, "sharedindex.*").Select(Path.GetFileName).Append("index").Any(name => HoldsMode(gitDirectory, name!));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static bool HoldsMode(string gitDirectory, string name)
    {
        using var index = CheckoutFiles.Open(gitDirectory, name);
        if (index is null)
        {
            return false;
        }

        var buffer = new byte[256 * 1024];
        for (var kept = 0; index.Read(buffer, kept, buffer.Length - kept) is > 0 and var count;)
        {
            var filled = buffer.AsSpan(0, kept + count);
            if (filled.IndexOf(Mode) >= 0)
            {
                return true;
            }

            kept = Math.Min(Mode.Length - 1, filled.Length);
            filled[^kept..].CopyTo(buffer);
        }

        return false;
    }
}
