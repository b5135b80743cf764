using System.Buffers;

namespace WorktreeMcp.Domain.Worktrees.Guidance;

/// <summary>Words of a command that is told to somebody.</summary>
internal static class ShellWord
{
    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@%+=:,");

    /// <summary>The text as one word of a shell.</summary>
    internal static string Of(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Plain) ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Several words.</summary>
    internal static string All(IEnumerable<string> texts) => string.Join(' ', texts.Select(Of));

    /// <summary>Whether a name of a file survives being told: one that is no text, or holds what nobody sees, does not.</summary>
    internal static bool CanHold(string name) => !name.Any(letter => char.IsControl(letter) || letter == '\uFFFD');
}
