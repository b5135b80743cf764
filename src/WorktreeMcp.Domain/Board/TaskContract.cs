namespace WorktreeMcp.Domain.Board;

/// <summary>Something that must be so before a task is done.</summary>
/// <param name="Text">What must be so.</param>
/// <param name="MetBy">Who said that it is, or null.</param>
/// <param name="MetAt">When, in unix seconds; null while it is open.</param>
public sealed record Criterion(string Text, string? MetBy = null, double? MetAt = null);

/// <summary>How the verify command ended last: it proves something of exactly this command and this commit.</summary>
/// <param name="Command">The command.</param>
/// <param name="Commit">The commit that was checked out for it.</param>
/// <param name="ExitCode">Its exit code; null when it did not end by itself.</param>
/// <param name="By">Who had it run.</param>
/// <param name="At">When it ended, in unix seconds.</param>
/// <param name="Tail">The end of what it wrote, where it failed.</param>
public sealed record VerifyProof(string Command, string Commit, int? ExitCode, string By, double At, string? Tail = null)
{
    /// <summary>The head of the branch whose work it was; null where that is the commit itself.</summary>
    public string? Tip { get; init; }

    /// <summary>Whether it succeeded.</summary>
    public bool HasPassed => ExitCode == 0;
}

/// <summary>A person's word that a task may be completed although its contract is not met.</summary>
/// <param name="By">Who.</param>
/// <param name="At">When, in unix seconds.</param>
/// <param name="Reason">Why.</param>
public sealed record ContractWaiver(string By, double At, string Reason);

/// <summary>What a task is held to: it is not completed before.</summary>
public sealed record TaskContract
{
    /// <summary>No contract.</summary>
    public static TaskContract None { get; } = new();

    /// <summary>What must be so.</summary>
    public IReadOnlyList<Criterion> Acceptance { get; init; } = [];

    /// <summary>The command that must pass; null for the repository's own, if there is one.</summary>
    public string? Verify { get; init; }

    /// <summary>Whether the command came with the file, so that nobody has given it here: it is shown and does not run.</summary>
    public bool IsVerifyUnread { get; init; }

    /// <summary>Which files it means to change; empty for any.</summary>
    public IReadOnlyList<string> Scope { get; init; } = [];

    /// <summary>How the command ended last, or null.</summary>
    public VerifyProof? Proof { get; init; }

    /// <summary>Who waived it, or null.</summary>
    public ContractWaiver? Waiver { get; init; }

    /// <summary>
    /// What counts of it when the file was not written here, or by a hand since: no hand can say that a command passed or that a person was asked at a
    /// terminal, and none has a command run.
    /// </summary>
    /// <param name="before">As it was written here last.</param>
    internal TaskContract ByHand(TaskContract before) => this with
    {
        Proof = Proof == before.Proof ? Proof : null,
        Waiver = Waiver == before.Waiver ? Waiver : null,
        IsVerifyUnread = Verify is not null && (before.IsVerifyUnread || Verify != before.Verify),
    };
}

/// <summary>Where the work of a task stands when it is to be completed; told by who knows worktrees.</summary>
/// <param name="Commits">The commits that are its work: what landed, or the head of its branch.</param>
/// <param name="DefaultVerify">What must pass where the task itself says nothing; null for nothing.</param>
internal sealed record FinishedWork(IReadOnlyList<string> Commits, string? DefaultVerify)
{
    /// <summary>Nobody knows of any.</summary>
    internal static FinishedWork Unknown { get; } = new([], null);

    /// <summary>Whether the command is still to run before anything happens, so that only the rest is asked for.</summary>
    internal bool IsYetToBeVerified { get; init; }
}
