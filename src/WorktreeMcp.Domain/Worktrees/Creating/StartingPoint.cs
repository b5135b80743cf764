using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Creating;

/// <summary>Which commit a new worktree starts at, and which branch it is on.</summary>
internal sealed class StartingPoint(WorktreePlaces parts)
{
    private static readonly string[] LongerNames = [BranchRef.Prefix, "heads/"];

    /// <summary>Whether the branch of a new worktree of that name could be made.</summary>
    internal bool IsFree(string name) => BranchFor(name) is var branch && parts.Git.Refs.Resolve(BranchRef.Of(branch)) is null && parts.Git.BranchClash(branch) is null;

    // Where somebody has a branch "wt" there can be none below it, whatever the name: then it is "wt-NAME" instead of "wt/NAME".
    private string BranchFor(string name)
    {
        var prefix = parts.Settings.BranchPrefix;
        while (parts.Git.BranchClash(prefix + name) is { } clash && prefix.StartsWith($"{clash}/", StringComparison.Ordinal))
        {
            prefix = $"{clash}-{prefix[(clash.Length + 1)..]}";
        }

        return prefix + name;
    }

    /// <summary>The commit that a name stands for, and the name by which it is looked up again.</summary>
    internal (string? Name, string Commit) Base(string asked)
    {
        var head = parts.Git.MainHead();
        if (asked == "HEAD" && head.Commit is not null)
        {
            return (head.ShortBranch, head.Commit);
        }

        if (head.Commit is null && parts.Git.Branches(1).Count == 0)
        {
            throw new Refusal(RefusalCode.NotFound, "The repository has no commits, so there is nothing a worktree could start from.", "Make a first commit in the main checkout, then repeat the call.");
        }

        var isName = !asked.StartsWith('-') && !asked.Any(char.IsControl);
        if (!isName || parts.Git.ResolveCommit(asked) is not { } commit)
        {
            var branches = parts.Git.Branches(5);
            throw new Refusal(
                isName ? RefusalCode.NotFound : RefusalCode.InvalidArgument,
                $"base_ref \"{VisibleText.Of(asked)}\" names no commit of this repository. Its newest branches are {string.Join(", ", branches)}.",
                (isName ? OnRemote(asked) : null) ?? "Give a branch, a tag or a commit hash, or leave base_ref out for the main checkout's HEAD.");
        }

        return (BranchNamed(asked) ?? asked, commit);
    }

    // What a remote has is no branch here yet, and neither is it made or fetched by itself.
    private string? OnRemote(string branch) => parts.Git.RemoteBranches(branch) is [var found, ..]
        ? $"Only the remote has it: give base_ref \"{found}\" for a new branch that starts there."
        : null;

    // A branch by its longer names is still that branch, whose tip moves.
    private string? BranchNamed(string asked) => LongerNames
        .Where(prefix => asked.StartsWith(prefix, StringComparison.Ordinal) && parts.Git.Refs.Resolve(BranchRef.Of(asked)) is null)
        .Select(prefix => asked[prefix.Length..])
        .FirstOrDefault(branch => parts.Git.Refs.Resolve(BranchRef.Of(branch)) is not null);

    /// <summary>The branch of a new worktree; refuses if it is there or cannot be made.</summary>
    internal string NewBranch(string name)
    {
        var branch = BranchFor(name);
        if (parts.Git.Refs.Resolve(BranchRef.Of(branch)) is { } tip)
        {
            throw new Refusal(
                RefusalCode.AlreadyExists,
                $"Branch {branch} already exists at {tip[..12]}; it was left as it is.",
                $"Call {new NextStep.CreateWorktree(Branch: branch):with} to work on it, or choose another name.",
                new NextStep.CreateWorktree(name, branch));
        }

        return parts.Git.BranchClash(branch) is not { } clash ? branch : throw new Refusal(
            RefusalCode.AlreadyExists,
            $"Branch {branch} cannot exist beside branch {clash}: git keeps branches as folders and files.",
            "Choose another name, rename that branch, or set another branch_prefix.",
            new NextStep.ListWorktrees());
    }

    /// <summary>A branch that is there and can be worked on; refuses if it cannot.</summary>
    internal string Attachable(string branch)
    {
        if (branch.StartsWith('-') || parts.Git.Refs.Resolve(BranchRef.Of(branch)) is null || !parts.Git.IsBranchName(branch))
        {
            throw new Refusal(
                branch.StartsWith('-') ? RefusalCode.InvalidArgument : RefusalCode.NotFound,
                $"There is no local branch \"{VisibleText.Of(branch)}\". The newest are {string.Join(", ", parts.Git.Branches(5))}.",
                OnRemote(branch) ?? "branch attaches a branch that exists; leave it out for a new one.");
        }

        return parts.Git.CheckedOutAt(branch) is not { } place ? branch : throw new Refusal(
            RefusalCode.AlreadyExists,
            $"Branch {branch} is checked out at {place}.",
            "Work there, or choose another branch.",
            new NextStep.ListWorktrees());
    }
}
