using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace WorktreeMcp.Web.Gate;

/// <summary>
/// Who may see the page. Invariants:
/// - the word in the first address opens it once: it is exchanged for a cookie, and holds no more;
/// - the cookie is another word, known to nobody but that browser, and ends with this process;
/// - words are compared in a time that says nothing about them.
/// </summary>
internal sealed class Admission
{
    private const int WordBytes = 32;

    private readonly string _cookie = Word();
    private string? _once = Word();
    private string _name = string.Empty;

    /// <summary>The name and port that a browser must have asked for.</summary>
    internal IReadOnlyList<string> Hosts { get; private set; } = [];

    /// <summary>The address that opens the page, once.</summary>
    internal string Address => $"http://{Hosts[0]}/?token={_once}";

    /// <summary>What the browser is told to keep.</summary>
    internal string SetCookie => $"{_name}={_cookie}; Path=/; HttpOnly; SameSite=Strict";

    /// <summary>From now on it is served there.</summary>
    /// <param name="port">The port.</param>
    internal void ServeAt(int port)
    {
        Hosts = [string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), string.Create(CultureInfo.InvariantCulture, $"localhost:{port}")];

        // Cookies do not know ports: two pages on one machine would take each other's place.
        _name = string.Create(CultureInfo.InvariantCulture, $"worktree_mcp_{port}");
    }

    /// <summary>Takes the word of the first address; the first who brings it is let in, nobody after.</summary>
    /// <param name="word">What was brought.</param>
    internal bool TryTake(string? word)
    {
        var once = Volatile.Read(ref _once);
        return once is not null && IsSame(word, once) && Interlocked.CompareExchange(ref _once, null, once) == once;
    }

    /// <summary>Whether the one cookie of ours that a request brings is the right one.</summary>
    /// <param name="cookies">The request's cookies, by name.</param>
    internal bool Knows(IEnumerable<string> cookies)
    {
        var ours = cookies.SelectMany(header => header.Split(';')).Select(pair => pair.Trim()).Where(pair => pair.StartsWith(_name + "=", StringComparison.Ordinal)).ToList();
        return _name.Length > 0 && ours is [var only] && IsSame(only[(_name.Length + 1)..], _cookie);
    }

    private static bool IsSame(string? word, string right) =>
        word is { Length: <= 2 * WordBytes } && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(word), Encoding.UTF8.GetBytes(right));

    private static string Word() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(WordBytes));
}
