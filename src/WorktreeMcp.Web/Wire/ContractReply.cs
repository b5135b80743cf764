using WorktreeMcp.Domain.Board;

namespace WorktreeMcp.Web.Wire;

/// <summary>A criterion, and who said that it is met.</summary>
internal sealed record CriterionReply(string Text, string? MetBy);

/// <summary>How the command ended last.</summary>
internal sealed record ProofReply(bool Passed, string Commit, int? Exit, double At, string? Tail);

/// <summary>Who waived the contract.</summary>
internal sealed record WaivedReply(string By, double At, string Reason);

/// <summary>What a task is held to.</summary>
internal sealed record ContractReply(IReadOnlyList<CriterionReply> Acceptance, IReadOnlyList<string> Scope)
{
    /// <summary>The command that its work must pass.</summary>
    public string? Verify { get; init; }

    /// <summary>Whether that command came with the file, so that nobody runs it.</summary>
    public bool? Unread { get; init; }

    /// <summary>How it ended last.</summary>
    public ProofReply? Proof { get; init; }

    /// <summary>Who waived it.</summary>
    public WaivedReply? Waived { get; init; }

    internal static ContractReply? Of(TaskContract contract) => contract == TaskContract.None ? null : new(
        [.. contract.Acceptance.Select(one => new CriterionReply(one.Text, one.MetAt is null ? null : one.MetBy ?? string.Empty))], contract.Scope)
    {
        Verify = contract.Verify,
        Unread = contract.IsVerifyUnread ? true : null,
        Proof = contract.Proof is { } proof ? new ProofReply(proof.HasPassed, proof.Commit, proof.ExitCode, proof.At, proof.Tail) : null,
        Waived = contract.Waiver is { } waiver ? new WaivedReply(waiver.By, waiver.At, waiver.Reason) : null,
    };
}
