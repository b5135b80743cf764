using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.Domain.Worktrees.Trash;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>The calls that these tests repeat, in few words.</summary>
internal static class Steps
{
    internal const string By = "tester";

    internal static int Task(this Repository repository, string subject = "A goal") =>
        repository.Board.Create(new NewTask(subject), By).View.Task.Id;

    internal static WorktreeStep Make(this Repository repository, string? name, int? task = null, string? baseRef = null, string? branch = null) =>
        repository.Worktrees.Create(new NewWorktree(name, task, baseRef, branch), By);

    internal static WorktreeRun Shell(this Repository repository, string name, string command, double seconds = 30) =>
        repository.Worktrees.Run(new RunOrder(name, command, TimeSpan.FromSeconds(seconds), By), TimeSpan.FromSeconds(seconds + 30), null, CancellationToken.None);

    internal static WorktreeRemoval Drop(this Repository repository, string name, bool force = false) =>
        repository.Worktrees.Remove(name, force, completeTask: false, reason: null, By);

    /// <summary>Writes a file in a worktree and commits it under its own name.</summary>
    internal static void Work(this Repository repository, string name, string path, string text) =>
        repository.Shell(name, $"mkdir -p \"$(dirname {path})\" && echo {text} > {path} && git add -A && git commit -qm {path}").Run.ExitCode.Should().Be(0);

    internal static LandingResult Land(
        this Repository repository, string name, LandingStrategy strategy = LandingStrategy.Merge, string? into = null, string? verify = null, bool complete = false, bool remove = false, double patience = 120) =>
        repository.Worktrees.Land(new LandingRequest(name, into, strategy, null, verify, TimeSpan.FromSeconds(patience), complete, remove), By, _ => { }, CancellationToken.None);

    internal static EmptyingTrash Trash(this Repository repository) => repository.Worktrees.Trash;

    internal static WorktreeView Row(this Repository repository, string name) =>
        repository.Worktrees.List(null, 50, null).Worktrees.Single(row => row.Worktree.Name == name);

    internal static IReadOnlyList<string> EventNames(this TestKit.TempRepository repository) =>
        [.. repository.EventLines().Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()!)];
}
