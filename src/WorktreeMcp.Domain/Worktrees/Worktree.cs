using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>Where a worktree stands.</summary>
public enum WorktreeState
{
    /// <summary>It is being made; work in it is not possible yet.</summary>
    [JsonStringEnumMemberName("creating")]
    Creating,

    /// <summary>Somebody works in it.</summary>
    [JsonStringEnumMemberName("active")]
    Active,

    /// <summary>Closed for now; the directory stays.</summary>
    [JsonStringEnumMemberName("kept")]
    Kept,

    /// <summary>It is being taken down.</summary>
    [JsonStringEnumMemberName("removing")]
    Removing,

    /// <summary>It waits in the trash.</summary>
    [JsonStringEnumMemberName("removed")]
    Removed,

    /// <summary>It is being brought back from the trash.</summary>
    [JsonStringEnumMemberName("restoring")]
    Restoring,

    /// <summary>What waited in the trash is being deleted for good.</summary>
    [JsonStringEnumMemberName("emptying")]
    Emptying,
}

/// <summary>The words for these states.</summary>
internal static class WorktreeWords
{
    private static readonly string[] States = ["creating", "active", "kept", "removing", "removed", "restoring", "emptying"];

    /// <summary>The word for a state.</summary>
    /// <param name="state">The state.</param>
    /// <returns>snake_case.</returns>
    public static string Word(this WorktreeState state) => States[(int)state];

    internal static WorktreeState? State(string? word) => Array.IndexOf(States, word) is >= 0 and var index ? (WorktreeState)index : null;
}

/// <summary>Where a removed worktree waits.</summary>
/// <param name="Path">Its files, relative to the root where possible; null when there were none.</param>
/// <param name="AdminId">Name of git's record there; null when there was none.</param>
/// <param name="Tip">The commit its HEAD was at.</param>
/// <param name="Before">The state it was in.</param>
/// <param name="CompleteTask">While it is being removed: whether its task is completed with that, whoever finishes it.</param>
public sealed record TrashedWorktree(string? Path, string? AdminId, string? Tip, WorktreeState Before, bool CompleteTask = false)
{
    /// <summary>The full name of the branch that its HEAD was on; null when it was on none.</summary>
    public string? Head { get; init; }

    /// <summary>The commit that its own branch was at, so that the branch can be made again.</summary>
    public string? BranchTip { get; init; }

    /// <summary>Why it was kept, if it was, so that this is known again once it is restored.</summary>
    public string? KeptReason { get; init; }

    /// <summary>Unix seconds; null in entries that do not say.</summary>
    public double? RemovedAt { get; init; }

    /// <summary>What its removal took along; null where nobody noted that.</summary>
    public RemovalTook? Took { get; init; }

    /// <summary>While it is being restored: what it was called, if it is to have another name.</summary>
    public RemovedAs? Was { get; init; }
}

/// <summary>What a removed worktree was called.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Its folder, relative to the root.</param>
/// <param name="AdminId">The name of git's record of it.</param>
public sealed record RemovedAs(string Name, string Path, string? AdminId);

/// <summary>A command that was begun in a worktree and whose end is not recorded yet.</summary>
/// <param name="Id">Tells it from others.</param>
/// <param name="Command">Its text, cut.</param>
/// <param name="By">Who runs it.</param>
/// <param name="StartedAt">Unix seconds.</param>
/// <param name="Kind">What it is for: "command" when somebody asked for it, else such as "setup".</param>
public sealed record BegunRun(string Id, string Command, string By, double StartedAt, string Kind = BegunRun.Asked)
{
    /// <summary>The kind of a run that somebody asked for.</summary>
    internal const string Asked = "command";

    /// <summary>The kind of the repository's own setup.</summary>
    internal const string Setup = "setup";
}

/// <summary>One entry of the registry: where something is done. Transitions return a new entry; they do no I/O.</summary>
public sealed record Worktree
{
    /// <summary>Its number, for ever; names are used again, numbers are not.</summary>
    public required int Id { get; init; }

    /// <summary>Its name, and that of its folder.</summary>
    public required string Name { get; init; }

    /// <summary>Its folder, relative to the root.</summary>
    public required string Path { get; init; }

    /// <summary>Its branch, without <c>refs/heads/</c>.</summary>
    public required string Branch { get; init; }

    /// <summary>What it started from by name; null when that was a detached HEAD.</summary>
    public string? BaseRef { get; init; }

    /// <summary>The commit it started from.</summary>
    public string? BaseCommit { get; init; }

    /// <summary>Name of git's record of it.</summary>
    public string? AdminId { get; init; }

    /// <summary>The task it serves, or null.</summary>
    public int? TaskId { get; init; }

    /// <summary>Where it stands.</summary>
    public WorktreeState Status { get; init; }

    /// <summary>Whether its branch was made for it; only such a branch is ever deleted.</summary>
    public bool BranchCreated { get; init; }

    /// <summary>Why it was kept or removed.</summary>
    public string? Reason { get; init; }

    /// <summary>While it is being made: the prepared checkout that becomes it, or null.</summary>
    internal string? Spare { get; init; }

    /// <summary>While it is being made: the claim of its task that was taken with the intent, by its number; null when there was none to take.</summary>
    internal int? ClaimEpoch { get; init; }

    /// <summary>Commands that run in it, or ran when their server died; whoever finds such a one records its end.</summary>
    public IReadOnlyList<BegunRun> Runs { get; init; } = [];

    /// <summary>How the repository's setup commands fared in it; null when none ran.</summary>
    public SetupState? Setup { get; init; }

    /// <summary>The first of its ten ports; null until a command needs them.</summary>
    public int? Ports { get; init; }

    /// <summary>A landing of its branch that is under way, or that a server began that is gone; whoever finds it settles it.</summary>
    public PendingLanding? Landing { get; init; }

    /// <summary>What of it landed last, or null.</summary>
    public LandedWork? Landed { get; init; }

    /// <summary>Where it waits once it is removed.</summary>
    public TrashedWorktree? Trash { get; init; }

    /// <summary>Unix seconds.</summary>
    public double CreatedAt { get; init; }

    /// <summary>Unix seconds of the last step of its life.</summary>
    public double UpdatedAt { get; init; }

    /// <summary>Keys in the file that are not ours; they survive every rewrite.</summary>
    internal JsonObject? Extra { get; init; }

    /// <summary>Whether its name is in use.</summary>
    public bool IsLive => Status is not (WorktreeState.Removed or WorktreeState.Emptying);

    /// <summary>Whether its folder is there to work in.</summary>
    public bool IsUsable => Status is WorktreeState.Active or WorktreeState.Kept;
}
