using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// What a checkout holds whose content lies outside the repository: submodules, which a new checkout leaves empty, and LFS
/// files, which a filter fetches where it is set up. A repository that shows neither costs no process.
/// </summary>
internal sealed class SubmodulesAndLfs(CheckoutGit git, RepositoryPlace place, IFileSystem files)
{
    private const string Submodule = "160000 ";

    // How each file begins that stands for one in the store.
    private static readonly byte[] Pointer = "version https://git-lfs.github.com/spec/"u8.ToArray();

    /// <summary>Paths of the submodules.</summary>
    internal IReadOnlyList<string> Submodules(AdminEntry entry, string directory) => files.KindOf(Path.Join(directory, ".gitmodules")) == FileKind.Regular
        ? [.. Listed(entry, directory, "--stage").Where(member => member.StartsWith(Submodule, StringComparison.Ordinal)).Select(member => member[(member.IndexOf('\t', StringComparison.Ordinal) + 1)..])]
        : [];

    /// <summary>
    /// Commits in the submodules' own repositories that none of their remotes has, one line each. Those repositories lie in git's
    /// record of the worktree and go with it; what the superproject records of a submodule is a hash and holds nothing.
    /// </summary>
    internal IReadOnlyList<string> UnsharedInSubmodules(AdminEntry entry, int most)
    {
        var modules = Path.Join(entry.Directory, "modules");
        return [.. RepositoriesIn(modules).SelectMany(repository => Unshared(entry, repository, Path.GetRelativePath(modules, repository), most)).Take(most)];
    }

    // A submodule's name may be a path, and a submodule has submodules of its own.
    private IEnumerable<string> RepositoriesIn(string folder)
    {
        if (files.KindOf(folder) != FileKind.Folder)
        {
            return [];
        }

        var isRepository = files.File.Exists(Path.Join(folder, "HEAD")) && files.Directory.Exists(Path.Join(folder, "objects"));
        return isRepository ? [folder, .. RepositoriesIn(Path.Join(folder, "modules"))] : files.Directory.EnumerateDirectories(folder).SelectMany(RepositoriesIn);
    }

    private IEnumerable<string> Unshared(AdminEntry entry, string repository, string name, int most)
    {
        var answer = git.Run(git.InModule(entry, repository, "log", "--no-show-signature", "--no-mailmap", "--format=%h %s", $"--max-count={most}", "--all", "--not", "--remotes", "--"));
        return answer.Succeeded
            ? answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"{name} {line}")
            : [$"{name} cannot be read ({answer.Error})"];
    }

    /// <summary>The LFS files, and those of them that are still pointers.</summary>
    internal (int Count, IReadOnlyList<string> Pointers) Lfs(AdminEntry entry, string directory)
    {
        if (!MayHoldLfs(directory))
        {
            return (0, []);
        }

        var paths = Listed(entry, directory, "--", ":(attr:filter=lfs)").ToList();
        return (paths.Count, [.. paths.Where(path => IsPointer(directory, path))]);
    }

    // Attributes in a folder below count too; who uses them so has LFS set up, and its store beside the objects.
    private bool MayHoldLfs(string directory) =>
        files.Directory.Exists(Path.Join(place.CommonDirectory, "lfs"))
        || files.File.Exists(Path.Join(directory, ".lfsconfig"))
        || new[] { Path.Join(directory, ".gitattributes"), Path.Join(place.CommonDirectory, "info", "attributes") }
            .Any(path => files.HoldsText(path) && files.SmallText(path, followed: true).Contains("filter=lfs", StringComparison.Ordinal));

    private string[] Listed(AdminEntry entry, string directory, params string[] more)
    {
        var answer = git.Run(git.In(entry, directory, ["ls-files", "-z", .. more]));
        return answer.Succeeded ? answer.Members : [];
    }

    private static bool IsPointer(string directory, string path)
    {
        try
        {
            using var stream = CheckoutFiles.Open(directory, path);
            var start = new byte[Pointer.Length];
            return stream?.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.AsSpan().SequenceEqual(Pointer);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
