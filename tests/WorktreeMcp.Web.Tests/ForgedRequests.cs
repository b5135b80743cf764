namespace WorktreeMcp.Web.Tests;

/// <summary>A request that somebody else might send, in the hope that it is served.</summary>
/// <param name="Name">What it tries.</param>
/// <param name="Text">The bytes.</param>
internal sealed record ForgedRequest(string Name, string Text);

/// <summary>Requests that differ from a right one in one thing each.</summary>
internal sealed class ForgedRequests(int port, string cookie, string usedToken)
{
    private const string Note = """{"text":"forged"}""";

    private static readonly string[] Reads = ["/", "/main.js", "/api/0/board", "/api/0/tasks/1"];

    private static readonly string[] Acts = ["/api/0/tasks/1/note", "/api/0/tasks/1/release", "/api/0/tasks/1/answer", "/api/0/tasks", "/api/0/worktrees/a/land", "/api/0/worktrees/a/remove", "/api/0/runs/x/stop"];

    private static readonly string[] Proxies =
    [
        "Forwarded: for=127.0.0.1;host=127.0.0.1", "Via: 1.1 proxy", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: 127.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Port: 80", "X-Forwarded-Prefix: /",
        "X-Forwarded-Server: proxy", "X-Real-IP: 127.0.0.1", "X-Original-Host: 127.0.0.1", "X-Original-URL: /api/0/board", "X-Rewrite-URL: /api/0/board", "X-Client-IP: 127.0.0.1", "CF-Connecting-IP: 127.0.0.1",
        "True-Client-IP: 127.0.0.1", "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: PUT", "X-Method-Override: PUT", "Proxy-Connection: keep-alive", "Sec-Purpose: prefetch", "Purpose: prefetch", "Service-Worker: script",
    ];

    private IEnumerable<string> Hosts =>
    [
        "evil.example", $"evil.example:{port}", "127.0.0.1", "localhost", $"127.0.0.1:{port + 1}", $"0.0.0.0:{port}", $"[::1]:{port}", $"[::]:{port}", $"[::ffff:127.0.0.1]:{port}", $"127.0.0.1.nip.io:{port}", $"localhost.evil.example:{port}",
        $"localhost.:{port}", $"127.1:{port}", $"2130706433:{port}", $"0x7f000001:{port}", $"0177.0.0.1:{port}", $"127.0.0.2:{port}", $"LOCALHOST:{port}", $"127.0.0.1:0{port}", $"rebind.example:{port}", $"worktree-mcp.local:{port}",
    ];

    private IEnumerable<string> Origins =>
    [
        "http://evil.example", $"http://evil.example:{port}", "null", "file://", $"https://127.0.0.1:{port}", $"http://127.0.0.1:{port + 1}", "http://127.0.0.1", $"http://[::1]:{port}", $"http://0.0.0.0:{port}", $"http://127.0.0.1:{port}.evil.example",
        $"http://localhost:{port}", $"HTTP://127.0.0.1:{port}", "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "",
    ];

    public IReadOnlyList<ForgedRequest> All() => [.. ByName(), .. ByOrigin(), .. ByFetch(), .. ByCookie(), .. ByToken(), .. ByProxy(), .. ByMethod(), .. ByForm()];

    private IEnumerable<ForgedRequest> ByName() => Hosts.SelectMany(host => Reads.Select(path => Read($"host {host} for {path}", path, host: host)).Append(Act($"host {host}, acting", Acts[0], host: host)));

    private IEnumerable<ForgedRequest> ByOrigin() => Origins.SelectMany(origin => new[] { Act($"origin {origin}", Acts[0], origin: origin), Read($"origin {origin}", "/api/0/board", $"Origin: {origin}") })
        .Append(Act("no origin", Acts[0], origin: null));

    private IEnumerable<ForgedRequest> ByFetch()
    {
        foreach (var site in new[] { "cross-site", "same-site", "none", "other", "" })
        {
            yield return Read($"fetched {site}", "/api/0/board", $"Sec-Fetch-Site: {site}", site: null);
            yield return Read($"script fetched {site}", "/main.js", $"Sec-Fetch-Site: {site}", site: null);
            yield return Act($"acting fetched {site}", Acts[0], site: site);
        }

        yield return Read("a page from elsewhere", "/", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate", site: null);
        yield return Read("a navigation to data", "/api/0/board", "Sec-Fetch-Mode: navigate");
        foreach (var kind in new[] { "iframe", "frame", "embed", "object" })
        {
            yield return Read($"within {kind}", "/", $"Sec-Fetch-Dest: {kind}");
        }
    }

    private IEnumerable<ForgedRequest> ByCookie()
    {
        var (name, value) = (cookie.Split('=')[0], cookie.Split('=')[1]);
        var bad = new Dictionary<string, string?>
        {
            ["no cookie"] = null,
            ["an empty cookie"] = $"{name}=",
            ["a wrong cookie"] = $"{name}={new string('0', value.Length)}",
            ["half a cookie"] = $"{name}={value[..^1]}",
            ["a longer cookie"] = $"{name}={value}0",
            ["another name"] = $"worktree_mcp={value}",
            ["another port's"] = $"{name}1={value}",
            ["two cookies"] = $"{name}=1; {name}={value}",
            ["upper case"] = $"{name}={value.ToUpperInvariant()}x",
        };
        foreach (var (what, sent) in bad)
        {
            foreach (var path in Reads.Append("/api/stream"))
            {
                yield return Read($"{what} for {path}", path, cookieSent: sent ?? string.Empty);
            }

            yield return Act($"{what}, acting", Acts[0], cookieSent: sent ?? string.Empty);
        }
    }

    private IEnumerable<ForgedRequest> ByToken()
    {
        foreach (var token in new[] { usedToken, "", "0", new string('a', 64), usedToken + "0", $"{usedToken}&token={usedToken}" })
        {
            yield return Read($"token {token}", $"/?token={token}", cookieSent: string.Empty);
        }

        yield return Read("a token beside a cookie", $"/api/0/board?token={usedToken}");
    }

    private IEnumerable<ForgedRequest> ByProxy() => Proxies.SelectMany(header => new[] { Read(header, "/api/0/board", header), Act(header, Acts[0], more: header) });

    private IEnumerable<ForgedRequest> ByMethod() => new[] { "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND", "post", "get" }
        .SelectMany(method => new[] { With(method, "/api/0/board"), With(method, Acts[0]) })
        .Concat(Acts.Select(path => Read($"a question that would change something: {path}", path)))
        .Append(Read("a body with a question", "/api/0/board", "Content-Length: 3", body: "{}\n"));

    private IEnumerable<ForgedRequest> ByForm()
    {
        foreach (var type in new[] { "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/json", "application/json; charset=utf-16", "application/json, text/plain", "" })
        {
            foreach (var path in Acts.Take(3))
            {
                yield return Act($"as {type} to {path}", path, type: type);
            }
        }

        foreach (var own in new[] { null, "", "Page", "page, page", "1" })
        {
            yield return Act($"own header {own}", Acts[0], own: own);
        }

        yield return Act("with a query", $"{Acts[0]}?text=forged");
    }

    private ForgedRequest With(string method, string path) =>
        new($"{method} {path}", $"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://127.0.0.1:{port}\r\nX-Worktree-Mcp: page\r\nContent-Type: application/json\r\nContent-Length: {Note.Length}\r\nConnection: close\r\n\r\n{Note}");

    private ForgedRequest Read(string name, string path, string more = "", string? host = null, string? site = "same-origin", string? cookieSent = null, string body = "") =>
        new(name, $"GET {path} HTTP/1.1\r\nHost: {host ?? $"127.0.0.1:{port}"}\r\n{Line("Cookie", cookieSent ?? cookie)}{Line("Sec-Fetch-Site", site)}{(more.Length > 0 ? more + "\r\n" : string.Empty)}Connection: close\r\n\r\n{body}");

    private ForgedRequest Act(
        string name, string path, string? host = null, string? origin = "", string? site = "same-origin", string? cookieSent = null, string type = "application/json", string? own = "page", string more = "")
    {
        var sent = name == "no origin" ? null : origin is "" && !name.StartsWith("origin ", StringComparison.Ordinal) ? $"http://{host ?? $"127.0.0.1:{port}"}" : origin;
        return new(
            name,
            $"POST {path} HTTP/1.1\r\nHost: {host ?? $"127.0.0.1:{port}"}\r\n{Line("Cookie", cookieSent ?? cookie)}{(sent is null ? string.Empty : $"Origin: {sent}\r\n")}Sec-Fetch-Site: {site}\r\nContent-Type: {type}\r\n{(own is null ? string.Empty : $"X-Worktree-Mcp: {own}\r\n")}{(more.Length > 0 ? more + "\r\n" : string.Empty)}Content-Length: {Note.Length}\r\nConnection: close\r\n\r\n{Note}");
    }

    private static string Line(string name, string? value) => string.IsNullOrEmpty(value) ? string.Empty : $"{name}: {value}\r\n";
}
