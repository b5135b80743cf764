using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Looking;

/// <summary>Two worktrees that touch the same files.</summary>
/// <param name="Left">The one that was made first.</param>
/// <param name="Right">The other.</param>
/// <param name="Files">Files that both touch, committed or not.</param>
/// <param name="Conflicts">Files in which a merge of the two would conflict; null when it cannot be told.</param>
/// <param name="TooLarge">Those of the files that are too large to be compared.</param>
public sealed record WorktreeOverlap(string Left, string Right, IReadOnlyList<string> Files, IReadOnlyList<string>? Conflicts, IReadOnlyList<string> TooLarge);

/// <summary>A worktree that would conflict with its base.</summary>
/// <param name="Name">The worktree.</param>
/// <param name="Base">Its base.</param>
/// <param name="Conflicts">The files; null when it cannot be told.</param>
public sealed record BaseOverlap(string Name, string Base, IReadOnlyList<string>? Conflicts);

/// <summary>What would collide.</summary>
/// <param name="Worktrees">How many worktrees were looked at.</param>
/// <param name="Pairs">Pairs that touch the same files, those with conflicts first.</param>
/// <param name="WithBase">Worktrees that would conflict with their base as it is now.</param>
/// <param name="NotRead">Worktrees that could not be looked at, with the reason.</param>
public sealed record ConflictForecast(int Worktrees, IReadOnlyList<WorktreeOverlap> Pairs, IReadOnlyList<BaseOverlap> WithBase, IReadOnlyList<string> NotRead);

/// <summary>
/// Foretells collisions of active worktrees, uncommitted work included, and writes nothing. First by the names of the files
/// that each touches; only where these overlap are the two really merged, in a scratch store.
/// </summary>
internal sealed class WorktreeConflicts(WorktreePlaces parts, TouchedNames touched)
{
    private static readonly ParallelOptions Width = new() { MaxDegreeOfParallelism = Math.Clamp(Environment.ProcessorCount, 2, 4) };

    internal ConflictForecast Forecast(IReadOnlyList<Worktree> all, string? name)
    {
        parts.Git.RequireMerge("Foretelling conflicts");

        var named = name is null ? null : WorktreeEntries.Require(all, name);
        using var scratch = parts.Git.Trials.Scratch();
        var (lanes, notRead) = Read([.. all.Where(w => w.Status == WorktreeState.Active || w == named).OrderBy(w => w.Id)], scratch);
        if (named is not null && lanes.All(lane => lane.Worktree != named))
        {
            parts.RequireIdentity(named);
            throw new Refusal(RefusalCode.GitFailed, notRead.FirstOrDefault(line => line.StartsWith($"{named.Name}:", StringComparison.Ordinal)) ?? $"{named.Name} cannot be read.", $"Look at it with {Step.ShowWorktree}.", new NextStep.ShowWorktree(named.Name));
        }

        var pairs = lanes.SelectMany((left, i) => lanes.Skip(i + 1).Select(right => (Left: left, Right: right)))
            .Where(pair => (named is null || pair.Left.Worktree == named || pair.Right.Worktree == named) && pair.Left.Touches.MayCollide(pair.Right.Touches))
            .ToArray();
        var overlaps = new WorktreeOverlap?[pairs.Length];
        Parallel.For(0, pairs.Length, Width, i => overlaps[i] = Compare(pairs[i].Left, pairs[i].Right, scratch));
        var judged = lanes.Where(lane => named is null || lane.Worktree == named).ToArray();
        var withBase = new BaseOverlap?[judged.Length];
        Parallel.For(0, judged.Length, Width, i => withBase[i] = CompareWithBase(judged[i], scratch));
        return new ConflictForecast(
            lanes.Count,
            [.. overlaps.OfType<WorktreeOverlap>().OrderByDescending(pair => pair.Conflicts is { Count: > 0 }).ThenByDescending(pair => pair.Conflicts is null)],
            [.. withBase.OfType<BaseOverlap>()],
            notRead);
    }

    private (IReadOnlyList<Lane> Lanes, IReadOnlyList<string> NotRead) Read(IReadOnlyList<Worktree> worktrees, ScratchStore scratch)
    {
        var lanes = new Lane?[worktrees.Count];
        var problems = new string?[worktrees.Count];
        Parallel.For(0, worktrees.Count, Width, i =>
        {
            try
            {
                (lanes[i], problems[i]) = Read(worktrees[i], scratch);
            }
            catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
            {
                problems[i] = fault.Message;
            }
        });
        return ([.. lanes.OfType<Lane>()], [.. problems.Select((problem, i) => problem is null ? null : $"{worktrees[i].Name}: {problem}").OfType<string>()]);
    }

    private (Lane? Lane, string? Problem) Read(Worktree worktree, ScratchStore scratch)
    {
        var (entry, problem) = parts.Identify(worktree);
        if (entry is null)
        {
            return (null, problem);
        }

        if (parts.Git.Refs.ReadHead(entry.Directory)?.Commit is not { } head || parts.BaseTip(worktree) is not { } tip)
        {
            return (null, "its HEAD or its base is at no commit");
        }

        var parted = parts.Git.Trials.MergeBase(head, tip) ?? worktree.BaseCommit ?? head;
        var directory = parts.DirectoryOf(worktree);
        var uncommitted = parts.Git.Trials.Uncommitted(entry, directory);
        IReadOnlyList<ChangedFile> committed = parted == head ? [] : parts.Git.Trials.Changed(parted, head);
        touched.SeeAll(worktree.Id, head, committed.Select(file => file.Path), uncommitted.Select(file => file.Path));
        var snapshot = new Lazy<(string Commit, IReadOnlyList<string> TooLarge)>(() =>
        {
            var taken = parts.Git.Trials.Snapshot(entry, directory, head, uncommitted, scratch);
            return (parts.Git.Trials.CommitOf(taken, scratch), taken.TooLarge);
        });
        return (new Lane(worktree, parted, tip, new TouchedFiles(committed, uncommitted), snapshot), null);
    }

    // A pair whose names only might collide counts when the merge says so.
    private WorktreeOverlap? Compare(Lane left, Lane right, ScratchStore scratch)
    {
        var files = left.Touches.SharedWith(right.Touches);
        var conflicts = Conflicts(left, right.Snapshot, scratch);
        var large = LargeOf(left).Concat(LargeOf(right)).Where(files.Contains).Distinct(StringComparer.Ordinal).ToList();
        return files.Count == 0 && conflicts is { Count: 0 } ? null : new WorktreeOverlap(left.Worktree.Name, right.Worktree.Name, files, conflicts, large);
    }

    private BaseOverlap? CompareWithBase(Lane lane, ScratchStore scratch)
    {
        if (lane.Parted == lane.BaseTip || lane.Touches.IsEmpty || !lane.Touches.MayCollide(new TouchedFiles(parts.Git.Trials.Changed(lane.Parted, lane.BaseTip), [])))
        {
            return null;
        }

        var conflicts = Conflicts(lane, new Lazy<(string, IReadOnlyList<string>)>((lane.BaseTip, [])), scratch);
        return conflicts is { Count: 0 } ? null : new BaseOverlap(lane.Worktree.Name, lane.Worktree.BaseRef ?? lane.BaseTip, conflicts);
    }

    // A worktree goes on while it is looked at; then it cannot be told.
    private IReadOnlyList<string>? Conflicts(Lane left, Lazy<(string Commit, IReadOnlyList<string> TooLarge)> right, ScratchStore scratch)
    {
        try
        {
            return parts.Git.Trials.Merge(left.Snapshot.Value.Commit, right.Value.Commit, scratch)?.Conflicts;
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IReadOnlyList<string> LargeOf(Lane lane) => lane.Snapshot.IsValueCreated ? lane.Snapshot.Value.TooLarge : [];

    private sealed record Lane(Worktree Worktree, string Parted, string BaseTip, TouchedFiles Touches, Lazy<(string Commit, IReadOnlyList<string> TooLarge)> Snapshot);
}
