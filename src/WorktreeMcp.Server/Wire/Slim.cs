namespace WorktreeMcp.Server.Wire;

/// <summary>What an answer says nothing by is left out: lists that are empty, flags that are not set, parts of a second.</summary>
internal static class Slim
{
    /// <summary>The list, or null when nothing is in it.</summary>
    internal static IReadOnlyList<T>? OrNull<T>(this IReadOnlyList<T> items) => items.Count == 0 ? null : items;

    /// <summary>True, or null.</summary>
    internal static bool? OrNull(this bool flag) => flag ? true : null;

    /// <summary>The text, or null when it is empty.</summary>
    internal static string? OrNull(this string text) => text.Length == 0 ? null : text;

    /// <summary>A point in time in whole seconds.</summary>
    internal static long Seconds(double time) => (long)time;

    /// <summary>How long something took, in tenths of a second.</summary>
    internal static double Took(double seconds) => Math.Round(seconds, 1);
}
