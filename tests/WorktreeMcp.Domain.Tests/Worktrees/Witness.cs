using LibGit2Sharp;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>
/// What a repository or a worktree is in the eyes of an implementation of git that shares no code with git: it reads the same files and starts nothing.
/// It knows nothing of what was before it was asked. It is asked only where it is known to be right, so not of repositories with SHA-256, replaced
/// objects, filters, sparse checkouts, split indexes or repositories within them, and not of how a merge ends.
/// </summary>
internal sealed class Witness(string directory) : IDisposable
{
    private readonly LibGit2Sharp.Repository _seen = new(directory);

    /// <summary>The branch that HEAD is on; null when it is on none.</summary>
    internal string? Branch => _seen.Info.IsHeadDetached ? null : _seen.Head.FriendlyName;

    /// <summary>The commit that HEAD is at.</summary>
    internal string Head => _seen.Head.Tip.Sha;

    /// <summary>Every branch of the repository.</summary>
    internal IReadOnlyList<string> Branches => [.. _seen.Branches.Where(branch => !branch.IsRemote).Select(branch => branch.FriendlyName).Order(StringComparer.Ordinal)];

    /// <summary>Every ref below <c>refs/</c> with the object it points to.</summary>
    internal IReadOnlyList<string> Refs => [.. _seen.Refs.FromGlob("refs/*").Select(one => $"{one.CanonicalName} {one.ResolveToDirectReference().TargetIdentifier}").Order(StringComparer.Ordinal)];

    /// <summary>The worktrees that have a record.</summary>
    internal IReadOnlyList<string> Worktrees => [.. _seen.Worktrees.Select(one => one.Name).Order(StringComparer.Ordinal)];

    /// <summary>Whether nothing differs between HEAD, the index and the files.</summary>
    internal bool IsClean => !_seen.RetrieveStatus().IsDirty;

    /// <summary>What is staged, changed or not known, each with how.</summary>
    internal IReadOnlyList<string> Uncommitted =>
        [.. _seen.RetrieveStatus().Where(file => file.State != FileStatus.Ignored).Select(file => $"{file.FilePath} {file.State}").Order(StringComparer.Ordinal)];

    /// <summary>The index: each entry with its mode and content.</summary>
    internal IReadOnlyList<string> Staged => [.. _seen.Index.Select(entry => $"{entry.Path} {entry.Mode} {entry.Id.Sha} {entry.StageLevel}").Order(StringComparer.Ordinal)];

    public void Dispose() => _seen.Dispose();

    /// <summary>The commit that a name stands for.</summary>
    internal string At(string name) => Commit(name).Sha;

    /// <summary>The whole message of a commit.</summary>
    internal string Message(string name) => Commit(name).Message.TrimEnd('\n');

    /// <summary>The parents of a commit.</summary>
    internal IReadOnlyList<string> Parents(string name) => [.. Commit(name).Parents.Select(parent => parent.Sha)];

    /// <summary>How many commits one has and the other lacks, the reverse, and where they parted.</summary>
    internal (int Ahead, int Behind, string? Base) Between(string one, string other)
    {
        var between = _seen.ObjectDatabase.CalculateHistoryDivergence(Commit(one), Commit(other));
        return (between.AheadBy!.Value, between.BehindBy!.Value, between.CommonAncestor?.Sha);
    }

    /// <summary>The commits that one has and the other lacks, newest first.</summary>
    internal IReadOnlyList<string> Commits(string of, string without) =>
        [.. _seen.Commits.QueryBy(new CommitFilter { IncludeReachableFrom = Commit(of), ExcludeReachableFrom = Commit(without), SortBy = CommitSortStrategies.Topological }).Select(commit => commit.Sha)];

    /// <summary>The files that differ between two commits, each with how.</summary>
    internal IReadOnlyList<string> Changed(string from, string to)
    {
        using var changes = _seen.Diff.Compare<TreeChanges>(Commit(from).Tree, Commit(to).Tree);
        return [.. changes.Select(file => $"{Word(file.Status)} {file.Path}").Order(StringComparer.Ordinal)];
    }

    /// <summary>The text of a file in a commit; null when it has none of that path.</summary>
    internal string? Text(string name, string path) => (Commit(name)[path]?.Target as Blob)?.GetContentText();

    /// <summary>Whether a ref keeps a commit from being collected.</summary>
    internal bool Holds(string sha) =>
        _seen.Refs.FromGlob("refs/*").Select(one => Commit(one.CanonicalName)).Any(held => _seen.ObjectDatabase.FindMergeBase(held, Commit(sha))?.Sha == sha);

    private static string Word(ChangeKind kind) => kind switch
    {
        ChangeKind.Added => "added",
        ChangeKind.Deleted => "deleted",
        ChangeKind.Modified => "modified",
        ChangeKind.Renamed => "renamed",
        ChangeKind.TypeChanged => "type_changed",
        _ => kind.ToString(),
    };

    private Commit Commit(string name) => _seen.Lookup(name)?.Peel<Commit>() ?? throw new InvalidOperationException($"There is no commit {name} in {_seen.Info.Path}.");
}
