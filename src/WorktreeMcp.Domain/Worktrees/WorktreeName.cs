using System.Text;
using System.Text.RegularExpressions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>
/// Names of worktrees: a folder name on every system, a part of a branch name, and never a path or an option.
/// </summary>
public static partial class WorktreeName
{
    private const int SlugLength = 40;

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

    /// <summary>A name made from a task's subject; null when nothing in it can be used.</summary>
    /// <param name="subject">The subject.</param>
    /// <returns>Lower-case letters, digits and dashes.</returns>
    public static string? Slug(string subject)
    {
        var slug = new StringBuilder();
        foreach (var letter in subject.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                slug.Append(letter);
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        var text = slug.ToString();
        text = (text.Length > SlugLength ? text[..SlugLength] : text).Trim('-');
        return text.Length >= 2 && Problem(text) is null ? text : null;
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
