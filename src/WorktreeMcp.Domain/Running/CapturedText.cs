namespace WorktreeMcp.Domain.Running;

/// <summary>What is kept of one stream: all of it when it is short, else its beginning and its end.</summary>
/// <param name="Text">The text without escape sequences and control codes; a line between the two parts says how much is missing.</param>
/// <param name="Truncated">Whether something is missing.</param>
/// <param name="TotalBytes">How many bytes the command wrote, escape sequences and all.</param>
/// <param name="OmittedBytes">How many bytes of text are missing between the two parts.</param>
public sealed record CapturedText(string Text, bool Truncated, long TotalBytes, long OmittedBytes)
{
    /// <summary>How many NUL bytes are missing from the text, wherever they stood.</summary>
    public long NulBytes { get; init; }

    /// <summary>Nothing was written yet.</summary>
    internal static CapturedText None { get; } = new(string.Empty, Truncated: false, 0, 0);
}
