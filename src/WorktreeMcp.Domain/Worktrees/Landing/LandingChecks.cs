using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Guidance;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>Looks at a worktree that is to land, and changes nothing.</summary>
internal sealed class LandingChecks(WorktreePlaces parts, WorktreeEntries entries)
{
    private const int MostListed = 20;
    private const int MostMessage = 20_000;
    private const int MostCommand = 32_000;

    private static readonly string[] LongerNames = [BranchRef.Prefix, "heads/"];

    /// <summary>Refuses what cannot be asked for.</summary>
    internal static void Require(LandingRequest request)
    {
        WorktreeName.Require(request.Name);
        if (request.Message is { } message && (string.IsNullOrWhiteSpace(message) || message.Length > MostMessage || message.Contains('\0', StringComparison.Ordinal)))
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"message is empty, holds a NUL, or is longer than {MostMessage} characters.", "Give a message, or leave it out for one that names the task.");
        }

        if (request is { Message: not null, Strategy: LandingStrategy.Rebase })
        {
            throw new Refusal(RefusalCode.InvalidArgument, "message was given, but a rebase keeps each commit's own message.", "Leave message out, or use strategy \"squash\".");
        }

        if (request.VerifyCommand is { } command && (string.IsNullOrWhiteSpace(command) || command.Length > MostCommand || command.Contains('\0', StringComparison.Ordinal)))
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"verify_command is empty, holds a NUL, or is longer than {MostCommand} characters.", "Give one shell command, or leave it out.");
        }
    }

    /// <summary>What is to land; refuses whatever stands against it but uncommitted files.</summary>
    internal LandingSource Look(LandingRequest request, Worktree found)
    {
        var worktree = Same(entries.All(), found);
        var into = Base(worktree, request.Into);
        var entry = parts.RequireIdentity(worktree);
        if (entry.OperationInProgress(parts.Files) is { } operation)
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"Worktree \"{worktree.Name}\" is in the middle of {operation}.",
                $"Finish or abort it there with {Step.RunCommand}, then repeat the call.",
                NextInWorktree.Operation(new Situations(parts).InConflict(worktree, entry)));
        }

        var head = parts.Git.Refs.ReadHead(entry.Directory);
        if (head?.ShortBranch != worktree.Branch || head.Commit is null)
        {
            throw new Refusal(
                RefusalCode.WorktreeDirty,
                $"HEAD of worktree \"{worktree.Name}\" is {(head?.ShortBranch is { } other ? $"on branch {other}" : "detached")}, not on {worktree.Branch} with a commit.",
                $"Put the work on {worktree.Branch} with {Step.RunCommand}, then repeat the call.",
                NextInWorktree.Head(new Situations(parts).Of(worktree)) ?? new NextStep.ShowWorktree(worktree.Name));
        }

        var task = parts.TaskOf(worktree);
        if (request.CompleteTask)
        {
            WorktreePlaces.EnsureCanComplete(worktree, task, parts.WorkToBeVerified);
        }

        return new LandingSource(worktree, entry, task, head.Commit, into, parts.Git.Refs.Resolve(BranchRef.Of(into))!);
    }

    /// <summary>Refuses where git cannot merge, and a removal of what is in use.</summary>
    internal void RefuseUnused(Worktree worktree, bool remove)
    {
        parts.Git.RequireMerge("Landing");
        using var lease = remove ? parts.TryLease(worktree, shared: false) ?? throw parts.InUse(worktree.Name, worktree.Runs) : null;
    }

    /// <summary>Refuses if the worktree holds anything that is not committed, and so would not land.</summary>
    /// <returns>Always true.</returns>
    internal bool RefuseUncommitted(LandingSource source)
    {
        var (worktree, directory) = (source.Worktree, parts.DirectoryOf(source.Worktree));
        var (changes, hidden) = Both.Of(() => parts.Git.Status(source.Entry, directory), () => parts.Git.HiddenChanges(source.Entry, directory));
        var all = changes.Staged.Concat(changes.Modified).Concat(changes.Conflicted).Concat(changes.Untracked).Concat(hidden).Distinct(StringComparer.Ordinal).ToList();
        if (all.Count > 0)
        {
            throw new Refusal(
                RefusalCode.WorktreeDirty,
                $"Worktree \"{worktree.Name}\" holds work that is not committed and would not land: {Listed.Of(all, MostListed)}.",
                $"Commit it with {Step.RunCommand}, or put what is not wanted into .gitignore; then repeat the call.",
                NextInWorktree.Unmended(new WorktreeSituation(worktree.Name, worktree.Branch) { Conflicted = changes.Conflicted, Hidden = hidden, Uncommitted = all.Count }));
        }

        return true;
    }

    private string Base(Worktree worktree, string? into)
    {
        if (into is null)
        {
            return worktree.BaseRef is { } name && name != worktree.Branch && Tip(name) is not null ? name : throw new Refusal(
                RefusalCode.InvalidArgument,
                $"Worktree \"{worktree.Name}\" started from {worktree.BaseRef ?? "a detached HEAD"}, which is no local branch that it could land in.",
                $"Say into which branch: into. The newest are {string.Join(", ", parts.Git.Branches(5))}.",
                new NextStep.LandWorktree(worktree.Name, Into: "..."));
        }

        var branch = Tip(into) is null && LongerNames.FirstOrDefault(prefix => into.StartsWith(prefix, StringComparison.Ordinal)) is { } longer ? into[longer.Length..] : into;
        if (branch.StartsWith('-') || branch.Any(char.IsControl) || branch == worktree.Branch)
        {
            throw new Refusal(RefusalCode.InvalidArgument, branch == worktree.Branch ? $"into is {branch}, the branch that is to land." : $"into is \"{VisibleText.Of(branch)}\", which is no name of a branch.", "Give the local branch that the work goes into.");
        }

        return Tip(branch) is not null && parts.Git.IsBranchName(branch) ? branch : throw new Refusal(
            RefusalCode.NotFound,
            $"There is no local branch \"{VisibleText.Of(branch)}\" to land in. The newest are {string.Join(", ", parts.Git.Branches(5))}.",
            "Give one of these as into, or leave it out for the branch that the worktree started from.");
    }

    private string? Tip(string branch) => parts.Git.Refs.Resolve(BranchRef.Of(branch));

    /// <summary>The entry as it is now; refuses if it is another one, or in the middle of something.</summary>
    internal Worktree Same(IReadOnlyList<Worktree> all, Worktree found)
    {
        var worktree = WorktreeEntries.Require(all, found.Name);
        return worktree.Id == found.Id && worktree.IsUsable ? worktree : throw parts.InUse(found.Name);
    }
}
