using System.CommandLine;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>Which task a person frees.</summary>
/// <param name="RepositoryPath">A directory in the repository.</param>
/// <param name="TaskId">The task.</param>
/// <param name="Agent">Under which name, or null for a person's.</param>
/// <param name="Output">Where is said what was done.</param>
/// <param name="Error">Where is said why not.</param>
public sealed record ReleaseOptions(string RepositoryPath, int TaskId, string? Agent, TextWriter Output, TextWriter Error);

/// <summary>Frees a task whoever holds it: an agent that hangs must not keep it until its lease ends.</summary>
public static class ReleaseVerb
{
    private const string Person = "person";

    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <param name="run">What it does; itself if left out.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared, Func<ReleaseOptions, Task<int>>? run = null)
    {
        var task = new Argument<int>("ID") { Description = "The number of the task." };
        var command = new Command("release", "Free a task whoever holds it: it goes back on the board, its worktree stays as it is.") { task };
        command.SetAction((parsed, _) => (run ?? Run)(new ReleaseOptions(shared.Settings(parsed).RepositoryPath, parsed.GetValue(task), shared.Settings(parsed).Agent, shared.Output, shared.Error)));
        return command;
    }

    /// <summary>Runs to its end.</summary>
    /// <param name="options">Which task.</param>
    /// <returns>0 if nobody holds the task afterwards, else 1.</returns>
    public static async Task<int> Run(ReleaseOptions options)
    {
        try
        {
            using var repository = Repository.Open(options.RepositoryPath);
            var freed = repository.Board.Release(options.TaskId, options.Agent ?? Person);
            var task = freed.View.Task;
            await options.Output.WriteLineAsync(freed.Changed.Count == 0 ? $"Task {task.Id} \"{task.Subject}\" was free already." : $"Task {task.Id} \"{task.Subject}\" is back on the board.");
            if (task.LiveWorktree is { } worktree)
            {
                await options.Output.WriteLineAsync($"Its worktree \"{worktree}\" stays as it is; whoever takes the task goes on there.");
            }

            return 0;
        }
        catch (Refusal refusal)
        {
            await options.Error.WriteLineAsync($"worktree-mcp: {refusal.Message} {ToolWords.Of(refusal.Hint)}");
            return 1;
        }
    }
}
