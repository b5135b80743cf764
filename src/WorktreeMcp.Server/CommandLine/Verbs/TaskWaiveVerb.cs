using System.CommandLine;
using WorktreeMcp.Domain;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>
/// Lets a task be completed although what it is held to is not met. Only a person may: it is asked at a terminal, which no option and no
/// pipe answers.
/// </summary>
public static class TaskWaiveVerb
{
    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared)
    {
        var id = TaskVerb.Id();
        var reason = new Option<string>("--reason") { Description = "Why it need not be met; it stands in the task.", HelpName = "TEXT", Required = true };
        var command = new Command("waive", "Let a task be completed although what it is held to is not met; asked at a terminal.") { id, reason };
        command.SetAction((parsed, _) => TaskVerb.Run(shared, parsed, (repository, person) => Waive(shared, repository, parsed.GetValue(id), parsed.GetValue(reason)!, person)));
        return command;
    }

    private static async Task<int> Waive(VerbContext shared, Repository repository, int id, string reason, string person)
    {
        if (repository.Board.Contracts.Missing(id) is { } missing)
        {
            await shared.Output.WriteLineAsync(missing);
            await shared.Output.WriteAsync($"Waive that as {person}? [y/N] ");
            switch (shared.Typed()?.Trim().ToLowerInvariant())
            {
                case null:
                    await shared.Output.WriteLineAsync();
                    await shared.Error.WriteLineAsync("worktree-mcp: Nothing was waived: a waiver is asked at a terminal, and this is none.");
                    return 1;
                case not ("y" or "yes"):
                    await shared.Output.WriteLineAsync("Nothing was waived.");
                    return 1;
            }
        }

        // Refuses by itself where there is nothing to waive.
        var task = repository.Board.Contracts.Waive(id, reason, person).View.Task;
        await shared.Output.WriteLineAsync($"Waived by {person}: task {task.Id} \"{task.Subject}\" can be completed: worktree-mcp task complete {task.Id}");
        return 0;
    }
}
