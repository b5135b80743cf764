using System.Text;

namespace WorktreeMcp.Domain.Git;

/// <summary>Paths as git has them: bytes, which need not be UTF-8. As a text they have one character for each byte.</summary>
internal static class RawPath
{
    /// <summary>The members of an output made with <c>-z</c>, empty ones too.</summary>
    internal static string[] Members(GitAnswer answer) =>
        answer.Output.Length == 0 ? [] : Encoding.Latin1.GetString(answer.Output).TrimEndOnce('\0').Split('\0');

    /// <summary>As people read it.</summary>
    internal static string Readable(string raw) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(raw));

    /// <summary>A list for <c>--stdin -z</c>.</summary>
    internal static byte[] List(IEnumerable<string> raws) => Encoding.Latin1.GetBytes(string.Concat(raws.Select(raw => raw + "\0")));

    private static string TrimEndOnce(this string text, char last) => text.EndsWith(last) ? text[..^1] : text;
}
