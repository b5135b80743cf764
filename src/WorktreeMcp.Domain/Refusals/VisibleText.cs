using System.Globalization;
using System.Text;

namespace WorktreeMcp.Domain.Refusals;

/// <summary>
/// Text from outside as it can be shown in one line: what nobody sees, or what turns around or breaks what stands beside it, as an escape. Two
/// names that look alike are told apart then.
/// </summary>
public static class VisibleText
{
    /// <summary>The text with escapes such as \u200b.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The same text where all of it can be seen.</returns>
    public static string Of(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var letter in text.EnumerateRunes())
        {
            // Half of a surrogate pair comes as the replacement character.
            shown.Append(IsHidden(letter) ? Escape(letter) : letter.ToString());
        }

        return shown.ToString();
    }

    private static bool IsHidden(Rune letter) => Rune.GetUnicodeCategory(letter) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        || (Rune.GetUnicodeCategory(letter) == UnicodeCategory.SpaceSeparator && letter.Value != ' ');

    private static string Escape(Rune letter) => string.Concat(letter.ToString().Select(unit => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}")));
}
