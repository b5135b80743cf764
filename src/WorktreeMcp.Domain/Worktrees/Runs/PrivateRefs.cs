using System.Globalization;
using System.Text;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Running;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>
/// The refs that a confined run left behind. Whatever lies there may be made by hand: a name that git would not take, a link, a pipe,
/// a ref that names another, something huge. Each is judged by itself; what is no ref is named and left out.
/// </summary>
/// <param name="own">The private folders of the run.</param>
/// <param name="isRunning">Whether the run goes on: then a lock is that of a git at work.</param>
internal sealed class PrivateRefs(PrivateGit own, bool isRunning)
{
    private const int MostRefs = 20_000;
    private const int Deepest = 16;
    private const int MostNamed = 5;
    private const int LongestNamed = 80;
    private const int LongestName = 200;

    private readonly List<(string Name, string Commit)> _found = [];
    private readonly List<string> _named = [];
    private int _leftOut;

    /// <summary>What was left out, in words; null when nothing was. Known once they were read.</summary>
    internal string? LeftOut => _leftOut == 0 ? null
        : $"Left out of what the command made in {own.RefFolder}: {string.Join("; ", _named)}{(_leftOut > _named.Count ? $"; and {(_leftOut - _named.Count).ToString(CultureInfo.InvariantCulture)} more" : string.Empty)}.";

    /// <summary>Reads them.</summary>
    internal IReadOnlyList<(string Name, string Commit)> Read()
    {
        using var folder = UntrustedFolder.Open(own.Refs);
        if (folder is not null)
        {
            Read(folder, string.Empty, Deepest);
        }

        return _found;
    }

    private void Read(UntrustedFolder folder, string prefix, int depth)
    {
        foreach (var name in folder.Names(MostRefs))
        {
            var path = prefix + name;
            if (_found.Count >= MostRefs)
            {
                LeaveOut(path, $"more than {MostRefs} refs");
                return;
            }

            if (isRunning && name.EndsWith(".lock", StringComparison.Ordinal))
            {
                continue;
            }

            if (!IsSound(name))
            {
                LeaveOut(path, "no name that git takes");
            }
            else if (folder.Folder(name) is { } inner)
            {
                using (inner)
                {
                    if (depth == 0)
                    {
                        LeaveOut(path, "too deep");
                    }
                    else
                    {
                        Read(inner, $"{path}/", depth - 1);
                    }
                }
            }
            else if (Hash(folder, name) is { } tip)
            {
                _found.Add((path, tip));
            }
            else
            {
                LeaveOut(path, "not one object id");
            }
        }
    }

    private void LeaveOut(string path, string why)
    {
        _leftOut++;
        if (_named.Count < MostNamed)
        {
            _named.Add($"\"{Escaped(path)}\" ({why})");
        }
    }

    // What git's own rules for a part of a name are.
    private static bool IsSound(string name) =>
        name.Length is > 0 and <= LongestName
        && name != "HEAD"
        && name[0] != '.'
        && name[^1] != '.'
        && !name.EndsWith(".lock", StringComparison.Ordinal)
        && !name.Contains("..", StringComparison.Ordinal)
        && !name.Contains("@{", StringComparison.Ordinal)
        && name != "@"
        && name.All(letter => !IsHidden(letter) && letter is not (' ' or '~' or '^' or ':' or '?' or '*' or '[' or '\\' or '\uFFFD'));

    private static bool IsHidden(char letter) =>
        char.IsControl(letter) || char.GetUnicodeCategory(letter) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string Escaped(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name.Take(LongestNamed))
        {
            text.Append(IsHidden(letter) ? $"\\u{(int)letter:x4}" : letter);
        }

        return name.Length > LongestNamed ? $"{text}..." : text.ToString();
    }

    // Nothing but an id: a ref that names another could name any.
    private static string? Hash(UntrustedFolder folder, string name)
    {
        using var file = folder.File(name);
        var bytes = new byte[80];
        var text = file is null ? string.Empty : Encoding.ASCII.GetString(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).TrimEnd('\n');
        return RefReader.IsHash(text) ? text : null;
    }
}
