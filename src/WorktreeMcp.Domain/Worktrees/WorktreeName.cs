using System.Globalization;
using System.Text.RegularExpressions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>
/// Names of worktrees: a folder name on every system, a part of a branch name, and never a path or an option.
/// </summary>
public static partial class WorktreeName
{
    private const int MadeLength = 24;

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "con", "prn", "aux", "nul",
        "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
        "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
    };

    /// <summary>Refuses what cannot be the name of a worktree.</summary>
    /// <param name="name">What the caller gave.</param>
    /// <param name="argument">The argument's name on the wire.</param>
    /// <returns>The name.</returns>
    public static string Require(string name, string argument = "name")
    {
        var problem = Problem(name);
        return problem is null ? name : throw new Refusal(
            RefusalCode.InvalidArgument,
            $"{argument} {Show(name)} {problem}.",
            "Use 1 to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit, such as \"auth-refactor\".");
    }

    internal static bool IsValid(string name) => Problem(name) is null;

    /// <summary>A short name made from a task: its number, and as many words of its subject as there is room for.</summary>
    /// <param name="taskId">The task's number.</param>
    /// <param name="subject">Its subject.</param>
    /// <param name="attempt">Counts the names that were taken, from 1; the number behind the name.</param>
    /// <returns>Lower-case letters, digits and dashes, at most 24; such as task-7-csv-output.</returns>
    internal static string Of(int taskId, string subject, int attempt = 1)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"task-{taskId}");
        var behind = attempt == 1 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $"-{attempt}");
        var room = MadeLength - behind.Length;
        foreach (var (place, word) in PlainLetters.Words(subject).Index())
        {
            // The first word says most: it is cut rather than left out.
            var fitting = place == 0 && name.Length + 1 + word.Length > room ? word[..Math.Max(0, room - name.Length - 1)] : word;
            if (fitting.Length == 0 || name.Length + 1 + fitting.Length > room)
            {
                break;
            }

            name = $"{name}-{fitting}";
        }

        return name + behind;
    }

    private static string? Problem(string name) => name switch
    {
        "" => "is empty",
        { Length: > 63 } => $"has {name.Length} characters, more than 63",
        _ when !Pattern().IsMatch(name) => "does not begin with a letter or digit, or holds something else than letters, digits, dots, dashes and underscores",
        _ when name.Contains("..", StringComparison.Ordinal) => "holds \"..\"",
        _ when name.EndsWith('.') => "ends with a dot",
        _ when name.EndsWith(".lock", StringComparison.OrdinalIgnoreCase) => "ends with \".lock\", which git keeps for itself",
        _ when Reserved.Contains(name.Split('.')[0]) => "is a device on Windows, where this repository could then not be used",
        _ when PlainValues.ControlFiles.Contains(name) => "is the name of a control file",
        _ => null,
    };

    private static string Show(string name) => $"\"{VisibleText.Of(name.Length > 80 ? name[..80] : name)}\"";

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
