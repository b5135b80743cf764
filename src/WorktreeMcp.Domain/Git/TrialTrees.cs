using System.IO.Abstractions;
using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Git;

/// <summary>What a merge that touches no checkout came to.</summary>
/// <param name="Tree">The merged tree; with conflicts it holds their markers.</param>
/// <param name="Conflicts">Files with conflicts; empty when there are none.</param>
internal sealed record TrialMerge(string Tree, IReadOnlyList<string> Conflicts);

/// <summary>A worktree as it is at one moment, uncommitted and untracked files included.</summary>
/// <param name="Head">The commit its HEAD is at; null on a branch without one.</param>
/// <param name="Tree">A tree, or a commit, with all that is in it.</param>
/// <param name="Uncommitted">Files with uncommitted work.</param>
/// <param name="TooLarge">Those of them that are known by name only.</param>
internal sealed record WorktreeSnapshot(string? Head, string Tree, IReadOnlyList<UncommittedFile> Uncommitted, IReadOnlyList<string> TooLarge);

/// <summary>
/// Compares and merges trees beside every checkout. Invariants:
/// - neither a worktree nor its index is written; what is uncommitted goes through a copy of the index into a scratch store;
/// - no program of a repository's settings runs: no diff or merge driver, no filter of the repository's own.
/// </summary>
internal sealed class TrialTrees(GitCommand git, RepositoryPlace place, IFileSystem files)
{
    /// <summary>Files beyond this size are known by name only.</summary>
    internal const long LargestFile = 10 * 1024 * 1024;

    private static readonly string[] IndexOfItsOwn = ["core.splitIndex=false", "core.untrackedCache=false", "core.safecrlf=false", "index.threads=1"];

    /// <summary>Names of settings that name a merge driver, as a pattern.</summary>
    internal const string MergeDrivers = @"merge\..*\.driver";

    private static readonly string[] Plain = ["--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none"];

    private static readonly Dictionary<string, string> Nobody = new()
    {
        ["GIT_AUTHOR_NAME"] = "worktree-mcp",
        ["GIT_AUTHOR_EMAIL"] = "worktree-mcp",
        ["GIT_COMMITTER_NAME"] = "worktree-mcp",
        ["GIT_COMMITTER_EMAIL"] = "worktree-mcp",
    };

    /// <summary>A store for trials, to be disposed after them.</summary>
    internal ScratchStore Scratch() => new(place.CommonDirectory);

    /// <summary>Where two commits parted; null when they have nothing in common.</summary>
    internal string? MergeBase(string left, string right)
    {
        if (left == right)
        {
            return left;
        }

        var answer = Run(null, "merge-base", left, right);
        return answer.ExitCode == 1 ? null : answer.Require("looking for where two branches parted").Text;
    }

    /// <summary>Files with uncommitted work.</summary>
    internal IReadOnlyList<UncommittedFile> Uncommitted(AdminEntry entry, string directory, ScratchStore? scratch = null)
    {
        var answer = git.Run(In(entry, directory, "status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignored=no", "--no-renames") with { Settings = Once(scratch, "filters", FiltersOff) });
        return UncommittedFile.Parse(RawPath.Members(answer.Require($"reading the status of {directory}")));
    }

    /// <summary>The worktree as it is now.</summary>
    internal WorktreeSnapshot Snapshot(AdminEntry entry, string directory, string? head, IReadOnlyList<UncommittedFile> uncommitted, ScratchStore scratch)
    {
        if (uncommitted.Count == 0 && head is not null)
        {
            return new WorktreeSnapshot(head, head, [], []);
        }

        // Writing an index reads files again that were changed in the same moment, so each of these calls may run filters.
        string[] settings = [.. IndexOfItsOwn, .. Once(scratch, "filters", FiltersOff)];
        var variables = scratch.WithIndex(out var index);
        var original = Path.Join(entry.Directory, "index");
        if (files.File.Exists(original))
        {
            files.File.Copy(original, index);
        }

        var large = uncommitted.Where(file => !file.Gone && IsLarge(Path.Join(directory, file.Path))).ToList();
        Update("--force-remove", uncommitted.Where(file => file.Gone || (file.Conflicted && large.Contains(file))));
        Update("--add", uncommitted.Where(file => !file.Gone).Except(large));
        var tree = git.Run(In(entry, directory, "write-tree") with { Variables = variables, Settings = settings }).Require($"reading what is uncommitted in {directory}").Text;
        return new WorktreeSnapshot(head, tree, uncommitted, [.. large.Select(file => file.Path)]);

        void Update(string how, IEnumerable<UncommittedFile> changed)
        {
            var paths = RawPath.List(changed.Select(file => file.Raw));
            if (paths.Length > 0)
            {
                git.Run(In(entry, directory, "update-index", how, "--remove", "--replace", "-z", "--stdin") with { Variables = variables, Settings = settings, Input = paths })
                    .Require($"reading what is uncommitted in {directory}");
            }
        }
    }

    /// <summary>A commit of a snapshot, so that it can be merged; nobody's work and on no branch.</summary>
    internal string CommitOf(WorktreeSnapshot snapshot, ScratchStore scratch) => snapshot.Tree == snapshot.Head
        ? snapshot.Tree
        : CommitOf(snapshot.Tree, snapshot.Head, scratch.Variables);

    /// <summary>Merges two commits for a look. Null when they have nothing in common, or this git cannot tell.</summary>
    /// <param name="ours">The commit that is merged into.</param>
    /// <param name="theirs">The commit that is merged.</param>
    /// <param name="scratch">Where the merged files go.</param>
    internal TrialMerge? Merge(string ours, string theirs, ScratchStore scratch) =>
        Merged(MergeCall(ours, theirs, scratch.Once("drivers", MergeDriversOff)) with { Variables = scratch.Variables });

    /// <summary>The same for good: what is merged goes into the repository.</summary>
    /// <param name="ours">The commit that is merged into.</param>
    /// <param name="theirs">The commit that is merged.</param>
    /// <param name="habits">What is set about merging.</param>
    /// <param name="guard">A lock that guards what is written.</param>
    internal TrialMerge? Merge(string ours, string theirs, CommitHabits habits, SafeHandle guard) =>
        Merged(MergeCall(ours, theirs, habits.DriversOff) with { Guards = [guard] });

    private GitCall MergeCall(string ours, string theirs, IReadOnlyList<string> driversOff) =>
        Call("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs) with { Settings = [.. driversOff, "merge.renormalize=false"] };

    private TrialMerge? Merged(GitCall call) => git.Run(call) switch
    {
        { ExitCode: 0 or 1, Members: [var tree, .. var conflicts] } => new TrialMerge(tree, [.. conflicts.Distinct(StringComparer.Ordinal)]),
        _ => null,
    };

    /// <summary>Applies what one commit changed on top of another.</summary>
    /// <param name="commit">The commit; it has one parent.</param>
    /// <param name="parent">Its parent.</param>
    /// <param name="onto">The commit it is put on.</param>
    /// <param name="habits">What is set about merging.</param>
    /// <param name="guard">A lock that guards what is written.</param>
    internal TrialMerge? CherryPick(string commit, string parent, string onto, CommitHabits habits, SafeHandle guard)
    {
        // A child of the parent that has the tree of the other side: so the parent is where the two part.
        var side = CommitOf($"{onto}^{{tree}}", parent, new Dictionary<string, string>());
        return Merge(side, commit, habits, guard);
    }

    /// <summary>Files that differ between two trees or commits.</summary>
    internal IReadOnlyList<ChangedFile> Changed(string from, string to, ScratchStore? scratch = null) =>
        ChangedFile.Parse(RawPath.Members(Run(scratch, ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", .. Plain, from, to]).Require("comparing two trees")));

    /// <summary>The same with renames and counts of lines, for people.</summary>
    internal IReadOnlyList<ChangedFile> Compare(string from, string to, string? path, ScratchStore scratch) =>
        ChangedFile.Parse(RawPath.Members(Diff(scratch, path, "-z", "--raw", "--no-abbrev", "--numstat", "-M", from, to)));

    /// <summary>The difference of two trees as a patch; binary files are named only.</summary>
    internal byte[] Patch(string from, string to, string? path, ScratchStore scratch) => Diff(scratch, path, "-p", "-M", "--src-prefix=a/", "--dst-prefix=b/", from, to).Output;

    /// <summary>The tree of a commit.</summary>
    internal string TreeOf(string commit, ScratchStore? scratch = null) => Run(scratch, "rev-parse", "--verify", $"{commit}^{{tree}}").Require("reading a commit").Text;

    /// <summary>
    /// Whether each commit that one branch has and another lacks, or all of them as one, is in the other already with the
    /// same change.
    /// </summary>
    internal bool IsEquivalent(string tip, string mergeBase, string other)
    {
        using var scratch = Scratch();
        return AllThere(tip) || AllThere(CommitOf($"{tip}^{{tree}}", mergeBase, scratch.Variables));

        bool AllThere(string commit) =>
            Run(scratch, "cherry", other, commit).Require("looking for the same changes").Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).All(line => line.StartsWith('-'));
    }

    // Drivers of the repository would run inside the merge, and none at all is an error: git's own text merge stands in.
    internal static string[] DriversOff(IEnumerable<string> settings) =>
        [.. settings.Where(key => key.StartsWith("merge.", StringComparison.Ordinal) && key.EndsWith(".driver", StringComparison.Ordinal)).Select(key => $"{key}=git merge-file -q --marker-size=%L %A %O %B")];

    private static string[] Once(ScratchStore? scratch, string what, Func<string[]> read) => scratch?.Once(what, read) ?? read();

    private string[] MergeDriversOff() => DriversOff(Run(null, "config", "-z", "--name-only", "--get-regexp", $"^{MergeDrivers}$").Members);

    // Filters of the user and of the system are trusted; one of the repository's own would run in the server.
    private string[] FiltersOff()
    {
        var own = Run(null, "config", "-z", "--show-scope", "--name-only", "--get-regexp", @"^filter\..*\.(clean|smudge|process|required)$").Members.Chunk(2)
            .Where(pair => pair is ["local" or "worktree", _]).Select(pair => pair[1][..pair[1].LastIndexOf('.')]).Distinct(StringComparer.Ordinal);
        return [.. own.SelectMany(filter => new[] { $"{filter}.clean=", $"{filter}.smudge=", $"{filter}.process=", $"{filter}.required=false" })];
    }

    private GitAnswer Diff(ScratchStore scratch, string? path, params string[] arguments)
    {
        string[] paths = path is null ? [] : [$":(top,literal){path}"];
        return Run(scratch, ["diff-tree", "-r", .. Plain, .. arguments, "--", .. paths]).Require("comparing with the base");
    }

    private string CommitOf(string tree, string? parent, IReadOnlyDictionary<string, string> variables)
    {
        string[] parents = parent is null ? [] : ["-p", parent];
        return git.Run(Call(["commit-tree", tree, .. parents, "-m", "snapshot"]) with { Variables = variables.Concat(Nobody).ToDictionary() }).Require("making a trial commit").Text;
    }

    private bool IsLarge(string path)
    {
        var info = files.FileInfo.FromFileName(path);
        return info.Exists && !info.Attributes.HasFlag(FileAttributes.ReparsePoint) && info.Length > LargestFile;
    }

    private GitAnswer Run(ScratchStore? scratch, params string[] arguments) =>
        git.Run(Call(arguments) with { Variables = scratch?.Variables ?? new Dictionary<string, string>() });

    private GitCall Call(params string[] arguments) => new(arguments) { Directory = place.Root, GitDirectory = place.CommonDirectory };

    private static GitCall In(AdminEntry entry, string directory, params string[] arguments) =>
        new(arguments) { Directory = directory, GitDirectory = entry.Directory, WorkTree = directory };
}
