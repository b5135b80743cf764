using System.Globalization;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Worktrees.Files;

namespace WorktreeMcp.Server.Wire;

/// <summary>Answer of worktree_read.</summary>
public sealed record FileShown(string Worktree, string Path, string Text, int FromLine, int ToLine, int TotalLines, string? Note, string? Omitted, string? Next)
{
    private const int MostBytes = 20_000;

    internal static FileShown From(FilePart part)
    {
        var shown = new List<string>();
        var size = 0;
        foreach (var line in part.Lines)
        {
            size += CutText.Size(line) + 2;
            if (size > MostBytes)
            {
                break;
            }

            shown.Add(line);
        }

        // One that fills an answer by itself would never be shown.
        var cut = shown.Count == 0 && part.Lines is [var first, ..] ? first : null;
        if (cut is not null)
        {
            shown.Add(CutText.Of(cut, MostBytes));
        }

        var to = part.FromLine + shown.Count - 1;
        var text = string.Join('\n', shown) + (shown.Count == 0 || (to == part.TotalLines && part.Traits.EndsOpen) ? string.Empty : "\n");
        return new FileShown(
            part.Worktree, part.Path, text, part.FromLine, to, part.TotalLines, FileWords.Note(part.Traits, wasRead: true),
            cut is null ? null : string.Create(CultureInfo.InvariantCulture, $"Line {part.FromLine} has {cut.Length} characters and is shown in part"), Guide.After(part, to).Next());
    }
}

/// <summary>Answer of worktree_edit.</summary>
public sealed record FileChanged(string Worktree, string Path, bool? Created, int FromLine, int ToLine, int TotalLines, string? Note, string? Next)
{
    internal static FileChanged From(FileEdited edited) => new(
        edited.Worktree, edited.Path, edited.Created ? true : null, edited.FromLine, edited.ToLine, edited.TotalLines, FileWords.Note(edited.Traits, wasRead: false), Guide.After(edited).Next());
}

/// <summary>Words for what is unusual about a file.</summary>
internal static class FileWords
{
    /// <summary>What an agent should know, or null.</summary>
    /// <param name="traits">What is known of the file.</param>
    /// <param name="wasRead">Whether it is shown; who has edited it knows how it was.</param>
    internal static string? Note(FileTraits traits, bool wasRead)
    {
        List<string> parts =
        [
            .. wasRead && traits.LineEnds == LineEnds.CrLf ? ["lines end with CRLF, which an edit keeps"] : Array.Empty<string>(),
            .. wasRead && traits.LineEnds == LineEnds.Mixed ? ["some lines end with CRLF, some with LF; an edit keeps them"] : Array.Empty<string>(),
            .. wasRead && traits.HasMark ? ["a byte order mark stands before the text, which an edit keeps"] : Array.Empty<string>(),
            .. wasRead && traits.EndsOpen ? ["no newline at the end"] : Array.Empty<string>(),
            .. traits.IsIgnored ? ["git ignores this file: it is not committed and does not land"] : Array.Empty<string>(),
        ];
        return parts.Count == 0 ? null : string.Join("; ", parts);
    }
}
