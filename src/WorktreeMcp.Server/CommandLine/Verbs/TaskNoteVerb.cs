using System.CommandLine;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>Leaves a person's note on a task, whoever holds it.</summary>
public static class TaskNoteVerb
{
    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared)
    {
        var (id, text) = (TaskVerb.Id(), TaskVerb.Text());
        var command = new Command("note", "Leave a note on a task, whoever holds it.") { id, text };
        command.SetAction((parsed, _) => TaskVerb.Run(shared, parsed, async (repository, person) =>
        {
            var noted = repository.Board.Questions.Remark(parsed.GetValue(id), TaskVerb.Said(shared, parsed.GetValue(text)!), person).View.Task;
            await shared.Output.WriteLineAsync($"Left a note on task {noted.Id} \"{noted.Subject}\" as {person}.");
            return 0;
        }));
        return command;
    }
}
