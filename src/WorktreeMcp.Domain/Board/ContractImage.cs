using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Board;

/// <summary>A contract as it stands in its task's file; absent members where there is nothing to say.</summary>
internal static class ContractImage
{
    private const int MostTail = 8_000;

    internal static readonly IReadOnlyList<string> Keys = ["acceptance", "verify", "verify_unread", "scope", "proof", "waiver"];

    internal static void Write(TaskContract contract, JsonObject members)
    {
        members["acceptance"] = contract.Acceptance.Count == 0 ? null : new JsonArray([.. contract.Acceptance.Select(Members)]);
        members["verify"] = contract.Verify;
        members["verify_unread"] = contract.IsVerifyUnread ? true : null;
        members["scope"] = contract.Scope.Count == 0 ? null : new JsonArray([.. contract.Scope.Select(glob => JsonValue.Create(glob))]);
        members["proof"] = contract.Proof is not { } proof ? null : new JsonObject
        {
            ["command"] = proof.Command,
            ["commit"] = proof.Commit,
            ["exit_code"] = proof.ExitCode,
            ["by"] = proof.By,
            ["at"] = proof.At,
            ["tail"] = proof.Tail,
            ["tip"] = proof.Tip,
        };
        members["waiver"] = contract.Waiver is not { } waiver ? null : new JsonObject { ["by"] = waiver.By, ["at"] = waiver.At, ["reason"] = waiver.Reason };
    }

    internal static TaskContract Read(JsonObject json)
    {
        if (!Keys.Any(json.ContainsKey))
        {
            return TaskContract.None;
        }

        var members = new CheckedMembers(json);
        var acceptance = members.Objects("acceptance", Criterion);
        var scope = json["scope"] is null ? [] : json["scope"] is JsonArray globs ? globs.Select(glob => glob.Text() ?? string.Empty).ToList() : throw members.Fault("scope", "is no list");
        return new TaskContract
        {
            Acceptance = acceptance.Count <= ContractRules.MostCriteria ? acceptance : throw members.Fault("acceptance", $"has more than {ContractRules.MostCriteria} criteria"),
            Verify = members.Text("verify", ContractRules.IsCommand, "is no command"),
            Scope = scope.Count <= ContractRules.MostGlobs && scope.TrueForAll(ContractRules.IsGlob) ? scope : throw members.Fault("scope", "holds what is no path within the repository"),
            IsVerifyUnread = members.Flag("verify_unread"),
            Proof = members.Object("proof", Proof),
            Waiver = members.Object("waiver", inner => new ContractWaiver(
                inner.Required("by", by => by.Length <= TaskRules.NameLength, "is too long"), inner.Time("at") ?? 0, inner.Required("reason", reason => reason.Length <= ContractRules.ReasonLength, "is too long"))),
        };
    }

    private static JsonObject Members(Criterion criterion)
    {
        var members = new JsonObject { ["text"] = criterion.Text };
        if (criterion.MetAt is not null)
        {
            (members["met_by"], members["met_at"]) = (criterion.MetBy, criterion.MetAt);
        }

        return members;
    }

    private static Criterion Criterion(CheckedMembers members) =>
        new(members.Required("text", ContractRules.IsCriterion, "is no criterion"), members.AnyText("met_by"), members.Time("met_at"));

    private static VerifyProof Proof(CheckedMembers members) => new(
        members.Required("command", ContractRules.IsCommand, "is no command"),
        members.Required("commit", commit => PlainValues.IsObjectId(commit, null), "is no commit"),
        (int?)members.Integer("exit_code", int.MinValue, int.MaxValue),
        members.AnyText("by") ?? string.Empty,
        members.Time("at") ?? 0,
        members.Text("tail", tail => tail.Length <= MostTail, "is too long"))
    {
        Tip = members.Text("tip", tip => PlainValues.IsObjectId(tip, null), "is no commit"),
    };
}
