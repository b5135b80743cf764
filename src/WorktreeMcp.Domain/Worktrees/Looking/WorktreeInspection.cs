using System.Globalization;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Trash;

namespace WorktreeMcp.Domain.Worktrees.Looking;

/// <summary>Looks at worktrees without changing anything; what cannot be read is said as drift, row by row.</summary>
internal sealed class WorktreeInspection(WorktreePlaces parts)
{
    private const int MostCommits = 10;

    // A command is not held up for long by what only saves the next look.
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(300);

    private readonly TrashContents _shelf = new(parts);

    /// <summary>The names that looks come across.</summary>
    internal TouchedNames Touched { get; } = new();

    /// <summary>One page of entries, oldest first, how many match in all, and where the next page begins.</summary>
    internal static (IReadOnlyList<Worktree> Rows, int Total, string? Next) Page(IReadOnlyList<Worktree> all, WorktreeState? status, int limit, string? cursor)
    {
        if (limit < 1)
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"limit is {limit}; a page has at least one row.", "Give a limit of 1 or more, or leave it out.");
        }

        var after = cursor is null ? 0
            : int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id
            : throw new Refusal(RefusalCode.InvalidArgument, "cursor is not one that a list gave.", "Pass next_cursor of the page before, or leave it out.");
        var matching = all.Where(w => status is { } wanted ? w.Status == wanted || (wanted == WorktreeState.Removed && w.Status == WorktreeState.Emptying) : w.IsLive).OrderBy(w => w.Id).ToList();
        var rest = matching.Where(w => w.Id > after).Take(limit + 1).ToList();
        var rows = rest.Take(limit).ToList();
        return (rows, matching.Count, rest.Count > limit ? rows[^1].Id.ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <summary>Whether directory and record belong together; asks no git.</summary>
    internal bool IsWhereItShouldBe(Worktree worktree)
    {
        try
        {
            return parts.Identify(worktree).Entry is not null;
        }
        catch (Exception fault) when (fault is Refusal { Code: RefusalCode.CorruptFile } or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>All that is told of a worktree in one row, as it is now.</summary>
    internal WorktreeView View(Worktree worktree) => Look(worktree).View;

    /// <summary>The same with what git is in the middle of there.</summary>
    internal WorktreeView WithOperation(WorktreeView view) => view.Entry is { } entry ? view with { InProgress = entry.OperationInProgress(parts.Files) } : view;

    /// <summary>What can be told of a worktree without a process: all but what is uncommitted and how far it is from its base.</summary>
    internal WorktreeSketch Sketch(Worktree worktree)
    {
        try
        {
            return Draw(worktree);
        }
        catch (Exception fault) when (fault is Refusal { Code: RefusalCode.CorruptFile } or IOException or UnauthorizedAccessException)
        {
            return new WorktreeSketch(new WorktreeView(worktree, worktree.Path, null, null, null, null, null, [fault.Message]), null);
        }
    }

    /// <summary>The sketch with how far the worktree is from its base.</summary>
    private WorktreeView Measured(WorktreeSketch sketch)
    {
        if (sketch.Pair is not { } pair)
        {
            return sketch.View;
        }

        try
        {
            var (ahead, behind) = parts.Git.Distances.Of(pair.Commit, pair.BaseCommit);
            return sketch.View with { Ahead = ahead, Behind = behind };
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            return sketch.View.With(refusal.Message);
        }
    }

    internal WorktreeDetail Detail(Worktree worktree, IReadOnlyList<RunningCommand> running)
    {
        var (view, files) = Look(worktree);
        if (view.Head is not { } head || parts.Identify(worktree).Entry is not { } entry)
        {
            return new WorktreeDetail(view, [], null, null, null, running) { Files = files };
        }

        var tip = parts.BaseTip(worktree);
        return new WorktreeDetail(
            view,
            tip is null ? [] : parts.Git.CommitsNotIn(head, tip, MostCommits),
            entry.OperationInProgress(parts.Files),
            entry.LockReason(parts.Files),
            view.Ahead == 0 || view.Behind == 0 ? [] : tip is null ? null : parts.Git.PredictConflicts(tip, head),
            running)
        {
            Files = files,
            LoneLinks = view.Ahead > 0 && tip is not null ? parts.Git.LoneLinks.Between(head, tip, view.Directory) : [],
        };
    }

    /// <summary>A command's end with how the worktree stands since, if that is told soon; after a failure only where it matters what git is in the middle of.</summary>
    internal WorktreeRun After(WorktreeRun run)
    {
        if (run.Run.IsRunning || parts.Identify(run.Worktree).Entry is not { } entry || entry.OperationInProgress(parts.Files) is var operation && operation is null && run.Run.ExitCode != 0)
        {
            return run;
        }

        using var patience = new CancellationTokenSource(LongestLook);
        try
        {
            var (view, files) = Look(run.Worktree, patience.Token);
            return files is null ? run : run with { Left = new WorktreeDetail(view, [], operation, null, null, []) { Files = files } };
        }
        catch (Exception fault) when (fault is OperationCanceledException or Refusal or IOException or UnauthorizedAccessException)
        {
            return run;
        }
    }

    private (WorktreeView View, WorktreeChanges? Files) Look(Worktree worktree, CancellationToken cancel = default)
    {
        var sketch = Sketch(worktree);
        if (sketch.Entry is not { } entry)
        {
            return (sketch.View, null);
        }

        try
        {
            var changes = parts.Git.Status(entry, sketch.View.Directory, cancel: cancel);
            Touched.SeeUncommitted(worktree.Id, sketch.View.Head, changes.Names);
            return (Measured(sketch) with { Changes = changes.Counts }, changes);
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            return (sketch.View.With(refusal.Message), null);
        }
    }

    private WorktreeSketch Draw(Worktree worktree)
    {
        var directory = parts.DirectoryOf(worktree);
        var owner = worktree.TaskId is { } id ? parts.Board.Find(id)?.Owner : null;
        if (!worktree.IsLive)
        {
            var item = _shelf.Of(worktree);
            return new WorktreeSketch(new WorktreeView(worktree, directory, owner, worktree.Trash?.Tip, null, null, null, item.Problem is { } left ? [$"its files could not all be deleted: {left}"] : []) { Trash = item }, null);
        }

        var (entry, problem) = parts.Identify(worktree);
        if (entry is null)
        {
            return new WorktreeSketch(new WorktreeView(worktree, directory, owner, null, null, null, null, [problem!]), null);
        }

        var head = parts.Git.Refs.ReadHead(entry.Directory);
        var view = new WorktreeView(worktree, directory, owner, head?.Commit, null, null, null, [.. DriftOf(worktree, head)]) { Entry = entry };
        return new WorktreeSketch(view, entry)
        {
            Pair = head?.Commit is { } commit && parts.BaseTip(worktree) is { } tip ? new CommitPair(head.ShortBranch, commit, worktree.BaseRef, tip) : null,
        };
    }

    private static IEnumerable<string> DriftOf(Worktree worktree, Head? head)
    {
        if (head is null)
        {
            yield return "its HEAD cannot be read";
        }
        else if (head.ShortBranch != worktree.Branch)
        {
            yield return head.Branch is null ? $"its HEAD is detached, not on {worktree.Branch}" : $"it is on branch {head.ShortBranch}, not on {worktree.Branch}";
        }

        if (worktree.Status is WorktreeState.Creating or WorktreeState.Removing or WorktreeState.Restoring)
        {
            yield return $"it is {worktree.Status.Word()}";
        }
    }
}

/// <summary>What is known of a worktree without a process.</summary>
/// <param name="View">The row as far as it is known.</param>
/// <param name="Entry">git's record; null when there is none that can be trusted, and then nothing more can be known.</param>
internal sealed record WorktreeSketch(WorktreeView View, AdminEntry? Entry)
{
    /// <summary>Its commit and that of its base; null where one of them is unknown.</summary>
    internal CommitPair? Pair { get; init; }
}
