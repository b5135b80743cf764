using System.IO.Abstractions;
using System.Text;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Git;

/// <summary>What lies below a checkout that its own git does not show.</summary>
/// <param name="Findings">Repositories that hold work of their own, one line each, and folders that cannot be looked into.</param>
/// <param name="Checkouts">Checkouts of repositories that lie elsewhere: the folder and the repository.</param>
internal sealed record WorkBelow(IReadOnlyList<string> Findings, IReadOnlyList<(string Folder, string Repository)> Checkouts)
{
    internal static WorkBelow None { get; } = new([], []);
}

/// <summary>
/// Looks into the repositories below a checkout. Invariants:
/// - neither their settings nor a program that they name are used: git looks at them from a git directory of ours that borrows their objects;
/// - what cannot be looked at is work;
/// - nothing of them is written.
/// </summary>
internal sealed class RepositoriesBelow(CheckoutGit git, IFileSystem files)
{
    private const int MostListed = 5;

    private static readonly string[] Plain = ["core.untrackedCache=false", "core.splitIndex=false", "core.sparseCheckout=false", "core.bare=false"];

    /// <summary>What is found below a worktree.</summary>
    /// <param name="entry">git's record of it.</param>
    /// <param name="root">Its files.</param>
    internal WorkBelow Look(AdminEntry entry, string root)
    {
        var below = TreeBelow.Of(root, files);
        if (below.IsEmpty)
        {
            return WorkBelow.None;
        }

        var findings = new List<string>();
        var checkouts = new List<(string, string)>();
        var judged = new HashSet<string>(StringComparer.Ordinal);
        foreach (var store in Untracked(entry, root, below.Stores))
        {
            Add(store, store, null);
        }

        foreach (var folder in below.Checkouts)
        {
            if (Find(folder) is not { } found)
            {
                continue;
            }

            if (found.Common(files) is var common && common != found.GitDirectory && !NestedRepository.IsBelow(common, root) && Belongs(found, folder))
            {
                checkouts.Add((Path.GetRelativePath(root, folder), common));
            }
            else
            {
                Add(folder, NestedRepository.IsBelow(found.GitDirectory, root) && common == found.GitDirectory ? found.GitDirectory : null, found);
            }
        }

        findings.AddRange(below.Unreadable.Select(folder => $"{Path.GetRelativePath(root, folder)} (cannot be read)"));
        return new WorkBelow(findings, checkouts);

        void Add(string folder, string? store, NestedRepository? checkout)
        {
            List<string> what = [.. store is null || !judged.Add(store) ? [] : OwnCommits(new NestedRepository(store), root), .. checkout is null ? [] : Uncommitted(checkout, folder)];
            if (what.Count > 0)
            {
                findings.Add($"{Path.GetRelativePath(root, folder)} ({string.Join("; ", what)})");
            }
        }
    }

    /// <summary>Repositories below a folder that hold commits which no remote of theirs has, one line each; folders that cannot be looked into, too.</summary>
    internal IReadOnlyList<string> OnlyHere(AdminEntry entry, string root)
    {
        var below = TreeBelow.Of(root, files);
        var stores = Untracked(entry, root, below.Stores).Concat(below.Checkouts.Select(Find).OfType<NestedRepository>().Select(found => found.Common(files)).Where(store => NestedRepository.IsBelow(store, root)));
        return
        [
            .. stores.Distinct(StringComparer.Ordinal).Select(store => (Name: Path.GetRelativePath(root, store), What: OwnCommits(new NestedRepository(store), null)))
                .Where(one => one.What.Count > 0).Select(one => $"{one.Name} ({string.Join("; ", one.What)})"),
            .. below.Unreadable.Select(folder => $"{Path.GetRelativePath(root, folder)} (cannot be read)"),
        ];
    }

    /// <summary>The repository that a folder is a checkout of; null where it is none, as when its git directory is gone.</summary>
    internal NestedRepository? Find(string folder)
    {
        var dot = Path.Join(folder, ".git");
        var place = files.KindOf(dot) switch
        {
            FileKind.Folder => dot,
            FileKind.Link => files.FileInfo.New(dot).LinkTarget is { } target ? Path.GetFullPath(target, folder) : null,
            FileKind.Regular => AdminEntry.Pointer(folder, files),
            _ => null,
        };
        var isOne = place is not null && (NestedRepository.IsGitDirectory(place, files) || files.File.Exists(Path.Join(place, "commondir")) || (place == dot && HoldsAnything(dot)));
        return isOne ? new NestedRepository(place!) : null;
    }

    /// <summary>Which of some commits no remote of a repository has, as far as can be told; newest first.</summary>
    internal IReadOnlyList<string> Unshared(NestedRepository repository, IReadOnlyCollection<string> made, IReadOnlyCollection<string> remote)
    {
        if (made.Count == 0 || made.All(remote.Contains))
        {
            return [];
        }

        using var scratch = new ScratchStore(repository.Common(files));
        var input = string.Concat(made.Select(hash => hash + "\n").Concat(remote.Select(hash => $"^{hash}\n")));
        return git.Run(new GitCall("log", "--no-show-signature", "--format=%h %s", $"--max-count={MostListed + 1}", "--ignore-missing", "--stdin")
        {
            Directory = repository.GitDirectory,
            GitDirectory = Borrower(repository, scratch),
            Variables = scratch.Variables,
            Input = Encoding.UTF8.GetBytes(input),
        }).Require("looking at commits").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private List<string> OwnCommits(NestedRepository repository, string? root)
    {
        try
        {
            var found = new List<string>();
            foreach (var one in repository.Modules(files).Prepend(repository))
            {
                var (made, remote) = one.Commits(files);
                if (Unshared(one, made, remote) is { Count: > 0 } commits)
                {
                    found.Add($"commits that no remote of it has{(one == repository ? string.Empty : $" in {Path.GetRelativePath(repository.GitDirectory, one.GitDirectory)}")}: {Listed(commits)}");
                }
            }

            if (root is not null && repository.CheckoutsElsewhere(root, files) is { Count: > 0 } elsewhere)
            {
                found.Add($"checkouts that belong to it: {Listed(elsewhere)}");
            }

            return found;
        }
        catch (Exception fault) when (IsUnreadable(fault))
        {
            return [Unreadable(fault)];
        }
    }

    private List<string> Uncommitted(NestedRepository repository, string folder)
    {
        try
        {
            using var scratch = new ScratchStore(repository.Common(files));
            var borrower = Borrower(repository, scratch);
            var index = Path.Join(repository.GitDirectory, "index");
            var hasIndex = files.FileInfo.New(index) is { Exists: true, Length: > 0 };
            if (hasIndex)
            {
                CopyIndex(index, borrower);
                ShowHidden(borrower, folder, scratch);
            }

            var changes = WorktreeChanges.Parse(In(borrower, folder, scratch, null, "status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignored=no", "--ignore-submodules=dirty", "--no-renames")
                .Require("looking at files").Members);

            // A clone without a checkout has no index: nothing was deleted there.
            var all = (hasIndex ? changes.Staged.Concat(changes.Modified).Concat(changes.Conflicted) : []).Concat(changes.Untracked).Distinct(StringComparer.Ordinal).ToList();
            return all.Count == 0 ? [] : [$"uncommitted: {Listed(all)}"];
        }
        catch (Exception fault) when (IsUnreadable(fault))
        {
            return [Unreadable(fault)];
        }
    }

    // Files that git was told not to look at are looked at all the same; the index is a copy.
    private void ShowHidden(string borrower, string folder, ScratchStore scratch)
    {
        var flagged = In(borrower, folder, scratch, null, "ls-files", "-v", "-z").Require("looking at files").Members.Where(member => char.IsAsciiLetterLower(member[0]) || member[0] == 'S').Select(member => member[2..])
            .Where(path => files.KindOf(Path.Join(folder, path)) != FileKind.None).ToList();
        if (flagged.Count > 0)
        {
            var paths = Encoding.UTF8.GetBytes(string.Concat(flagged.Select(path => path + "\0")));
            In(borrower, folder, scratch, paths, "update-index", "--no-assume-unchanged", "-z", "--stdin").Require("looking at files");
            In(borrower, folder, scratch, paths, "update-index", "--no-skip-worktree", "-z", "--stdin").Require("looking at files");
        }
    }

    private GitAnswer In(string borrower, string folder, ScratchStore scratch, byte[]? input, params string[] arguments) =>
        git.Run(new GitCall(arguments) { Directory = folder, GitDirectory = borrower, WorkTree = folder, Settings = Plain, Variables = scratch.Variables, Input = input ?? [] });

    private void CopyIndex(string index, string borrower)
    {
        var folder = Path.GetDirectoryName(index)!;
        ScratchStore.Take(folder, Path.GetFileName(index), Path.Join(borrower, "index"));
        foreach (var shared in files.Directory.EnumerateFiles(folder, "sharedindex.*").Select(Path.GetFileName).OfType<string>())
        {
            ScratchStore.Take(folder, shared, Path.Join(borrower, shared));
        }
    }

    // A git directory of ours: it has the HEAD, the ignore patterns and the objects of the other one, and no setting that starts anything.
    private string Borrower(NestedRepository repository, ScratchStore scratch)
    {
        var place = scratch.Place("borrower");
        files.Directory.CreateDirectory(Path.Join(place, "refs"));
        files.Directory.CreateDirectory(Path.Join(place, "info"));
        ScratchStore.Put(Path.Join(place, "HEAD"), (repository.Head(files) ?? "ref: refs/heads/unborn") + "\n");
        ScratchStore.Put(Path.Join(place, "config"), repository.Configuration(files));
        foreach (var name in new[] { "shallow", Path.Join("info", "exclude") })
        {
            ScratchStore.Take(repository.Common(files), name, Path.Join(place, name));
        }

        return place;
    }

    // One whose files are all in the index of the worktree is shown by its git as what it is.
    private IEnumerable<string> Untracked(AdminEntry entry, string root, IReadOnlyList<string> stores)
    {
        if (stores.Count == 0)
        {
            return [];
        }

        string[] heads = [.. stores.Select(store => $":(top,literal){Path.Join(Path.GetRelativePath(root, store), "HEAD")}")];
        var tracked = git.Run(git.In(entry, root, ["ls-files", "-z", "--", .. heads])).Members.Select(head => Path.Join(root, Path.GetDirectoryName(head))).ToHashSet(StringComparer.Ordinal);
        return stores.Where(store => !tracked.Contains(store));
    }

    private bool Belongs(NestedRepository checkout, string folder) => new AdminEntry(string.Empty, checkout.GitDirectory).NamesWorktree(files) is { } named && AdminEntry.SamePath(named, folder);

    private bool HoldsAnything(string folder)
    {
        try
        {
            return files.Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static bool IsUnreadable(Exception fault) => fault is IOException or UnauthorizedAccessException or Refusal { Code: RefusalCode.GitFailed };

    private static string Unreadable(Exception fault) => $"cannot be read: {fault.Message}";

    private static string Listed(IReadOnlyList<string> items) =>
        string.Join(", ", items.Take(MostListed)) + (items.Count > MostListed ? " and more" : string.Empty);
}
