using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Refusals;

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
/// - files are read only by calls that know their checkout, and never through a link; no diff driver runs.
/// </summary>
internal sealed class TrialTrees(CheckoutGit git, RepositoryPlace place)
{
    /// <summary>Files beyond this size are known by name only.</summary>
    internal const long LargestFile = 10 * 1024 * 1024;

    private static readonly string[] IndexOfItsOwn = ["core.splitIndex=false", "core.untrackedCache=false", "core.safecrlf=false", "index.threads=1"];

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
    /// <param name="entry">git's record.</param>
    /// <param name="directory">Its files.</param>
    /// <param name="repositories">Takes the folders that are repositories of their own, whose files are not listed.</param>
    internal IReadOnlyList<UncommittedFile> Uncommitted(AdminEntry entry, string directory, ICollection<string>? repositories = null)
    {
        var answer = git.Run(git.In(entry, directory, "status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignored=no", CheckoutGit.NotInNested, "--no-renames"));
        var members = RawPath.Members(answer.Require($"reading the status of {directory}"));
        foreach (var folder in repositories is null ? [] : members.Where(member => member is ['?', .., '/']))
        {
            repositories!.Add(RawPath.Readable(folder[2..^1]));
        }

        return UncommittedFile.Parse(members);
    }

    /// <summary>The worktree as it is now.</summary>
    internal WorktreeSnapshot Snapshot(AdminEntry entry, string directory, string? head, IReadOnlyList<UncommittedFile> uncommitted, ScratchStore scratch)
    {
        if (uncommitted.Count == 0 && head is not null)
        {
            return new WorktreeSnapshot(head, head, [], []);
        }

        var variables = scratch.WithIndex(out var index);
        ScratchStore.Take(entry.Directory, "index", index);
        var large = uncommitted.Where(file => !file.Gone && IsLarge(directory, file.Path)).ToList();
        Update("--force-remove", uncommitted.Where(file => file.Gone || (file.Conflicted && large.Contains(file))));
        Update("--add", uncommitted.Where(file => !file.Gone).Except(large));
        var tree = Ask(default, "write-tree").Text;
        return new WorktreeSnapshot(head, tree, uncommitted, [.. large.Select(file => file.Path)]);

        void Update(string how, IEnumerable<UncommittedFile> changed)
        {
            var paths = RawPath.List(changed.Select(file => file.Raw));
            if (paths.Length > 0)
            {
                Ask(paths, "update-index", how, "--remove", "--replace", "-z", "--stdin");
            }
        }

        GitAnswer Ask(ReadOnlyMemory<byte> input, params string[] arguments) =>
            git.Run(git.In(entry, directory, arguments) with { Variables = variables, Scratch = [scratch.Folder], Settings = IndexOfItsOwn, Input = input }).Require($"reading what is uncommitted in {directory}");
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
        Merged(git.Run(MergeCall(ours, theirs) with { Variables = scratch.Variables }));

    /// <summary>The same for good: what is merged goes into the repository.</summary>
    /// <param name="ours">The commit that is merged into.</param>
    /// <param name="theirs">The commit that is merged.</param>
    /// <param name="guard">A lock that guards what is written.</param>
    internal TrialMerge? Merge(string ours, string theirs, SafeHandle guard)
    {
        var answer = git.Run(MergeCall(ours, theirs) with { Guards = [guard] });
        return Merged(answer) ?? (!PartialClone.IsMissing(answer.Error) ? null : throw new Refusal(
            RefusalCode.GitFailed,
            $"git cannot merge {theirs[..12]} into {ours[..12]}: this is a partial clone, and content that it has not fetched is needed: {answer.ErrorInOneLine}",
            $"A person fetches it with: {PartialClone.FetchForMerge(place.CommonDirectory, MergeBase(ours, theirs), ours, theirs)}. Then repeat the call."));
    }

    private GitCall MergeCall(string ours, string theirs) =>
        git.At("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs) with { Settings = ["merge.renormalize=false"] };

    private static TrialMerge? Merged(GitAnswer answer) => answer switch
    {
        { ExitCode: 0 or 1, Members: [var tree, .. var conflicts] } => new TrialMerge(tree, [.. conflicts.Distinct(StringComparer.Ordinal)]),
        _ => null,
    };

    /// <summary>Applies what one commit changed on top of another.</summary>
    /// <param name="commit">The commit; it has one parent.</param>
    /// <param name="parent">Its parent.</param>
    /// <param name="onto">The commit it is put on.</param>
    /// <param name="guard">A lock that guards what is written.</param>
    internal TrialMerge? CherryPick(string commit, string parent, string onto, SafeHandle guard)
    {
        // A child of the parent that has the tree of the other side: so the parent is where the two part.
        var side = CommitOf($"{onto}^{{tree}}", parent, new Dictionary<string, string>());
        return Merge(side, commit, guard);
    }

    /// <summary>Files that differ between two trees or commits.</summary>
    internal IReadOnlyList<ChangedFile> Changed(string from, string to, ScratchStore? scratch = null) =>
        ChangedFile.Parse(RawPath.Members(Run(scratch, ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", .. Plain, from, to]).Require("comparing two trees")));

    /// <summary>The same with renames and counts of lines, for people.</summary>
    internal IReadOnlyList<ChangedFile> Compare(string from, string to, string? path, ScratchStore scratch) =>
        ChangedFile.Parse(RawPath.Members(Diff(scratch, path, "-z", "--raw", "--no-abbrev", "--numstat", "-M", from, to)));

    /// <summary>The difference of two trees as a patch; binary files are named only.</summary>
    internal byte[] Patch(string from, string to, string? path, ScratchStore scratch) => Diff(scratch, path, "-p", "-M", "--src-prefix=a/", "--dst-prefix=b/", from, to).Output;

    /// <summary>Whether two commits have the same files.</summary>
    internal bool HaveSameTree(string one, string other) =>
        Run(null, "rev-parse", $"{one}^{{tree}}", $"{other}^{{tree}}").Require("reading two commits").Text.Split('\n') is [var tree, var others] && tree == others;

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

    private GitAnswer Diff(ScratchStore scratch, string? path, params string[] arguments)
    {
        string[] paths = path is null ? [] : [$":(top,literal){path}"];
        return Run(scratch, ["diff-tree", "-r", .. Plain, .. arguments, "--", .. paths]).Require("comparing with the base");
    }

    private string CommitOf(string tree, string? parent, IReadOnlyDictionary<string, string> variables)
    {
        string[] parents = parent is null ? [] : ["-p", parent];
        return git.Run(git.At(["commit-tree", tree, .. parents, "-m", "snapshot"]) with { Variables = variables.Concat(Nobody).ToDictionary() }).Require("making a trial commit").Text;
    }

    private static bool IsLarge(string directory, string path)
    {
        using var file = CheckoutFiles.Open(directory, path);
        return file?.Length > LargestFile;
    }

    private GitAnswer Run(ScratchStore? scratch, params string[] arguments) =>
        git.Run(git.At(arguments) with { Variables = scratch?.Variables ?? new Dictionary<string, string>() });
}
