using System.Diagnostics;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests.Guidance;

/// <summary>Brings a repository into a situation in which an agent begins; each step is one that an agent or a person takes.</summary>
internal sealed class Start(TempRepository repository, string robot) : IDisposable
{
    // Claims of all but the robot end with this.
    private readonly Repository _opened = repository.Open(endsWithThisProcess: name => name != robot);

    /// <summary>Words that must stand in a file of the main branch in the end.</summary>
    internal List<string> MustLand { get; } = [];

    /// <summary>The repository.</summary>
    internal TempRepository Repository => repository;

    public void Dispose() => _opened.Dispose();

    /// <summary>A task on the board.</summary>
    internal int Task(string subject = "goal", TaskPriority priority = TaskPriority.Normal, params int[] after) =>
        _opened.Board.Create(new NewTask(subject, Priority: priority, BlockedBy: after), "a person").View.Task.Id;

    /// <summary>A task that the robot, or another, holds and has a worktree for.</summary>
    internal string Worktree(string? by = null, string subject = "goal", TaskPriority priority = TaskPriority.Normal)
    {
        var step = _opened.Worktrees.Create(new NewWorktree(null, Task(subject, priority)), by ?? robot);
        return step.Worktree.Name;
    }

    /// <summary>Runs a command in a worktree, whoever holds it.</summary>
    internal Start Run(string worktree, string command)
    {
        var directory = Path.Join(repository.Root, ".worktrees", worktree);
        Shell(directory, command);
        return this;
    }

    /// <summary>The same in the main checkout.</summary>
    internal Start InMain(string command)
    {
        Shell(repository.Root, command);
        return this;
    }

    /// <summary>Text that is written into a file and has to land.</summary>
    internal string Words(string words)
    {
        MustLand.Add(words);
        return words;
    }

    /// <summary>Anything that the domain can do.</summary>
    internal Start With(Action<Repository> act)
    {
        act(_opened);
        return this;
    }

    private static void Shell(string directory, string command)
    {
        var start = new ProcessStartInfo("sh", ["-c", command]) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(key => key.StartsWith("GIT_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        using var shell = Process.Start(start)!;
        var words = shell.StandardOutput.ReadToEnd() + shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        shell.ExitCode.Should().Be(0, $"{command}: {words}");
    }
}
