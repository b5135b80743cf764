using System.Text;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// What a value must be before it may become a part of a path, a name in git or a time. The same rules hold for what a caller
/// gives and for what a file says: the board's files may have come by a clone, a pull or a hand.
/// </summary>
internal static class PlainValues
{
    // In bytes: what file systems take for one name. No path that we make of a root and this exceeds the kernel's 4096.
    private const int LongestComponent = 255;
    private const int LongestPath = 2048;
    private const int LongestName = 1024;

    // The last second that a date can have.
    private const double LatestTime = 253_402_300_799;

    /// <summary>Whether a text is one component of a path and nothing that a program would take for an option.</summary>
    internal static bool IsComponent(string text) =>
        text.Length > 0 && Fits(text) && text is not ("." or "..") && text[0] != '-'
        && !text.Any(letter => letter is '/' or '\\' || char.IsControl(letter));

    /// <summary>Names in the folder of the worktrees that are files of ours.</summary>
    internal static readonly HashSet<string> ControlFiles = new(StringComparer.OrdinalIgnoreCase) { "index.json", "events.jsonl" };

    /// <summary>Whether an entry or a task may have this name of a worktree: older versions gave some that no new one gets, but none that is a path, an option or a folder of ours.</summary>
    internal static bool IsWorktreeName(string name) => IsComponent(name) && name[0] != '.' && !ControlFiles.Contains(name) && IsBranch($"wt/{name}");

    /// <summary>Whether a text is a path below some root: relative, and by no component nothing or upward.</summary>
    internal static bool IsBelow(string path) =>
        path.Length is > 0 and <= LongestPath && Encoding.UTF8.GetByteCount(path) <= LongestPath && !Path.IsPathRooted(path) && !path.Any(char.IsControl)
        && path.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar).All(component => component is not ("" or "." or "..") && Fits(component));

    /// <summary>Whether a text is a whole object id in hex.</summary>
    /// <param name="text">The text.</param>
    /// <param name="length">How many digits ids of this repository have; null where that is not known.</param>
    internal static bool IsObjectId(string text, int? length) =>
        (length is { } digits ? text.Length == digits : text.Length is 40 or 64) && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether git would take a text as the name of a branch.</summary>
    internal static bool IsBranch(string text) => text.Length > 0 && text[0] != '-' && text != "HEAD" && IsRef($"refs/heads/{text}");

    /// <summary>Whether a text is the full name of a ref, by git's own rules.</summary>
    internal static bool IsRef(string text) =>
        text.Length <= LongestName && text.StartsWith("refs/", StringComparison.Ordinal) && !text.EndsWith('.')
        && !text.Contains("..", StringComparison.Ordinal) && !text.Contains("@{", StringComparison.Ordinal)
        && !text.Any(letter => letter is ' ' or '~' or '^' or ':' or '?' or '*' or '[' or '\\' || char.IsControl(letter))
        && text.Split('/').All(component => component.Length > 0 && Fits(component) && component[0] != '.' && !component.EndsWith(".lock", StringComparison.Ordinal));

    /// <summary>Whether a text may be what a caller named a commit by: a branch, a tag, or any words that git resolves, but no option and no way upward.</summary>
    internal static bool IsRevision(string text) =>
        text.Length is > 0 and <= LongestName && text[0] != '-' && !text.Any(char.IsControl) && !text.Split('/').Contains("..");

    private static bool Fits(string component) => component.Length <= LongestComponent && Encoding.UTF8.GetByteCount(component) <= LongestComponent;

    /// <summary>Whether a number is a time in unix seconds that a date can have.</summary>
    internal static bool IsTime(double seconds) => seconds is >= 0 and <= LatestTime;
}
