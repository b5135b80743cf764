using System.Runtime.InteropServices;
using System.Text;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Guidance;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>What is to land, as it was found.</summary>
/// <param name="Worktree">The worktree.</param>
/// <param name="Entry">git's record of it.</param>
/// <param name="Task">Its task, or null.</param>
/// <param name="Tip">The tip of its branch.</param>
/// <param name="Into">The base branch.</param>
/// <param name="From">Where that is.</param>
internal sealed record LandingSource(Worktree Worktree, AdminEntry Entry, BoardTask? Task, string Tip, string Into, string From);

/// <summary>What the base becomes; equal to where it is when there is nothing to land.</summary>
/// <param name="To">The commit.</param>
/// <param name="Commits">How many commits of the branch are in it.</param>
/// <param name="Files">What differs between that and where the base is.</param>
internal sealed record PlannedLanding(string To, int Commits, IReadOnlyList<ChangedFile> Files);

/// <summary>Makes the commit that a base is to move to, beside every checkout: no branch, no file and no index changes.</summary>
internal sealed class LandingPlan(GitRepository git)
{
    private const int MostRebased = 500;
    private const int MostListed = 50;

    /// <summary>The commit, or a refusal that names the files in conflict.</summary>
    internal PlannedLanding Make(LandingSource source, LandingStrategy strategy, string? message, CommitHabits habits, SafeHandle guard)
    {
        var (ahead, trial) = Both.Of(
            () => git.AheadBehind(source.Tip, source.From).Ahead,
            () => strategy == LandingStrategy.Rebase ? null : git.Trials.Merge(source.From, source.Tip, guard));
        if (ahead == 0)
        {
            return Nothing(source);
        }

        if (habits is { Sign: true, ForeignSigner: { } setting })
        {
            throw new Refusal(
                RefusalCode.GitFailed,
                $"Commits are to be signed here (commit.gpgsign), and the repository's own setting {setting} names the program for it; such a program is not run.",
                "A person moves that setting to their own configuration (git config --global), or lands this branch by hand.");
        }

        if (strategy == LandingStrategy.Rebase)
        {
            return Rebase(source, habits, guard);
        }

        var merged = Clean(trial, source, null);
        var changed = git.Trials.Changed(source.From, merged.Tree);
        if (changed.Count == 0)
        {
            return Nothing(source);
        }

        string[] parents = strategy == LandingStrategy.Merge ? [source.From, source.Tip] : [source.From];
        var words = message is null ? strategy == LandingStrategy.Merge ? MergeMessage(source) : SquashMessage(source) : message.Trim() + "\n";
        return new PlannedLanding(Commit(merged.Tree, parents, words, null, habits.Sign, guard), ahead, changed);
    }

    private static PlannedLanding Nothing(LandingSource source) => new(source.From, 0, []);

    private PlannedLanding Rebase(LandingSource source, CommitHabits habits, SafeHandle guard)
    {
        var commits = git.Landing.CommitsToLand(source.Tip, source.From);
        if (commits.FirstOrDefault(commit => commit.Parents.Count != 1) is { } odd)
        {
            throw new Refusal(
                RefusalCode.InvalidArgument,
                $"Branch {source.Worktree.Branch} holds {(odd.Parents.Count == 0 ? "a commit without a parent" : "the merge commit")} {odd.Hash[..12]}, which a rebase cannot carry over.",
                "Use strategy \"merge\" or \"squash\".",
                new NextStep.LandWorktree(source.Worktree.Name, Strategy: "squash"));
        }

        if (commits.Count > MostRebased)
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"Branch {source.Worktree.Branch} has {commits.Count} commits to land; a rebase takes {MostRebased} at most.", "Use strategy \"merge\" or \"squash\".");
        }

        var (onto, tree) = (source.From, git.Trials.TreeOf(source.From));
        foreach (var commit in commits)
        {
            (onto, tree) = commit.Parents[0] == onto ? (commit.Hash, commit.Tree) : Pick(commit, onto, tree, source, habits, guard);
        }

        return onto == source.From ? Nothing(source) : new PlannedLanding(onto, commits.Count, git.Trials.Changed(source.From, onto));
    }

    private (string Onto, string Tree) Pick(PickedCommit commit, string onto, string tree, LandingSource source, CommitHabits habits, SafeHandle guard)
    {
        var merged = Clean(git.Trials.CherryPick(commit.Hash, commit.Parents[0], onto, guard), source, commit);

        // What the base has already is left out; a commit that was made empty stays.
        return merged.Tree == tree && git.Trials.TreeOf(commit.Parents[0]) != commit.Tree
            ? (onto, tree)
            : (Commit(merged.Tree, [onto], commit.Message, commit.Author, habits.Sign, guard), merged.Tree);
    }

    private string Commit(string tree, IReadOnlyList<string> parents, string message, CommitAuthor? author, bool sign, SafeHandle guard)
    {
        var answer = git.Landing.Commit(tree, parents, message, author, sign, guard);
        if (answer.Succeeded)
        {
            return answer.Text;
        }

        throw !git.Landing.Committer().Succeeded
            ? new Refusal(
                RefusalCode.GitFailed,
                $"git does not know in whose name to commit: {answer.Error}",
                "A person sets it with git config user.name and git config user.email in the main checkout; then repeat the call.")
            : new Refusal(
                RefusalCode.GitFailed,
                $"git could not make the commit{(sign ? " (commit.gpgsign asks for a signature)" : string.Empty)}: {answer.Error}",
                sign ? "A person makes signing work without a prompt (an agent that holds the key), or lands this branch by hand." : answer.Error.Length > 0 ? "Read git's words above, then repeat the call." : "Repeat the call.");
    }

    private static TrialMerge Clean(TrialMerge? merged, LandingSource source, PickedCommit? commit)
    {
        if (merged is null)
        {
            throw new Refusal(
                RefusalCode.GitFailed,
                $"git cannot merge {source.Worktree.Branch} into {source.Into}: they have no history in common, or a commit is missing.",
                $"Look at both with git log in {Step.RunCommand}.",
                new NextStep.ShowWorktree(source.Worktree.Name));
        }

        return merged.Conflicts.Count == 0 ? merged : throw new Refusal(
            RefusalCode.MergeConflict,
            $"{source.Worktree.Branch} conflicts with {source.Into} at {source.From[..12]}{(commit is null ? string.Empty : $", in commit {commit.Hash[..12]}")} in {Listed.Of(merged.Conflicts, MostListed)}. Nothing was changed.",
            $"In the worktree: merge {source.Into}, resolve these files, commit; then repeat the call.",
            NextInWorktree.MergeBase(source.Worktree.Name, source.Into));
    }

    private static string MergeMessage(LandingSource source) => source.Task is { } task
        ? $"Merge {source.Worktree.Branch}: {Line(task.Subject)} (task {task.Id})\n"
        : $"Merge branch '{source.Worktree.Branch}' into {source.Into}\n";

    private string SquashMessage(LandingSource source)
    {
        var commits = git.Landing.CommitsToLand(source.Tip, source.From);
        if (source.Task is null && commits is [var only])
        {
            return only.Message;
        }

        var subject = source.Task is { } task ? $"{Line(task.Subject)} (task {task.Id})" : $"Land {source.Worktree.Branch}";
        var list = new StringBuilder(subject).Append("\n\n");
        foreach (var commit in commits.Take(MostListed))
        {
            list.Append("* ").Append(commit.Message.Split('\n', 2)[0]).Append('\n');
        }

        return (commits.Count > MostListed ? list.Append($"* and {commits.Count - MostListed} more\n") : list).ToString();
    }

    private static string Line(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
