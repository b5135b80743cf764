using System.Text.RegularExpressions;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// Takes secrets out of a command's text before it is put on record. It goes by well-known shapes, so it is a net and no
/// wall; a reference such as <c>$TOKEN</c> is no secret and stays. The text may be anybody's: no pattern may take longer than
/// in proportion to it, so what repeats is bounded, or cannot be given back.
/// </summary>
internal static partial class Redaction
{
    private const string Mark = "***";

    // A value as a shell reads it: quoted, or up to the next blank or separator; not a reference to a variable or a command.
    private const string Value = """(?!["']?\$|`)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'`;&|<>()]+)""";

    private const string SecretWord = "(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|secret[-_]?key|private[-_]?key|auth[-_]?key|credentials?)";

    /// <summary>The text without what looks like a secret.</summary>
    /// <param name="command">A command.</param>
    /// <returns>The same text with *** in place of each secret.</returns>
    public static string Of(string command)
    {
        var text = PrivateKey().Replace(command, Mark);
        text = Address().Replace(text, $"$1{Mark}@");
        text = Header().Replace(text, $"$1{Mark}");
        text = Assignment().Replace(text, $"$1{Mark}");
        text = Option().Replace(text, $"$1{Mark}");
        text = UserOption().Replace(text, $"$1{Mark}");
        text = ShortOption().Replace(text, $"$1{Mark}");
        return Known().Replace(text, Mark);
    }

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\\z)", RegexOptions.Singleline)]
    private static partial Regex PrivateKey();

    // scheme://user:password@ and, where there is no user, scheme://token@ of at least 20 letters.
    [GeneratedRegex(@"\b([a-z][a-z0-9+.-]{0,20}://(?:[^\s/:@'""]{0,100}:(?!\$)|(?=[A-Za-z0-9_-]{20,500}@)))[^\s/@'""]{1,500}@", RegexOptions.IgnoreCase)]
    private static partial Regex Address();

    [GeneratedRegex(@"\b((?:proxy-)?authorization\s*[:=](?>\s*)(?>(?:(?:bearer|basic|token|digest|apikey)\s+)?)|(?:x-api-key|api-key|x-auth-token|private-token|job-token|cookie|set-cookie)\s*:(?>\s*)|bearer(?>\s+)(?=[A-Za-z0-9._~+/=-]{16}))(?!\$)[^\s""']+(?:[ ][^\s""'-][^\s""']*=[^\s""']*)*", RegexOptions.IgnoreCase)]
    private static partial Regex Header();

    // NAME=value, where the name ends with such a word: TOKENIZERS_PARALLELISM, PASSWORD_FILE and MAX_TOKENS hold no secret.
    // It begins where no name goes on: with the run of its letters, or behind a dot in that if an option or a reference begins the run.
    // Each run is gone through once and judged by its end, so that the time grows with the text and no faster.
    [GeneratedRegex(@"((?<![A-Za-z0-9_.])(?:(?<![$-])|[A-Za-z0-9_]*\.)(?>[A-Za-z0-9_.]*)(?<=PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|AUTH_KEY|CREDENTIALS?|_PWD|_PASS|password|passwd|passphrase|secret|token|api_?key|_authToken|(?<![A-Za-z0-9_$-])PASS)=)" + Value)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"((?<=^|[\s""'])--?(?:[a-z0-9]+[-_])*" + SecretWord + @"(?:=|\s+)(?!-))" + Value, RegexOptions.IgnoreCase)]
    private static partial Regex Option();

    [GeneratedRegex(@"((?<=^|\s)(?:-u|--user|--proxy-user)(?:=|\s*)[""']?[^\s:""'$/]{1,100}:)(?!\$|[0-9]+(?:\s|\z))[^\s""']+")]
    private static partial Regex UserOption();

    [GeneratedRegex(@"(\bsshpass\s+-p\s*|\bmysql(?:dump|admin)?\s(?:[^;&|]{0,200}?\s)?-p(?=[^\s]))" + Value)]
    private static partial Regex ShortOption();

    [GeneratedRegex(@"(?<![A-Za-z0-9_-])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|gl(?:pat|ptt|dt|rt|cbt)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9_-]{20,}|(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{16,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{40,}|hf_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|oy2[a-z0-9]{43}|AGE-SECRET-KEY-1[A-Z0-9]{50,}|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)")]
    private static partial Regex Known();
}
