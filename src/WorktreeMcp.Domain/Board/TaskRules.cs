using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Board;

/// <summary>What a task may hold; each fault names the argument and what is allowed.</summary>
internal static class TaskRules
{
    internal const int SubjectLength = 500;
    internal const int DescriptionLength = 16_000;
    internal const int NoteLength = 4_000;
    internal const int QuestionLength = 4_000;
    internal const int AnswerLength = 16_000;
    internal const int NameLength = 100;
    internal const int LabelCount = 20;
    internal const int BlockerCount = 100;
    internal const int NoteCount = 500;

    internal static string Subject(string subject) =>
        string.IsNullOrWhiteSpace(subject)
            ? throw Invalid("subject", "is empty", "Give the goal in one line.")
            : Within("subject", subject, SubjectLength);

    internal static string Description(string description) => Within("description", description, DescriptionLength);

    internal static string Note(string note) =>
        string.IsNullOrWhiteSpace(note) ? throw Invalid("note", "is empty", "Leave it out, or say something.") : Within("note", note, NoteLength);

    internal static string Question(string question) =>
        string.IsNullOrWhiteSpace(question) ? throw Invalid("question", "is empty", "Leave it out, or ask something.") : Within("question", question, QuestionLength);

    /// <summary>What a person says: an answer or a note.</summary>
    internal static string PersonsWords(string what, string text) =>
        string.IsNullOrWhiteSpace(text) ? throw Invalid(what, "is empty", "Say something.") : Within(what, text, AnswerLength);

    internal static string Owner(string argument, string owner) =>
        owner.Any(char.IsControl)
            ? throw Invalid(argument, "holds control characters", "Use a plain name such as \"claude-1\".")
            : Within(argument, owner.Trim(), NameLength);

    internal static IReadOnlyList<string> Labels(IReadOnlyList<string> labels)
    {
        if (labels.Count > LabelCount)
        {
            throw Invalid("labels", $"has {labels.Count} members", $"At most {LabelCount} are allowed.");
        }

        foreach (var label in labels)
        {
            if (string.IsNullOrWhiteSpace(label) || label.Length > NameLength || label.Any(char.IsControl))
            {
                throw Invalid("labels", "holds an empty, overlong or unprintable label", $"A label has 1 to {NameLength} printable characters.");
            }
        }

        return [.. labels.Distinct()];
    }

    internal static Refusal Invalid(string argument, string fault, string hint) =>
        new(RefusalCode.InvalidArgument, $"{argument} {fault}.", hint);

    private static string Within(string argument, string text, int most) =>
        text.Length <= most ? text : throw Invalid(argument, $"has {text.Length} characters", $"At most {most} are allowed.");
}
