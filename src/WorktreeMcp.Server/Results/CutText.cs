namespace WorktreeMcp.Server.Results;

/// <summary>Text that is cut says how much is missing and where the rest stands.</summary>
internal static class CutText
{
    /// <summary>The text, or its beginning.</summary>
    internal static string Of(string text, int most, string rest)
    {
        if (text.Length <= most)
        {
            return text;
        }

        // Never between the halves of one letter.
        var end = char.IsHighSurrogate(text[most - 1]) ? most - 1 : most;
        return $"{text[..end]}... ({text.Length - end} more characters; {rest})";
    }

    /// <summary>The first items, and how many were left out.</summary>
    internal static (IReadOnlyList<T> Items, int Omitted) Of<T>(IReadOnlyList<T> items, int most) =>
        items.Count <= most ? (items, 0) : ([.. items.Take(most)], items.Count - most);
}
