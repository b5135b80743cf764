using System.IO.Abstractions;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>What a server that died in the middle of a call had done by then, and what must be there when others have settled it.</summary>
internal static class DeadServer
{
    /// <summary>The entry of a creation that has only begun.</summary>
    internal static Worktree Creating(TempRepository repo, string name, int? task = null) => new()
    {
        Id = 7,
        Name = name,
        Path = $".worktrees/{name}",
        Branch = $"wt/{name}",
        BaseRef = "main",
        BaseCommit = repo.Git("rev-parse", "HEAD"),
        TaskId = task,
        Status = WorktreeState.Creating,
        BranchCreated = true,
    };

    /// <summary>Puts an intent on record.</summary>
    internal static void Intends(TempRepository repo, Worktree worktree, string before)
    {
        using var store = new StateStore(repo.Layout, new FileSystem(), new Disk(), TimeProvider.System);
        using var change = store.Begin("by hand", "a dead server");
        change.Emit(WorktreeEntries.Event(before, WorktreeEntries.Put(change, worktree), null));
        change.Commit("by hand");
    }

    /// <summary>A creation of "a" for a first task, up to a step: nothing yet, the branch, git's record, the files, the files gone again.</summary>
    internal static void Creates(TempRepository repo, int steps)
    {
        Intends(repo, Creating(repo, "a", repo.Open().Task()), "worktree.create.before");
        if (steps > 0)
        {
            repo.Git("branch", "wt/a");
        }

        if (steps > 1)
        {
            repo.Git("worktree", "add", "-q", "--no-checkout", ".worktrees/a", "wt/a");
        }

        if (steps > 2)
        {
            repo.GitIn(".worktrees/a", "reset", "-q", "--hard");
        }

        if (steps > 3)
        {
            File.Delete(Path.Join(repo.Root, ".worktrees", "a", ".git"));
            Directory.Delete(Path.Join(repo.Root, ".worktrees", "a"), recursive: true);
        }
    }

    /// <summary>Nothing of it is left, once, and it can be made again.</summary>
    internal static void CreationIsTakenBack(TempRepository repo, int steps)
    {
        repo.EventNames().Should().Equal("task.created", "worktree.create.before", "worktree.create.failed");
        repo.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty();
        repo.Has(".worktrees/a").Should().BeFalse();
        repo.Has(".git/worktrees/a").Should().BeFalse();
        var waiting = Directory.Exists(repo.Layout.TrashedRecords) ? Directory.GetDirectories(repo.Layout.TrashedRecords) : [];
        waiting.Should().HaveCount(steps is 2 or 3 ? 1 : 0, "a record without files holds nothing");
        repo.Open().Make("a", 1).Task!.Status.Should().Be(TaskState.InProgress);
    }

    /// <summary>A removal of "a", which holds staged work, up to a step: nothing yet, the lock, the files, git's record, their pointers.</summary>
    internal static (WorktreeStep Made, int Task) Removes(TempRepository repo, int steps)
    {
        var server = repo.Open();
        var task = server.Task();
        var made = server.Make("a", task);
        server.Shell("a", "echo staged > staged.txt && git add .");
        var admin = Path.Join(repo.Root, ".git", "worktrees", "a");
        var (trashed, tree) = Places(repo, made);
        Intends(repo, made.Worktree with { Status = WorktreeState.Removing, Trash = new TrashedWorktree(null, "a", null, WorktreeState.Active) }, "worktree.remove.before");
        if (steps > 0)
        {
            File.WriteAllText(Path.Join(admin, "locked"), "in the trash");
        }

        if (steps > 1)
        {
            Directory.CreateDirectory(repo.Layout.Trash);
            Directory.Move(made.Directory, tree);
        }

        if (steps > 2)
        {
            Directory.CreateDirectory(repo.Layout.TrashedRecords);
            Directory.Move(admin, trashed);
        }

        if (steps > 3)
        {
            File.WriteAllText(Path.Join(trashed, "gitdir"), Path.Join(tree, ".git") + "\n");
            File.WriteAllText(Path.Join(tree, ".git"), $"gitdir: {trashed}\n");
        }

        return (made, task);
    }

    /// <summary>All of it waits in the trash, once, with its index.</summary>
    internal static void RemovalIsFinished(TempRepository repo, WorktreeStep made)
    {
        var (trashed, tree) = Places(repo, made);
        repo.Open().Worktrees.List(WorktreeState.Removed, 50, null).Worktrees.Should().ContainSingle().Which.Worktree.Trash!.Before.Should().Be(WorktreeState.Active);
        repo.EventNames().Where(name => name.StartsWith("worktree.remove", StringComparison.Ordinal)).Should().Equal("worktree.remove.before", "worktree.remove.after");
        repo.GitIn(tree, "status", "--porcelain").Should().Be("A  staged.txt");
        File.Exists(Path.Join(trashed, "locked")).Should().BeTrue();
        File.ReadAllText(Path.Join(trashed, "HEAD")).Trim().Should().Be(made.Worktree.BaseCommit);
    }

    private static (string Trashed, string Tree) Places(TempRepository repo, WorktreeStep made) =>
        (Path.Join(repo.Layout.TrashedRecords, $"wtmcp-trash-{made.Worktree.Id}"), Path.Join(repo.Layout.Trash, $"{made.Worktree.Id}"));
}
