using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>Frees a task whoever holds it: an agent that hangs must not keep it until its lease ends.</summary>
public static class ReleaseVerb
{
    private const string Person = "person";

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
