using System.Text;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Worktrees.Files;

/// <summary>A path within a checkout, by its names: none of them leads upward, and none is what git keeps its own things under.</summary>
/// <param name="Names">The names, from the top down; none for the top itself.</param>
internal sealed record FileAddress(IReadOnlyList<string> Names)
{
    private const int LongestPath = 4_000;
    private const int LongestName = 255;

    // What some file systems see no letter in, so that git takes the name for its own.
    private static readonly (int From, int To)[] Unseen = [(0x200C, 0x200F), (0x202A, 0x202E), (0x206A, 0x206F), (0xFEFF, 0xFEFF)];

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>As it is shown and as git takes it.</summary>
    internal string Text => string.Join('/', Names);

    /// <summary>The names of the folders above it.</summary>
    internal IEnumerable<string> Above => Names.SkipLast(1);

    /// <summary>Reads what a caller gave.</summary>
    internal static FileAddress Of(string path)
    {
        var names = path.Split('/').Where((name, place) => name != "." && (name.Length > 0 || place == 0)).ToList();
        var problem = path switch
        {
            "" => "is empty",
            _ when !IsText(path) => "holds half a character",
            _ when Strict.GetByteCount(path) > LongestPath => $"has more than {LongestPath} bytes",
            _ when path.Any(char.IsControl) => "holds control characters",
            _ when path[0] == '/' => "is absolute",
            _ when path.Contains('\\', StringComparison.Ordinal) => "holds a backslash; folders are separated by /",
            _ when names.Contains("..") => "holds \"..\"",
            _ when names.Any(name => Strict.GetByteCount(name) > LongestName) => $"holds a name of more than {LongestName} bytes",
            _ => null,
        };
        if (problem is not null)
        {
            var shown = VisibleText.Of(path.Length > 200 ? path[..200] + "..." : path);
            throw new Refusal(RefusalCode.InvalidArgument, $"path \"{shown}\" {problem}.", "Give a path relative to the top of the worktree, such as \"src/app.cs\".");
        }

        return names.Find(IsGits) is { } gits
            ? throw new Refusal(RefusalCode.InvalidArgument, $"{VisibleText.Of(gits)} belongs to git; it is neither read nor edited here.", $"Ask git itself with {Step.RunCommand}, such as git log or git config.")
            : new FileAddress(names);
    }

    /// <summary>Whether a text can be written as UTF-8.</summary>
    internal static bool IsText(string text)
    {
        try
        {
            return Strict.GetByteCount(text) >= 0;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>A text as a file holds it.</summary>
    internal static byte[] Bytes(string text) => Strict.GetBytes(text);

    // As git itself judges names, whatever the file system: case, letters that nobody sees, and what Windows takes for the same.
    private static bool IsGits(string name)
    {
        var seen = string.Concat(name.Where(letter => !Array.Exists(Unseen, range => letter >= range.From && letter <= range.To)));
        var plain = seen.Split(':')[0].TrimEnd(' ', '.');
        return plain.Equals(".git", StringComparison.OrdinalIgnoreCase) || plain.Equals("git~1", StringComparison.OrdinalIgnoreCase);
    }
}
