using System.Text;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>
/// Words in letters that every file system and shell takes: ü is ue, é is e, Cyrillic and Greek letters as they are commonly written in
/// Latin ones. What has no such letters is left out. A table, since the program runs without the machine's own data on languages.
/// </summary>
internal static class PlainLetters
{
    private const string Table =
        "äae öoe üue ßss æae œoe øo åa àa áa âa ãa āa ăa ąa çc ćc ĉc ċc čc ďd đd ðd þth èe ée êe ëe ēe ĕe ėe ęe ěe ĝg ğg ġg ģg ĥh ħh ìi íi îi ïi ĩi īi ĭi įi ıi İi ĵj ķk ĺl ļl ľl łl ñn ńn ņn ňn òo óo ôo õo ōo ŏo őo "
        + "ŕr ŗr řr śs ŝs şs šs șs ţt ťt țt ŧt ùu úu ûu ũu ūu ŭu ůu űu ųu ŵw ýy ŷy ÿy źz żz žz "
        + "аa бb вv гg ґg дd еe ёe єye жzh зz иi іi їi йy кk лl мm нn оo пp рr сs тt уu ўu фf хkh цts чch шsh щshch ъ ыy ь эe юyu яya "
        + "αa άa βv γg δd εe έe ζz ηi ήi θth ιi ίi ϊi ΐi κk λl μm νn ξx οo όo πp ρr σs ςs τt υy ύy ϋy ΰy φf χch ψps ωo ώo";

    private static readonly Dictionary<char, string> Latin = Table.Split(' ').ToDictionary(entry => entry[0], entry => entry[1..]);

    /// <summary>The words of a text: lower-case letters and digits.</summary>
    internal static IReadOnlyList<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var letter in text.ToLowerInvariant().Replace("ου", "ou", StringComparison.Ordinal).Replace("ού", "ou", StringComparison.Ordinal).Append(' '))
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                word.Append(letter);
            }
            else if (Latin.TryGetValue(letter, out var plain))
            {
                word.Append(plain);
            }
            else if (letter is not (>= '\u0300' and <= '\u036f' or '\'' or '’') && word.Length > 0)
            {
                // An accent that stands by itself, or an apostrophe, is within a word.
                words.Add(word.ToString());
                word.Clear();
            }
        }

        return words;
    }
}
