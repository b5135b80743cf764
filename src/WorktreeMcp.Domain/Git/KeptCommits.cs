using System.Globalization;
using System.IO.Abstractions;
using System.Runtime.InteropServices;
using System.Text;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// What nothing else holds, under refs of ours: <c>kept</c> for good, <c>trash</c> as long as a removed worktree waits. The names are
/// nobody else's: a lock file there is that of a git of ours which was killed, now or earlier, and is taken away so that no later one fails on it.
/// </summary>
internal sealed class KeptCommits(CheckoutGit git, RepositoryPlace place, IFileSystem files, RefReader refs, Func<Head> mainHead)
{
    private const string Place = "refs/worktree-mcp/kept/";
    private const string Waiting = "refs/worktree-mcp/trash/";
    private const string WhileItWaits = "kept while its worktree is in the trash";
    private const string Submodule = "160000";
    private const int MostParents = 100;

    /// <summary>
    /// Lets a ref hold those of these commits that no branch, tag, remote branch or other kept ref holds; one that several
    /// stand on has them as parents.
    /// </summary>
    internal void Keep(IEnumerable<string> commits, int id, LeftLocks locks, SafeHandle guard)
    {
        if (Lonely(commits, besides: null, id, guard) is { } tip)
        {
            Hold($"{Place}{id}", tip, "kept from the trash", locks, guard).Require("keeping commits");
        }
    }

    /// <summary>The same for a branch that is about to be deleted, with all that its log holds: what was amended or reset away.</summary>
    internal void KeepBranch(string branch, IEnumerable<string> commits, int id, LeftLocks locks, SafeHandle guard)
    {
        if (Lonely(commits, branch, id, guard) is { } tip)
        {
            KeepTip(tip, id, locks, guard).Require("keeping commits");
        }
    }

    // The commit that all those stand under which nothing else holds; several get one on top of them.
    private string? Lonely(IEnumerable<string> commits, string? besides, int id, SafeHandle guard)
    {
        var asked = commits.Where(RefReader.IsHash).Distinct().ToList();
        if (asked.Count == 0)
        {
            return null;
        }

        string[] held =
        [
            .. besides is null ? [] : new[] { $"--exclude={besides}" }, "--branches", "--tags", "--remotes", $"--glob={Place}*", .. mainHead().Commit is { } main ? [main] : Array.Empty<string>(),
        ];
        var listed = git.Run(git.At(["rev-list", "--parents", "--ignore-missing", "--stdin", "--not", .. held]) with
        {
            Input = Encoding.UTF8.GetBytes(string.Concat(asked.Select(commit => commit + "\n"))),
        }).Require("looking for commits that nothing else holds").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToList();
        var parents = listed.SelectMany(line => line.Skip(1)).ToHashSet();
        var found = listed.Select(line => line[0]).ToHashSet();
        var tips = asked.Where(commit => found.Contains(commit) && !parents.Contains(commit)).ToList();
        while (tips.Count > 1)
        {
            tips = [.. tips.Chunk(MostParents).Select(some => some.Length == 1 ? some[0] : Joined(some, $"{some[0]}^{{tree}}", id, guard))];
        }

        return tips.Count == 0 ? null : tips[0];
    }

    /// <summary>
    /// Lets a ref hold a tip that a branch is about to leave. A reflog holds it too, but a person's gc overlooks that of a record
    /// which is renamed at that moment.
    /// </summary>
    internal GitAnswer KeepTip(string tip, int id, LeftLocks locks, SafeHandle guard) => Hold($"{Place}{id}-{tip[..12]}", tip, "kept when its branch left it", locks, guard);

    /// <summary>Whether a removed worktree's ref is there.</summary>
    internal bool IsHeld(int id) => refs.Resolve($"{Waiting}{id}") is not null;

    /// <summary>
    /// Lets a ref hold everything that git's record of a worktree names: the files that are staged in its index, conflicts too, and every
    /// commit of its HEAD, its logs, its own refs and what it is in the middle of. git may then forget the record.
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="id">The worktree's number.</param>
    /// <param name="more">Commits beside those.</param>
    /// <param name="isClean">Whether git has just said that its index is the commit of its HEAD.</param>
    /// <param name="locks">For the lock that a killed git left on the ref.</param>
    /// <param name="guard">What git inherits.</param>
    internal void KeepRecord(AdminEntry record, int id, IReadOnlyList<string> more, bool isClean, LeftLocks locks, SafeHandle guard)
    {
        var tips = record.Tips(files).Concat(more).Where(AdminEntry.IsCommit).Distinct().ToList();
        var staged = isClean ? [] : Staged(record).Where(AdminEntry.IsCommit).Distinct().ToList();
        if (tips.Count == 0 && staged.Count == 0)
        {
            return;
        }

        if (tips is [var only] && staged.Count == 0 && ((isClean && TryWrite(id, only)) || Hold($"{Waiting}{id}", only, WhileItWaits, locks, guard).Succeeded))
        {
            return;
        }

        var commits = record.Commits(files).Concat(more).Where(AdminEntry.IsCommit).Distinct().ToList();
        if (Whole(commits, staged, id, guard) is { } target)
        {
            Hold($"{Waiting}{id}", target, WhileItWaits, locks, guard).Require("keeping what a removed worktree holds");
        }
    }

    /// <summary>The numbers of all removed worktrees that something is held for, needed or not.</summary>
    internal IReadOnlyList<int> Held() =>
        [.. git.Run(git.At("for-each-ref", "--format=%(refname)", Waiting)).Require("reading refs of ours").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(name => int.TryParse(name[Waiting.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0)];

    /// <summary>Lets go of what removed worktrees held. What stays for now costs nothing but the room of what it holds.</summary>
    internal void Release(IReadOnlyList<int> ids, LeftLocks locks, SafeHandle guard)
    {
        var names = ids.Where(IsHeld).Select(id => $"{Waiting}{id}").ToList();
        if (names.Count > 0)
        {
            names.ForEach(name => locks.FreeOurs(name));
            git.Run(git.At("update-ref", "--stdin") with { Input = Encoding.UTF8.GetBytes(string.Concat(names.Select(name => $"delete {name}\n"))), Guards = [guard] });
        }
    }

    // Objects in the index that the commit of HEAD does not hold. An index that git cannot read holds nothing for it.
    private List<string> Staged(AdminEntry record)
    {
        if (files.KindOf(Path.Join(record.Directory, "index")) != FileKind.Regular)
        {
            return [];
        }

        var differing = git.Run(In("diff-index", "--cached", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=none", "-z", "HEAD", "--"));
        if (!differing.Succeeded)
        {
            return Listed("-s");
        }

        var changed = ChangedFile.Parse(RawPath.Members(differing));
        return [.. changed.Where(file => file.After.Mode != Submodule).Select(file => file.After.Hash), .. changed.Any(file => file.Status == 'U') ? Listed("-u") : []];

        // Mode, object and stage of each.
        List<string> Listed(string which) => git.Run(In("ls-files", which, "-z")) is { Succeeded: true } listed
            ? [.. RawPath.Members(listed).Select(line => line.Split(' ', 3)).Where(fields => fields[0] != Submodule).Select(fields => fields[1])]
            : [];

        GitCall In(params string[] arguments) => git.OfRecord(record, arguments);
    }

    // A tree of the staged files under numbers, and a commit of that and of all commits.
    private string? Whole(List<string> commits, List<string> staged, int id, SafeHandle guard)
    {
        var kinds = Kinds(commits.Concat(staged));
        var (whole, blobs) = (commits.Where(commit => kinds.GetValueOrDefault(commit) == "commit").ToList(), staged.Where(blob => kinds.GetValueOrDefault(blob) == "blob").ToList());
        if (whole.Count == 0 && blobs.Count == 0)
        {
            return null;
        }

        var lines = string.Concat(blobs.Select((blob, number) => string.Create(CultureInfo.InvariantCulture, $"100644 blob {blob}\t{number}\0")));
        var tree = git.Run(git.At("mktree", "-z") with { Input = Encoding.UTF8.GetBytes(lines), Guards = [guard] }).Require("keeping staged files").Text;
        while (whole.Count > MostParents)
        {
            whole = [.. whole.Chunk(MostParents).Select(some => Joined(some, tree, id, guard))];
        }

        return Joined([.. whole], tree, id, guard);
    }

    private Dictionary<string, string> Kinds(IEnumerable<string> objects)
    {
        var asked = git.Run(git.At("cat-file", "--batch-check=%(objectname) %(objecttype)") with
        {
            Input = Encoding.UTF8.GetBytes(string.Concat(objects.Distinct().Select(one => one + "\n"))),
        });
        return asked.Require("looking for what a worktree holds").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1]);
    }

    // As git writes one, which takes longer to start than all of this: the lock file, the disk, the rename. Only for a commit that git has just read.
    private bool TryWrite(int id, string commit)
    {
        var name = $"{id}";
        try
        {
            using var folder = HeldFolder.Make(roots: null, Path.Join(place.CommonDirectory, Waiting));
            using (var file = folder.MakeFile($"{name}.lock"))
            {
                HeldFolder.Write(file, Encoding.ASCII.GetBytes(commit + "\n"), 0, Path.Join(folder.Path, name));
                Posix.Sync(file, folder.Path);
            }

            folder.Replace($"{name}.lock", folder, name);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Then git does it, or says why not; a lock that is left is freed as that of a git.
            return false;
        }
    }

    private GitAnswer Hold(string name, string commit, string words, LeftLocks locks, SafeHandle guard)
    {
        locks.FreeOurs(name);
        var answer = Run();
        if (answer.ExitCode is null)
        {
            locks.FreeOurs(name);
            answer = Run();
        }

        return answer;

        GitAnswer Run() => git.Run(git.At("update-ref", "-m", words, name, commit) with { Guards = [guard] });
    }

    private string Joined(string[] commits, string tree, int id, SafeHandle guard)
    {
        var identity = new Dictionary<string, string>
        {
            ["GIT_AUTHOR_NAME"] = "worktree-mcp",
            ["GIT_AUTHOR_EMAIL"] = "worktree-mcp",
            ["GIT_COMMITTER_NAME"] = "worktree-mcp",
            ["GIT_COMMITTER_EMAIL"] = "worktree-mcp",
        };
        string[] parents = [.. commits.SelectMany(commit => new[] { "-p", commit })];
        return git.Run(git.At(["commit-tree", .. parents, "-m", $"Kept from removed worktree {id}", tree]) with
        {
            Guards = [guard],
            Variables = identity,
        }).Require("keeping commits").Text;
    }
}
