using System.Text.Json.Serialization;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Looking;

namespace WorktreeMcp.Server.Wire;

/// <summary>How a difference is shown.</summary>
public enum DiffFormat
{
    /// <summary>Files with counts of lines.</summary>
    [JsonStringEnumMemberName("stat")]
    Stat,

    /// <summary>The text of the change.</summary>
    [JsonStringEnumMemberName("patch")]
    Patch,
}

/// <summary>A file that a worktree changes; without counts it is binary.</summary>
public sealed record DifferenceRow(string Path, string? OldPath, string Change, int? Added, int? Deleted, bool? Binary, bool? Uncommitted)
{
    internal static DifferenceRow From(FileDifference file) =>
        new(file.Path, file.OldPath, file.Change, file.Added, file.Deleted, (file.Added is null).OrNull(), file.Uncommitted.OrNull());
}

/// <summary>Answer of worktree_diff.</summary>
public sealed record WorktreeDiffed(
    string Worktree, string Path, string? BaseRef, string BaseCommit, string? Head, int Files, int Added, int Deleted, IReadOnlyList<DifferenceRow> Changes,
    string? Patch, long? PatchBytes, string? NextCursor, IReadOnlyList<string>? NotCompared, IReadOnlyList<string>? Notes, string? Omitted, bool? Done, string? Next)
{
    private const int MostRows = 100;
    private const int RowBytes = 9_000;
    private const int RowBytesWithPatch = 4_000;
    private const int MostNames = 20;
    private const int NameBytes = 2_000;

    internal static WorktreeDiffed From(WorktreeDifference difference, Onward onward)
    {
        var size = 0;
        var most = difference.Patch is null ? RowBytes : RowBytesWithPatch;
        var fitting = difference.Files.TakeWhile(file => (size += CutText.Size(file.Path) + CutText.Size(file.OldPath ?? string.Empty) + 90) <= most).Count();
        var rows = CutText.Of(difference.Files, Math.Min(MostRows, fitting));
        var names = CutText.Of(difference.TooLarge, MostNames, NameBytes);
        return new WorktreeDiffed(
            difference.Worktree.Name, difference.Directory, difference.Worktree.BaseRef, difference.Base, difference.Head, difference.Files.Count,
            difference.Files.Sum(file => file.Added ?? 0), difference.Files.Sum(file => file.Deleted ?? 0),
            [.. rows.Items.Select(DifferenceRow.From)],
            difference.Patch, difference.Patch is null ? null : difference.PatchBytes, difference.NextCursor, names.Items.Count == 0 ? null : names.Items,
            difference.Notes.Count == 0 ? null : CutText.Of(difference.Notes, MostNames, NameBytes).Items,
            Omission.Of("path shows one folder at a time", (rows.Omitted, "files"), (names.Omitted, "files over 10 MB")),
            onward.Done(), onward.Next());
    }
}

/// <summary>How a verify command ended.</summary>
public sealed record VerifiedRun(string Command, int? ExitCode, double DurationSeconds);

/// <summary>Answer of worktree_merge; commit is where into stands now.</summary>
public sealed record WorktreeMerged(
    WorktreeEntry Worktree, TaskBrief? Task, bool? Already, string Into, LandingStrategy Strategy, string Commit, string Before, int Commits, int Files, string? CheckoutMoved,
    VerifiedRun? Verified, bool? BranchMoved, bool? Removed, string? TrashPath, bool? BranchDeleted, IReadOnlyList<string>? Notes, IReadOnlyList<int>? NowReady, string? Warning, bool? Done, string? Next)
{
    private const int NoteBytes = 1_500;

    internal static WorktreeMerged From(LandingResult landed, string? command, Onward onward)
    {
        var step = landed.Removal?.Step ?? landed.Step;
        return new WorktreeMerged(
            WorktreeEntry.Known(step.Worktree), TaskBrief.Known(step.Task ?? landed.Step.Task), landed.Step.Already.OrNull(), landed.Into, landed.Strategy, landed.To, landed.From,
            landed.Commits, landed.Files, landed.Checkout,
            landed.Verified is null ? null : new VerifiedRun(CutText.Of(command ?? string.Empty, 200), landed.Verified.ExitCode, Slim.Took(landed.Verified.DurationSeconds)),
            landed.BranchMoved.OrNull(), (landed.Removal is not null).OrNull(), landed.Removal?.TrashDirectory, landed.Removal?.BranchDeleted,
            landed.Notes.Count == 0 ? null : [.. landed.Notes.Select(note => CutText.Of(ToolWords.Of(note), NoteBytes))],
            landed.Step.NowReady.OrNull(), landed.Step.Warning ?? landed.Removal?.Step.Warning, onward.Done(), onward.Next());
    }
}

/// <summary>Two worktrees that touch the same files; would_conflict is missing when it cannot be told.</summary>
public sealed record OverlapRow(
    string Left, string Right, bool? WouldConflict, IReadOnlyList<string>? Conflicts, IReadOnlyList<string> Files, int FileCount, IReadOnlyList<string>? NotCompared)
{
    private const int Most = 8;
    private const int MostBytes = 500;

    internal static OverlapRow From(WorktreeOverlap pair)
    {
        var conflicts = CutText.Of(pair.Conflicts ?? [], Most, MostBytes).Items;
        var large = CutText.Of(pair.TooLarge, Most, MostBytes).Items;
        return new OverlapRow(
            pair.Left, pair.Right, pair.Conflicts is null ? null : pair.Conflicts.Count > 0, conflicts.Count == 0 ? null : conflicts,
            CutText.Of(pair.Files, Most, MostBytes).Items, pair.Files.Count, large.Count == 0 ? null : large);
    }
}

/// <summary>A worktree that would conflict with its base.</summary>
public sealed record BaseOverlapRow(string Worktree, string Base, IReadOnlyList<string>? Conflicts, int? ConflictCount)
{
    private const int Most = 8;
    private const int MostBytes = 500;

    internal static BaseOverlapRow From(BaseOverlap overlap) =>
        new(overlap.Name, overlap.Base, overlap.Conflicts is null ? null : CutText.Of(overlap.Conflicts, Most, MostBytes).Items, overlap.Conflicts?.Count);
}

/// <summary>Answer of worktree_conflicts; pairs that would conflict come first.</summary>
public sealed record ConflictsForetold(
    int Worktrees, int Conflicting, IReadOnlyList<OverlapRow>? Pairs, IReadOnlyList<BaseOverlapRow>? WithBase, IReadOnlyList<string>? NotRead, string? Omitted, bool? Done, string? Next)
{
    private const int RowBytes = 14_000;
    private const int BaseBytes = 4_000;

    internal static ConflictsForetold From(ConflictForecast forecast, Onward onward)
    {
        var size = 0;
        var pairs = CutText.Of(
            forecast.Pairs.Select(OverlapRow.From).ToList(),
            forecast.Pairs.Select(OverlapRow.From).TakeWhile(row => (size += 120 + SizeOf(row.Conflicts) + SizeOf(row.Files) + SizeOf(row.NotCompared)) <= RowBytes).Count());
        size = 0;
        var bases = CutText.Of(
            forecast.WithBase.Select(BaseOverlapRow.From).ToList(),
            forecast.WithBase.Select(BaseOverlapRow.From).TakeWhile(row => (size += 120 + SizeOf(row.Conflicts)) <= BaseBytes).Count());
        var notRead = CutText.Of(forecast.NotRead, 10, 2_000);
        return new ConflictsForetold(
            forecast.Worktrees, forecast.Pairs.Count(pair => pair.Conflicts is { Count: > 0 }), pairs.Items.OrNull(), bases.Items.OrNull(), notRead.Items.OrNull(),
            Omission.Of("name shows one worktree against the others", (pairs.Omitted, "pairs"), (bases.Omitted, "worktrees that conflict with their base"), (notRead.Omitted, "that could not be read")),
            onward.Done(), onward.Next());
    }

    private static int SizeOf(IReadOnlyList<string>? names) => names?.Sum(name => CutText.Size(name) + 3) ?? 0;
}
