using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Guidance;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Removing;

/// <summary>What a removal may not take: the one place that says so.</summary>
internal sealed class RemovalChecks(WorktreePlaces parts, WorktreeEntries entries)
{
    private const int MostListed = 20;

    private static readonly string[] GitLocks = ["index.lock", "HEAD.lock"];

    /// <summary>Refuses where a checkout of somebody lies below: git's record of it would point to nowhere.</summary>
    /// <remarks>They are found by their files, and by git's records where a folder on the way cannot be read.</remarks>
    internal void RefuseCheckouts(Worktree worktree, string directory, WorkBelow below)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var other in entries.All().Where(other => other.IsLive && other.Id != worktree.Id))
        {
            Add(Path.GetFullPath(other.Path, parts.Layout.Root), $"worktree \"{other.Name}\"");
        }

        foreach (var place in parts.Git.Records.All().Where(record => !record.IsTrash).Select(record => record.NamesWorktree(parts.Files)).OfType<string>().Where(parts.Exists))
        {
            Add(place, $"a checkout of {parts.Layout.CommonDirectory}");
        }

        foreach (var checkout in below.Checkouts)
        {
            Add(Path.Join(directory, checkout.Folder), $"a checkout of {checkout.Repository}");
        }

        if (found.Count > 0)
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"Another checkout lies in worktree \"{worktree.Name}\": {Listed.Of([.. found.Select(one => $"{one.Key} ({one.Value})")], MostListed)}. Force does not change that.",
                "Move it out with git worktree move, or take it down with git worktree remove, if it is yours; then repeat the call.",
                new NextStep.RunCommand(worktree.Name, "git worktree list"));
        }

        void Add(string place, string what)
        {
            if (NestedRepository.IsBelow(place, directory))
            {
                found.TryAdd(Path.GetRelativePath(directory, place), what);
            }
        }
    }

    /// <summary>Refuses where git has it locked, or is at work in it.</summary>
    internal void RefuseLocked(Worktree worktree, AdminEntry entry)
    {
        if (entry.LockReason(parts.Files) is { } reason)
        {
            throw new Refusal(
                RefusalCode.WorktreeLocked,
                $"Worktree \"{worktree.Name}\" is locked in git{(reason.Length > 0 ? $": {reason}" : " without a reason")}. Force does not change that.",
                $"A person who wants it gone runs git worktree unlock on {parts.DirectoryOf(worktree)} first.",
                new NextStep.ShowWorktree(worktree.Name));
        }

        if (GitLocks.Select(name => Path.Join(entry.Directory, name)).FirstOrDefault(parts.Exists) is { } held)
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"git is at work in worktree \"{worktree.Name}\": {held} exists.",
                "Wait until that git command has ended, then repeat the call. If none runs, a person may remove that file.",
                new NextStep.ShowWorktree(worktree.Name));
        }
    }

    /// <summary>Refuses in the middle of an operation, and where a process is at home.</summary>
    internal void RefuseInUse(Worktree worktree, AdminEntry entry, string directory)
    {
        if (entry.OperationInProgress(parts.Files) is { } operation)
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"Worktree \"{worktree.Name}\" is in the middle of {operation}.",
                $"Finish or abort it there with {Step.RunCommand}, then repeat the call. With force it goes into the trash as it is.",
                NextInWorktree.Operation(new Situations(parts).InConflict(worktree, entry)));
        }

        if (Occupants.In(directory) is { Count: > 0 } processes)
        {
            throw new Refusal(
                RefusalCode.WorktreeBusy,
                $"Worktree \"{worktree.Name}\" is the current directory of {string.Join(", ", processes.Take(5).Select(p => $"{p.Name} (process {p.Pid})"))}.",
                "Let them end or change their directory, then repeat the call. With force they are left standing in the trash.",
                new NextStep.ShowBoard());
        }
    }

    /// <summary>Refuses on work that is nowhere else.</summary>
    internal void RefuseWork(Worktree worktree, AdminEntry entry, WorktreeChanges changes, IReadOnlyList<string> hidden, WorkBelow below)
    {
        var findings = new List<string>();
        Add("modified", changes.Modified);
        Add("staged", changes.Staged);
        Add("untracked", changes.Untracked);
        Add("with conflicts", changes.Conflicted);
        Add("changed behind assume-unchanged or skip-worktree", hidden);
        var head = parts.Git.Refs.ReadHead(entry.Directory);
        if (head is { Branch: null, Commit: { } commit })
        {
            Add("commits on no branch", [.. parts.Git.CommitsOnNoRef(commit, MostListed).Select(c => $"{c.Hash[..12]} {c.Subject}")]);
        }

        Add("commits in submodules that none of their remotes has (push them from there)", parts.Git.Outside.UnsharedInSubmodules(entry, MostListed));
        Add("repositories below with work that is nowhere else, or folders that hide what is in them", below.Findings);
        if (head?.ShortBranch != worktree.Branch)
        {
            findings.Add($"HEAD is {(head?.ShortBranch is { } other ? $"on branch {other}" : "detached")}, not on {worktree.Branch}");
        }

        if (findings.Count > 0)
        {
            throw new Refusal(
                RefusalCode.WorktreeDirty,
                $"Worktree \"{worktree.Name}\" holds work that a removal would take away: {string.Join("; ", findings)}.",
                $"Commit it with {Step.RunCommand}, or keep the worktree with {Step.KeepWorktree}. With force it goes into the trash as it is, index and all; nothing is deleted.",
                NextInWorktree.Unmended(new Situations(parts).Of(worktree) with { Conflicted = changes.Conflicted, Hidden = hidden, Uncommitted = changes.Count }) ?? new NextStep.KeepWorktree(worktree.Name));
        }

        void Add(string what, IReadOnlyList<string> items)
        {
            if (items.Count > 0)
            {
                var more = items.Count > MostListed ? $" and {items.Count - MostListed} more" : string.Empty;
                findings.Add($"{what}: {string.Join(", ", items.Take(MostListed))}{more}");
            }
        }
    }
}
