#pragma warning disable CA1032, CA1064 // It is made in one place, with what it has to say, and never leaves the room.
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>A checkout is between two commits and can be brought to neither now: whoever meets this keeps the intent on record.</summary>
/// <param name="directory">Where.</param>
/// <param name="files">Files that hold what git wrote on the way; none where it could not be looked.</param>
/// <param name="words">What stands in the way.</param>
/// <param name="inner">The fault behind it.</param>
internal sealed class HalfMovedException(string directory, IReadOnlyList<string> files, string words, Exception? inner = null) : Exception(Words(directory, files, words), inner)
{
    private const int MostListed = 20;

    private static string Words(string directory, IReadOnlyList<string> files, string words) =>
        $"{(files.Count == 0 ? $"{directory} cannot be brought to one end" : $"in {directory} these files are not what they were: {Listed.Of(files, MostListed)}")}{(words.Length == 0 ? string.Empty : $" ({words})")}";
}
