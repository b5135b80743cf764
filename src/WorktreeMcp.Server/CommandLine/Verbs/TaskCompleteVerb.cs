using System.CommandLine;
using WorktreeMcp.Domain.Board;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>Completes a task by the same rules as for an agent.</summary>
public static class TaskCompleteVerb
{
    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared)
    {
        var id = TaskVerb.Id();
        var command = new Command("complete", "Complete a task; refused while another holds it, or while what it is held to is not met.") { id };
        command.SetAction((parsed, _) => TaskVerb.Run(shared, parsed, async (repository, person) =>
        {
            var done = repository.Board.Update(parsed.GetValue(id), new TaskEdit { Status = TaskState.Completed }, person);
            await shared.Output.WriteLineAsync($"Task {done.View.Task.Id} \"{done.View.Task.Subject}\" is completed.{(done.NowReady.Count == 0 ? string.Empty : $" Ready now: {string.Join(", ", done.NowReady)}.")}");
            return 0;
        }));
        return command;
    }
}
