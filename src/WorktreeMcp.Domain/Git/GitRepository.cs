using System.Globalization;
using System.IO.Abstractions;
using System.Runtime.InteropServices;
using System.Text;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Every git act by its meaning. Refs are resolved once and passed on as hashes; in a worktree git is always told its
/// admin entry and its directory, since a <c>.git</c> file that was rewritten would make git run what it names.
/// </summary>
internal sealed class GitRepository(CheckoutGit git, SettingFiles settings, RepositoryPlace place, IFileSystem files)
{
    private static readonly TimeSpan CheckoutLimit = TimeSpan.FromMinutes(30);

    private readonly RefReader _refs = new(place.CommonDirectory, files);
    private readonly FilteredFiles _filtered = new(git, place);
    private readonly NestedRepositories _nested = new(git, place, files);

    private readonly Lazy<(bool CanMerge, string Version)> _version = new(() =>
    {
        var words = git.Run(git.At("version") with { GitDirectory = null, Forbidden = null }).Text;
        var numbers = words.Replace("git version ", string.Empty, StringComparison.Ordinal).Split('.', ' ').Take(2).Select(n => int.TryParse(n, CultureInfo.InvariantCulture, out var number) ? number : 0).ToList();
        return (numbers is [var major, var minor] && (major > 2 || (major == 2 && minor >= 38)), words);
    });

    internal RefReader Refs => _refs;

    /// <summary>Compares and merges beside every checkout.</summary>
    internal TrialTrees Trials { get; } = new(git, place);

    /// <summary>How far commits are from each other.</summary>
    internal BranchDistances Distances => field ??= new(git, this, place, files);

    /// <summary>What a status depends on beside the worktree.</summary>
    internal StatusConditions Conditions => field ??= new(settings);

    /// <summary>Whether our folders stay out of commits.</summary>
    internal Exclusion Exclusion => field ??= new(git, place, settings, files);

    /// <summary>git's records of worktrees.</summary>
    internal WorktreeRecords Records { get; } = new(place, files);

    /// <summary>Files of a checkout that git alone does not fill.</summary>
    internal SubmodulesAndLfs Outside { get; } = new(git, place, files);

    /// <summary>Repositories that lie below a checkout.</summary>
    internal RepositoriesBelow Below { get; } = new(git, files);

    /// <summary>Gitlinks whose content does not come with a branch.</summary>
    internal LoneLinks LoneLinks => field ??= new(git, files, Below);

    /// <summary>What fills a checkout with files.</summary>
    internal Checkouts Checkouts => field ??= new(git, _filtered, IsSpecial);

    /// <summary>What a landing does.</summary>
    internal LandingGit Landing => field ??= new(git, _filtered, place, files);

    /// <summary>Commits that nothing but a ref of ours holds.</summary>
    internal KeptCommits Kept => field ??= new(git, place, files, _refs, MainHead);

    /// <summary>Runs git in checkouts.</summary>
    internal CheckoutGit InCheckouts => git;

    /// <summary>HEAD of the main checkout.</summary>
    internal Head MainHead() => _refs.ReadHead(place.CommonDirectory) ?? new Head(null, null);

    /// <summary>Resolves what a caller named to one commit, or null.</summary>
    internal string? ResolveCommit(string name)
    {
        var answer = Run("rev-parse", "--verify", "--quiet", "--end-of-options", $"{name}^{{commit}}");

        // "^main" succeeds too, and says "^" and a hash.
        return answer.Succeeded && RefReader.IsHash(answer.Text) ? answer.Text : null;
    }

    /// <summary>The name that a person has told git, or null.</summary>
    internal string? PersonsName() => Run("config", "user.name") is { Succeeded: true, Text: { Length: > 0 } name } ? name : null;

    /// <summary>Whether git takes this as the name of a branch.</summary>
    internal bool IsBranchName(string branch) => Run("check-ref-format", "--branch", branch).Succeeded;

    /// <summary>Names of local branches, for a refusal that names what exists.</summary>
    internal IReadOnlyList<string> Branches(int most) =>
        Run("for-each-ref", $"--count={most}", "--sort=-committerdate", "--format=%(refname:short)", "refs/heads").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Branches of remotes that go by a name here, as they are named here.</summary>
    internal IReadOnlyList<string> RemoteBranches(string branch) => IsBranchName(branch)
        ? Run("for-each-ref", "--count=3", "--format=%(refname:short)", $"refs/remotes/*/{branch}").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        : [];

    /// <summary>A branch that stands in the way of another because one is a folder of the other; null when none does.</summary>
    internal string? BranchClash(string branch)
    {
        for (var slash = branch.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = branch.IndexOf('/', slash + 1))
        {
            if (_refs.Resolve(BranchRef.Of(branch[..slash])) is not null)
            {
                return branch[..slash];
            }
        }

        var below = Path.Join(place.CommonDirectory, "refs", "heads", branch);
        return (files.Directory.Exists(below) && files.Directory.EnumerateFileSystemEntries(below).Any()) || _refs.AnyPackedBelow($"{BranchRef.Of(branch)}/")
            ? $"{branch}/..."
            : null;
    }

    /// <summary>Where a branch is checked out, or null; read from git's records, not from its listing.</summary>
    internal string? CheckedOutAt(string branch)
    {
        if (!place.IsBare && AdminEntry.HoldsBranch(place.CommonDirectory, branch, _refs, files))
        {
            return place.Root;
        }

        return Records.All()
            .Where(entry => !entry.IsTrash && AdminEntry.HoldsBranch(entry.Directory, branch, _refs, files))
            .Select(entry => entry.NamesWorktree(files) ?? entry.Directory)
            .FirstOrDefault();
    }

    /// <summary>Makes a branch that must not exist yet.</summary>
    internal GitAnswer CreateBranch(string branch, string commit, SafeHandle guard) =>
        git.Run(git.At("update-ref", "-m", BranchBirth.Words, BranchRef.Of(branch), commit, new string('0', commit.Length)) with { Guards = [guard] });

    /// <summary>The commit at which a branch was made for a worktree; null when its log tells another story, or nothing.</summary>
    internal string? BirthOf(string branch) => BranchBirth.Of(place.CommonDirectory, branch, files);

    /// <summary>Moves a ref only if it is still where it was; null for one that must not exist yet.</summary>
    internal GitAnswer MoveBranch(string name, string to, string? from, SafeHandle guard) =>
        git.Run(git.At("update-ref", "-m", "worktree-mcp: made in the sandbox", name, to, from ?? new string('0', to.Length)) with { Guards = [guard] });

    // Files of LFS are fetched side by side by a git that checks everything out itself.
    private bool IsSpecial(AdminEntry entry) => files.Directory.Exists(Path.Join(place.CommonDirectory, "lfs"))
        || new[] { place.CommonDirectory, entry.Directory }.Any(folder => files.File.Exists(Path.Join(folder, "info", "sparse-checkout")));

    /// <summary>Whether a commit is there with all it needs beyond another one.</summary>
    internal bool IsComplete(string commit, string? known) =>
        ResolveCommit(commit) == commit && Run(["rev-list", "--objects", "--quiet", commit, "--not", .. known is null ? ["--all"] : new[] { known }, "--"]).Succeeded;

    /// <summary>Checks a pack object by object and writes the index beside it.</summary>
    /// <returns>The pack's hash, or null when it is refused.</returns>
    internal string? IndexPack(string pack)
    {
        var answer = git.Run(git.At("index-pack", pack) with { Limit = CheckoutLimit });
        return answer.Succeeded && RefReader.IsHash(answer.Text) ? answer.Text : null;
    }

    /// <summary>Deletes a branch only if it still points at the commit that was judged.</summary>
    internal GitAnswer DeleteBranch(string branch, string commit, SafeHandle guard) =>
        git.Run(git.At("update-ref", "-d", BranchRef.Of(branch), commit) with { Guards = [guard] });

    /// <summary>Makes git's record of a worktree on an existing branch, without its files: 8 ms whatever its size.</summary>
    internal GitAnswer AddWorktree(string directory, string branch, SafeHandle guard)
    {
        // A rebase that waits in the trash still counts for git as a checkout of its branch.
        var forced = Records.All().Any(entry => entry.IsTrash && AdminEntry.HoldsBranch(entry.Directory, branch, _refs, files));
        string[] arguments = ["worktree", "add", "--no-checkout", "--quiet", .. forced ? ["--force"] : Array.Empty<string>(), "--end-of-options", directory, branch];
        return git.Run(git.At(arguments) with { GitDirectory = place.GitDirectory, Guards = [guard] });
    }

    /// <summary>What is uncommitted in a worktree.</summary>
    /// <param name="entry">git's record.</param>
    /// <param name="directory">Its files.</param>
    /// <param name="ignored">Whether what is ignored is listed too.</param>
    /// <param name="alone">Whether cores are free: with as many gits at work as there are cores, threads of its own cost git a sixteenth more.</param>
    /// <param name="cancel">Ends it.</param>
    internal WorktreeChanges Status(AdminEntry entry, string directory, bool ignored = false, bool alone = true, CancellationToken cancel = default)
    {
        var call = In(entry, directory,
            "status", "--porcelain=v2", "-z", "--untracked-files=all", ignored ? "--ignored=matching" : "--ignored=no", CheckoutGit.NotInNested, "--no-renames");
        var answer = git.Run(call with
        {
            Cancel = cancel,
            Settings = alone ? [] : ["core.preloadIndex=false"],
        });
        var changes = WorktreeChanges.Parse(answer.Require($"reading the status of {directory}").Members);
        var nested = _nested.Changed(entry, directory, cancel);
        return nested.Count == 0 ? changes : changes with { Modified = [.. changes.Modified.Union(nested, StringComparer.Ordinal)] };
    }

    /// <summary>Untracked files of the main checkout that match the patterns of a file, and nothing else's.</summary>
    internal IReadOnlyList<string> UntrackedMatching(string patterns) =>
        git.Run(git.In(new AdminEntry(string.Empty, place.CommonDirectory), place.Root, "ls-files", "--others", "--ignored", $"--exclude-from={patterns}", "-z"))
            .Require($"looking for the files that {patterns} names").Members;

    /// <summary>Which of some paths a worktree ignores and does not track.</summary>
    internal IReadOnlyList<string> IgnoredIn(AdminEntry entry, string directory, IReadOnlyList<string> paths)
    {
        if (paths.Count == 0)
        {
            return [];
        }

        var input = Encoding.UTF8.GetBytes(string.Concat(paths.Select(path => path + "\0")));
        var answer = git.Run(In(entry, directory, "check-ignore", "-z", "--stdin") with { Input = input });
        return answer.ExitCode == 1 ? [] : answer.Require("asking what a worktree ignores").Members;
    }

    /// <summary>
    /// Tracked files whose change git was told not to look for (assume-unchanged, skip-worktree) and that differ all the same.
    /// </summary>
    internal IReadOnlyList<string> HiddenChanges(AdminEntry entry, string directory)
    {
        // Hardly ever is there one, so a hundred thousand names are not made into texts to find that out.
        if (!HoldsFlagged(git.Run(In(entry, directory, "ls-files", "-v", "-z")).Require("looking for hidden changes").Output))
        {
            return [];
        }

        var listed = git.Run(In(entry, directory, "ls-files", "-v", "-s", "-z")).Require("looking for hidden changes").Members;
        var flagged = new List<(string Hash, string Path)>();
        foreach (var member in listed.Where(m => IsFlag(m[0])))
        {
            var tab = member.IndexOf('\t', StringComparison.Ordinal);
            var path = member[(tab + 1)..];
            if (files.File.Exists(Path.Join(directory, path)) || !CanBeAsked(path))
            {
                flagged.Add((member.Split(' ')[2], path));
            }
        }

        if (flagged.Count == 0)
        {
            return [];
        }

        var asked = flagged.Where(f => CanBeAsked(f.Path)).ToList();
        var input = Encoding.UTF8.GetBytes(string.Concat(asked.Select(f => f.Path + "\n")));
        var hashes = git.Run(In(entry, directory, "hash-object", "--stdin-paths") with { Input = input }).Require("looking for hidden changes").Text.Split('\n');
        return [.. flagged.Except(asked).Select(f => f.Path), .. asked.Where((f, i) => hashes[i] != f.Hash).Select(f => f.Path)];
    }

    private static bool HoldsFlagged(ReadOnlySpan<byte> listed)
    {
        foreach (var member in listed.Split((byte)0))
        {
            if (listed[member] is [var tag, ..] && IsFlag((char)tag))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsFlag(char tag) => char.IsAsciiLetterLower(tag) || tag == 'S';

    // A path that is no UTF-8, or that would be read as two lines or as quoted, counts as changed, which only refuses.
    private static bool CanBeAsked(string path) => !path.Contains('\n', StringComparison.Ordinal) && !path.StartsWith('"') && !path.Contains('\uFFFD', StringComparison.Ordinal);

    /// <summary>How many commits would be on no branch, tag, remote branch or main checkout any more if a branch went.</summary>
    internal int CommitsOnlyOn(string branch, string tip)
    {
        string[] head = MainHead().Commit is { } commit ? [commit] : [];
        var count = Run(["rev-list", "--count", tip, "--not", $"--exclude={branch}", "--branches", "--tags", "--remotes", .. head, "--"]).Require("counting commits").Text;
        return int.Parse(count, CultureInfo.InvariantCulture);
    }

    /// <summary>Rebuilds the index from HEAD without touching a file of the worktree.</summary>
    internal GitAnswer RebuildIndex(AdminEntry entry, string directory, SafeHandle guard)
    {
        var answer = git.Run(In(entry, directory, "read-tree", "HEAD") with { Guards = [guard] });
        return answer.Succeeded ? git.Run(In(entry, directory, "update-index", "-q", "--refresh") with { Guards = [guard] }) with { ExitCode = 0 } : answer;
    }

    /// <summary>Whether git can read the index of a worktree.</summary>
    internal bool IsIndexReadable(AdminEntry entry, string directory) => git.Run(In(entry, directory, "ls-files", "-z")).Succeeded;

    /// <summary>Local branches whose name begins so.</summary>
    internal IReadOnlyList<string> BranchesBelow(string prefix) =>
        [.. Run("for-each-ref", "--format=%(refname)", BranchRef.Of(prefix)).Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(name => name[BranchRef.Prefix.Length..])];

    /// <summary>The settings of the repository itself, as (scope, key, value); those of the user and the system are left out.</summary>
    internal IReadOnlyList<(string Scope, string Key, string Value)> OwnSettings()
    {
        var members = Run("config", "--list", "--show-scope", "-z").Require("reading git's configuration").Members;
        return [.. members.Chunk(2)
            .Where(pair => pair is ["local" or "worktree", _])
            .Select(pair => (pair[0], pair[1].Split('\n', 2)))
            .Select(pair => (pair.Item1, pair.Item2[0], pair.Item2.Length > 1 ? pair.Item2[1] : "true"))];
    }

    /// <summary>How many commits a commit has that another lacks, and the reverse.</summary>
    internal (int Ahead, int Behind) AheadBehind(string commit, string other)
    {
        if (commit == other)
        {
            return (0, 0);
        }

        var counts = Run("rev-list", "--left-right", "--count", "--end-of-options", $"{commit}...{other}").Require("counting commits").Text.Split('\t');
        return (int.Parse(counts[0], CultureInfo.InvariantCulture), int.Parse(counts[1], CultureInfo.InvariantCulture));
    }

    /// <summary>The newest commits that one commit has and another lacks.</summary>
    internal IReadOnlyList<CommitLine> CommitsNotIn(string commit, string other, int most) =>
        commit == other ? [] : Commits("log", "--no-show-signature", "--format=%H%x09%ct%x09%s", $"--max-count={most}", commit, "--not", other, "--");

    /// <summary>Commits that no branch, tag or remote branch holds.</summary>
    internal IReadOnlyList<CommitLine> CommitsOnNoRef(string commit, int most) =>
        Commits("log", "--no-show-signature", "--format=%H%x09%ct%x09%s", $"--max-count={most}", commit, "--not", "--branches", "--tags", "--remotes", "--");

    /// <summary>Files that would conflict if a commit were merged into another; null when this git cannot tell.</summary>
    internal IReadOnlyList<string>? PredictConflicts(string into, string commit)
    {
        using var scratch = Trials.Scratch();
        return Trials.Merge(into, commit, scratch)?.Conflicts;
    }

    /// <summary>Whether this git is new enough to merge beside every checkout, and what it calls itself.</summary>
    internal (bool CanMerge, string Version) Version => _version.Value;

    /// <summary>Refuses what only a git does that can merge beside every checkout.</summary>
    /// <param name="what">What was asked for, as the first words of the refusal.</param>
    internal void RequireMerge(string what)
    {
        if (!Version.CanMerge)
        {
            throw new Refusal(
                RefusalCode.GitFailed, $"{what} needs git 2.38 or newer; this is {Version.Version}.", "A person installs a newer git on the PATH of the server; everything else works with this one.");
        }
    }

    private List<CommitLine> Commits(params string[] arguments) =>
        [.. Run(arguments).Require("listing commits").Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t', 3))
            .Select(parts => new CommitLine(parts[0], parts[2], long.Parse(parts[1], CultureInfo.InvariantCulture)))];

    private GitAnswer Run(params string[] arguments) => git.Run(git.At(arguments));

    private GitCall In(AdminEntry entry, string directory, params string[] arguments) => git.In(entry, directory, arguments);
}
