using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class LifecycleTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_task_and_its_worktree_live_from_creation_to_removal()
    {
        using var repository = _repo.Open();
        var task = repository.Board.Create(new NewTask("Implement auth refactor"), "claude-1").View.Task;

        var created = repository.Worktrees.Create(new NewWorktree(null, task.Id), "claude-1");

        created.Worktree.Name.Should().Be("task-1-implement-auth");
        created.Worktree.Status.Should().Be(WorktreeState.Active);
        created.Task!.Status.Should().Be(TaskState.InProgress);
        created.Task.Owner.Should().Be("claude-1");
        File.ReadAllText(Path.Join(created.Directory, "README.md")).Should().Be("hello\n");
        _repo.GitIn(created.Directory, "status", "--porcelain").Should().BeEmpty();
        _repo.GitIn(created.Directory, "branch", "--show-current").Should().Be("wt/task-1-implement-auth");

        var run = repository.Worktrees.Run(
            new RunOrder(created.Worktree.Name, "echo x > new.txt && git add -A && git commit -qm work && git log --oneline | wc -l", TimeSpan.FromSeconds(30), "claude-1"), TimeSpan.FromSeconds(60), null, CancellationToken.None);
        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        run.Run.Output.Text.Trim().Should().Be("2");

        var removed = repository.Worktrees.Remove(created.Worktree.Name, force: false, completeTask: true, "done", "claude-1");

        removed.Step.Task!.Status.Should().Be(TaskState.Completed);
        removed.BranchDeleted.Should().BeFalse();
        removed.BranchKept.Should().Contain("1 commit");
        Directory.Exists(created.Directory).Should().BeFalse();
        File.Exists(Path.Join(removed.TrashDirectory!, "new.txt")).Should().BeTrue();
        _repo.GitIn(removed.TrashDirectory!, "status", "--porcelain").Should().BeEmpty();
        _repo.EventLines().Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()).Should().Equal(
            "task.created", "worktree.create.before", "worktree.create.after", "task.claimed", "worktree.run.before", "worktree.run.after",
            "worktree.remove.before", "worktree.remove.after", "task.completed");
    }
}
