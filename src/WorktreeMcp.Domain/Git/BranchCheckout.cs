namespace WorktreeMcp.Domain.Git;

/// <summary>Where a branch is checked out.</summary>
/// <param name="Entry">git's directory of that checkout; the common directory for the main one.</param>
/// <param name="Directory">Its files.</param>
internal sealed record BranchCheckout(AdminEntry Entry, string Directory);
