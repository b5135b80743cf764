using System.Text.Json.Serialization;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>How a branch is brought into its base.</summary>
public enum LandingStrategy
{
    /// <summary>A merge commit; the branch's commits stay as they are.</summary>
    [JsonStringEnumMemberName("merge")]
    Merge,

    /// <summary>One commit with all of it.</summary>
    [JsonStringEnumMemberName("squash")]
    Squash,

    /// <summary>Each commit again on top of the base.</summary>
    [JsonStringEnumMemberName("rebase")]
    Rebase,
}

/// <summary>A branch to be landed.</summary>
/// <param name="Name">The worktree's name.</param>
/// <param name="Into">The branch it goes into; null for the one it started from.</param>
/// <param name="Strategy">How.</param>
/// <param name="Message">The commit's message; null for one that names the task.</param>
/// <param name="VerifyCommand">What must succeed at the merged commit; null for nothing.</param>
/// <param name="Patience">How long to wait for other landings.</param>
/// <param name="CompleteTask">Whether its task is done with that.</param>
/// <param name="Remove">Whether the worktree is taken down afterwards.</param>
public sealed record LandingRequest(
    string Name, string? Into, LandingStrategy Strategy, string? Message, string? VerifyCommand, TimeSpan Patience, bool CompleteTask, bool Remove);

/// <summary>What a landing did.</summary>
/// <param name="Step">The worktree and its task afterwards.</param>
/// <param name="Into">The base branch.</param>
/// <param name="Strategy">How.</param>
/// <param name="From">Where the base was.</param>
/// <param name="To">Where it is now.</param>
/// <param name="Commits">How many commits of the branch landed.</param>
/// <param name="Files">How many files changed in the base.</param>
/// <param name="Checkout">The checkout that moved with the base; null when it is nowhere checked out.</param>
/// <param name="Verified">How the verify command ended; null without one.</param>
/// <param name="BranchMoved">Whether the worktree's branch was moved to what landed.</param>
/// <param name="Removal">What the removal left; null without one.</param>
/// <param name="Notes">What a person would want to know.</param>
public sealed record LandingResult(
    WorktreeStep Step, string Into, LandingStrategy Strategy, string From, string To, int Commits, int Files, string? Checkout, RunResult? Verified,
    bool BranchMoved, WorktreeRemoval? Removal, IReadOnlyList<Advice> Notes);
