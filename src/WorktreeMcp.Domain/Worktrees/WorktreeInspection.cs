using System.Globalization;
using WorktreeMcp.Domain.Git;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>Looks at worktrees without changing anything; what cannot be read is said as drift, row by row.</summary>
internal sealed class WorktreeInspection(RegistryParts parts)
{
    private const int MostCommits = 10;

    private readonly TrashShelf _shelf = new(parts);

    internal WorktreePage Page(IReadOnlyList<Worktree> all, WorktreeState? status, int limit, string? cursor)
    {
        if (limit < 1)
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"limit is {limit}; a page has at least one row.", "Give a limit of 1 or more, or leave it out.");
        }

        var after = cursor is null ? 0
            : int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id
            : throw new Refusal(RefusalCode.InvalidArgument, "cursor is not one that a list gave.", "Pass next_cursor of the page before, or leave it out.");
        var matching = all.Where(w => status is { } wanted ? w.Status == wanted : w.IsLive).OrderBy(w => w.Id).ToList();
        var rest = matching.Where(w => w.Id > after).Take(limit + 1).ToList();
        var rows = rest.Take(limit).ToList();
        var views = new WorktreeView[rows.Count];
        Parallel.For(0, rows.Count, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(2, Environment.ProcessorCount) }, i => views[i] = View(rows[i]));
        return new WorktreePage(views, matching.Count, rest.Count > limit ? rows[^1].Id.ToString(CultureInfo.InvariantCulture) : null);
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

    internal WorktreeView View(Worktree worktree)
    {
        try
        {
            return Look(worktree);
        }
        catch (Exception fault) when (fault is Refusal { Code: RefusalCode.CorruptFile } or IOException or UnauthorizedAccessException)
        {
            return new WorktreeView(worktree, worktree.Path, null, null, null, null, null, [fault.Message]);
        }
    }

    private WorktreeView Look(Worktree worktree)
    {
        var directory = parts.DirectoryOf(worktree);
        var owner = worktree.TaskId is { } id ? parts.Board.Find(id)?.Owner : null;
        if (!worktree.IsLive)
        {
            return new WorktreeView(worktree, directory, owner, worktree.Trash?.Tip, null, null, null, []) { Trash = _shelf.Of(worktree) };
        }

        var (entry, problem) = parts.Identify(worktree);
        return entry is null
            ? new WorktreeView(worktree, directory, owner, null, null, null, null, [problem!])
            : View(worktree, directory, owner, entry);
    }

    internal WorktreeDetail Detail(Worktree worktree, IReadOnlyList<RunningCommand> running)
    {
        var view = View(worktree);
        if (view.Head is not { } head || parts.Identify(worktree).Entry is not { } entry)
        {
            return new WorktreeDetail(view, [], null, null, null, running);
        }

        var tip = parts.BaseTip(worktree);
        return new WorktreeDetail(
            view,
            tip is null ? [] : parts.Git.CommitsNotIn(head, tip, MostCommits),
            entry.OperationInProgress(parts.Files),
            entry.LockReason(parts.Files),
            view.Ahead == 0 || view.Behind == 0 ? [] : tip is null ? null : parts.Git.PredictConflicts(tip, head),
            running);
    }

    private WorktreeView View(Worktree worktree, string directory, string? owner, AdminEntry entry)
    {
        var drift = new List<string>();
        var head = parts.Git.Refs.ReadHead(entry.Directory);
        if (head is null)
        {
            drift.Add("its HEAD cannot be read");
        }
        else if (head.ShortBranch != worktree.Branch)
        {
            drift.Add(head.Branch is null ? $"its HEAD is detached, not on {worktree.Branch}" : $"it is on branch {head.ShortBranch}, not on {worktree.Branch}");
        }

        if (worktree.Status is WorktreeState.Creating or WorktreeState.Removing or WorktreeState.Restoring)
        {
            drift.Add($"it is {worktree.Status.Word()}");
        }

        try
        {
            var changes = parts.Git.Status(entry, directory);
            var tip = parts.BaseTip(worktree);
            var counts = head?.Commit is { } commit && tip is not null ? parts.Git.AheadBehind(commit, tip) : ((int, int)?)null;
            return new WorktreeView(worktree, directory, owner, head?.Commit, changes, counts?.Item1, counts?.Item2, drift);
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            drift.Add(refusal.Message);
            return new WorktreeView(worktree, directory, owner, head?.Commit, null, null, null, drift);
        }
    }
}
