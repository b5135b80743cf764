using System.CommandLine;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>Answers what an agent asked; it goes through the same change as everything else, whether a server runs or not.</summary>
public static class TaskAnswerVerb
{
    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared)
    {
        var (id, text) = (TaskVerb.Id(), TaskVerb.Text());
        var command = new Command("answer", "Answer the question of a task; its agent is told with its next call.") { id, text };
        command.SetAction((parsed, _) => TaskVerb.Run(shared, parsed, async (repository, person) =>
        {
            var answered = repository.Board.Questions.Answer(parsed.GetValue(id), TaskVerb.Said(shared, parsed.GetValue(text)!), person).View.Task;
            await shared.Output.WriteLineAsync($"Answered task {answered.Id} \"{answered.Subject}\" as {person}.{(answered.Owner is { } owner ? $" {owner} is told with the next call." : string.Empty)}");
            return 0;
        }));
        return command;
    }
}
