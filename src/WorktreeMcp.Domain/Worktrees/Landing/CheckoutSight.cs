using WorktreeMcp.Domain.Git;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>What lies in a checkout that was on its way from one commit to another.</summary>
/// <param name="From">Where it was.</param>
/// <param name="To">Where it was to go.</param>
/// <param name="IsIndexNew">Whether the index holds the new files, all of them.</param>
/// <param name="IsIndexOld">Whether the index holds the old ones, all of them.</param>
/// <param name="Behind">Files that are as they were before, only begun, or missing although they should be there.</param>
/// <param name="Ours">Files that hold what git wrote on the way, a beginning of that, or nothing where it had just taken the old file away.</param>
/// <param name="Files">All that differ between the two.</param>
internal sealed record CheckoutSight(
    string From, string To, bool IsIndexNew, bool IsIndexOld, IReadOnlyList<ChangedFile> Behind, IReadOnlyList<ChangedFile> Ours, IReadOnlyList<ChangedFile> Files)
{
    /// <summary>Whether it is where it was to go; what a person changed since does not count.</summary>
    internal bool HasArrived => IsIndexNew && Behind.Count == 0;

    /// <summary>Whether nothing of the way is there.</summary>
    internal bool IsUntouched => !IsIndexMoved && Ours.Count == 0;

    /// <summary>Whether the index would have to be put back.</summary>
    internal bool IsIndexMoved => IsIndexNew && !IsIndexOld;
}
