using WorktreeMcp.Domain.Board;

namespace WorktreeMcp.Server.Wire;

/// <summary>What must be so before a task is done; met_by is there once it is.</summary>
public sealed record CriterionRow(int Number, string Text, string? MetBy)
{
    private const int TextBytes = 300;
    private const int VerifyBytes = 500;
    private const int ScopeBytes = 500;

    internal static IReadOnlyList<CriterionRow>? From(TaskContract contract, string rest) => contract.Acceptance.Count == 0 ? null :
        [.. contract.Acceptance.Select((one, at) => new CriterionRow(at + 1, CutText.Of(one.Text, TextBytes, rest), one.MetAt is null ? null : one.MetBy ?? "somebody"))];

    internal static string? Verify(TaskContract contract) => contract.Verify is { } verify ? CutText.Of(verify, VerifyBytes, "its file has all of it") : null;

    internal static IReadOnlyList<string>? Scope(TaskContract contract) => contract.Scope.Count == 0 ? null : CutText.Of(contract.Scope, contract.Scope.Count, ScopeBytes).Items;
}

/// <summary>How the verify command ended last, and at which commit.</summary>
public sealed record VerifiedRow(string Commit, int? ExitCode, long At)
{
    internal static VerifiedRow? From(VerifyProof? proof) => proof is null ? null : new(proof.Commit, proof.ExitCode, Slim.Seconds(proof.At));
}

/// <summary>Which person waived the contract, and why.</summary>
public sealed record WaivedRow(string By, long At, string Reason)
{
    internal static WaivedRow? From(ContractWaiver? waiver) => waiver is null ? null : new(waiver.By, Slim.Seconds(waiver.At), waiver.Reason);
}
