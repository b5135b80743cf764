using System.Text;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Web.Wire;

/// <summary>How a person is told of steps: by what stands on the page, or what an agent or a person does in the worktree.</summary>
public static class PageWords
{
    /// <summary>A step in words.</summary>
    /// <param name="step">The step.</param>
    /// <returns>Words that fit into a sentence.</returns>
    public static string Of(Step step) => step switch
    {
        Step.ShowBoard => "the board",
        Step.CreateTask => "New task",
        Step.ListTasks => "the board",
        Step.ShowTask => "the task's page",
        Step.ChangeTask => "Edit brief",
        Step.ClaimTask => "an agent's claim",
        Step.BindTask => "an agent's binding",
        Step.CreateWorktree => "a new worktree",
        Step.ListWorktrees or Step.ShowWorktree => "the task's page",
        Step.DiffWorktree => "Changes",
        Step.RunCommand => "a command in the worktree",
        Step.ReadOutput => "Runs",
        Step.StopRun => "Stop",
        Step.LandWorktree => "Land",
        Step.KeepWorktree => "Keep",
        Step.RemoveWorktree => "Remove",
        Step.RestoreWorktree => "Restore",
        Step.ReadEvents => "the timeline",
        Step.ReadFile or Step.EditFile => "the file in the worktree",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "The page has no words for it."),
    };

    /// <summary>A sentence in the page's words.</summary>
    /// <param name="advice">The sentence.</param>
    /// <returns>Its words.</returns>
    public static string Of(Advice advice) => string.Concat(advice.Parts.Select(part => part.Text ?? ((part.Kind ?? part.Step?.Kind) is { } kind ? Of(kind) : string.Empty)));

    /// <summary>The word for a value.</summary>
    /// <typeparam name="T">Of what kind.</typeparam>
    /// <param name="value">The value.</param>
    /// <returns>snake_case.</returns>
    internal static string Word<T>(T value)
        where T : struct, Enum
    {
        var words = new StringBuilder();
        foreach (var letter in value.ToString())
        {
            words.Append(char.IsUpper(letter) && words.Length > 0 ? "_" : string.Empty).Append(char.ToLowerInvariant(letter));
        }

        return words.ToString();
    }
}
