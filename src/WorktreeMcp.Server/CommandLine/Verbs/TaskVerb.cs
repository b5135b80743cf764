using System.CommandLine;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>What a person does with one task; each is a verb of its own below <c>task</c>.</summary>
public static class TaskVerb
{
    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared) => new("task", "Answer an agent's question, leave a note, complete a task, or waive what it is held to.")
    {
        TaskAnswerVerb.Command(shared),
        TaskNoteVerb.Command(shared),
        TaskCompleteVerb.Command(shared),
        TaskWaiveVerb.Command(shared),
    };

    /// <summary>The task that is meant.</summary>
    internal static Argument<int> Id() => new("ID") { Description = "The number of the task." };

    /// <summary>What a person says, in one word or several.</summary>
    internal static Argument<string[]> Text() => new("TEXT") { Description = "What you say; - reads it from standard input.", Arity = ArgumentArity.OneOrMore };

    /// <summary>What was said on the command line or is to be read.</summary>
    internal static string Said(VerbContext shared, IReadOnlyList<string> words) => words is ["-"] ? shared.Input().ReadToEnd().TrimEnd() : string.Join(' ', words);

    /// <summary>Does something with an opened repository, in the name of the person, and says why not if it is refused.</summary>
    internal static async Task<int> Run(VerbContext shared, ParseResult parsed, Func<Repository, string, Task<int>> act)
    {
        try
        {
            var settings = shared.Settings(parsed);
            using var repository = Repository.Open(settings.RepositoryPath);
            return await act(repository, settings.Agent ?? repository.Person);
        }
        catch (Refusal refusal)
        {
            await shared.Error.WriteLineAsync($"worktree-mcp: {refusal.Message} {ToolWords.Of(refusal.Hint)}");
            return 1;
        }
    }
}
