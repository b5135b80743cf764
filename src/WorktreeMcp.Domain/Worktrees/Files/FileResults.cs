namespace WorktreeMcp.Domain.Worktrees.Files;

/// <summary>How the lines of a text end.</summary>
public enum LineEnds
{
    /// <summary>With a newline, or there is none.</summary>
    Lf,

    /// <summary>With a carriage return and a newline.</summary>
    CrLf,

    /// <summary>Some so and some so.</summary>
    Mixed,
}

/// <summary>What a reader or an editor of a file should know, besides its text.</summary>
/// <param name="LineEnds">How its lines end.</param>
/// <param name="HasMark">Whether it begins with a byte order mark.</param>
/// <param name="EndsOpen">Whether its last line has no end.</param>
/// <param name="IsIgnored">Whether git ignores it.</param>
public sealed record FileTraits(LineEnds LineEnds, bool HasMark, bool EndsOpen, bool IsIgnored);

/// <summary>A part of a file, or all of it.</summary>
/// <param name="Worktree">The worktree's name, or that of the main checkout.</param>
/// <param name="Path">Where it lies in it.</param>
/// <param name="Lines">The lines that were asked for, without their ends.</param>
/// <param name="FromLine">The number of the first of them.</param>
/// <param name="TotalLines">How many the file has.</param>
/// <param name="Traits">What else is to be known of it.</param>
/// <param name="IsMain">Whether it is the main checkout's, where nothing is edited.</param>
public sealed record FilePart(string Worktree, string Path, IReadOnlyList<string> Lines, int FromLine, int TotalLines, FileTraits Traits, bool IsMain);

/// <summary>A file to be edited.</summary>
/// <param name="Name">The worktree.</param>
/// <param name="Path">Where the file lies in it.</param>
/// <param name="OldText">What is replaced, and stands there once; null for a file that is to be made.</param>
/// <param name="NewText">What takes its place, or all of the new file.</param>
/// <param name="Create">Whether the file is to be made.</param>
public sealed record FileEdit(string Name, string Path, string? OldText, string NewText, bool Create = false);

/// <summary>A file that was edited.</summary>
/// <param name="Worktree">The worktree's name.</param>
/// <param name="Path">Where it lies in it.</param>
/// <param name="Created">Whether it was made.</param>
/// <param name="FromLine">The first line with new text.</param>
/// <param name="ToLine">The last one; before the first where text was taken out.</param>
/// <param name="TotalLines">How many the file has now.</param>
/// <param name="Traits">What else is to be known of it.</param>
public sealed record FileEdited(string Worktree, string Path, bool Created, int FromLine, int ToLine, int TotalLines, FileTraits Traits);
