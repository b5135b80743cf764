using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace WorktreeMcp.Web.Gate;

/// <summary>
/// Lets in what the page itself sends, and nothing else. Invariants:
/// - without the cookie nothing is served, but for the one address that brings it;
/// - a name that is not this machine's own, a page of somebody else, a form, a proxy or a prefetch is refused before anything is looked at;
/// - what changes something is a POST of JSON with a header that no form and no foreign page can send.
/// </summary>
internal sealed class RequestGate(Admission admission)
{
    /// <summary>The header that only a script of our own page can set.</summary>
    internal const string OwnHeader = "X-Worktree-Mcp";

    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private const string Welcome = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url=/\"><title>The board</title><p><a href=\"/\">The board</a></p></html>";

    private const string Stranger = "This page opens with the address that `worktree-mcp web` prints, once and in one browser. Start it again for a new address.\n";

    // Whoever sits in between is not this machine's browser.
    private static readonly string[] ProxyHeaders =
    [
        "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server", "X-Real-IP", "X-Original-Host",
        "X-Original-URL", "X-Rewrite-URL", "X-Client-IP", "CF-Connecting-IP", "True-Client-IP", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "Proxy-Connection",
    ];

    /// <summary>Passes a request on, or refuses it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="next">What serves it.</param>
    internal async Task Pass(HttpContext context, RequestDelegate next)
    {
        Protect(context.Response.Headers);
        var request = context.Request;
        if (Problem(request) is { } problem)
        {
            await Refuse(context, problem.Status, problem.Words);
        }
        else if (IsFirst(request))
        {
            await Enter(context);
        }
        else if (Stands(request) is { } reason)
        {
            await Refuse(context, reason.Status, reason.Words);
        }
        else
        {
            await next(context);
        }
    }

    // What holds for every request, whoever sends it.
    private (int Status, string Words)? Problem(HttpRequest request)
    {
        var headers = request.Headers;
        return request.Method is not ("GET" or "POST") ? (StatusCodes.Status405MethodNotAllowed, "GET or POST.\n")
            : headers.Host is not [{ } host] || !admission.Hosts.Contains(host) ? (StatusCodes.Status403Forbidden, "The name that was asked for is not this page's.\n")
            : ProxyHeaders.Any(headers.ContainsKey) ? (StatusCodes.Status403Forbidden, "This page is not served through others.\n")
            : headers.ContainsKey("Sec-Purpose") || headers.ContainsKey("Purpose") || headers.ContainsKey("X-Moz") ? (StatusCodes.Status403Forbidden, "Nothing is fetched ahead.\n")
            : headers.ContainsKey("Service-Worker") ? (StatusCodes.Status403Forbidden, "There is no worker.\n")
            : headers.Origin.Count > 0 && !IsOurs(headers.Origin, host) ? (StatusCodes.Status403Forbidden, "Another page asked.\n")
            : null;
    }

    // From a terminal, a file or a bookmark: the word is the proof, so it may come from anywhere, but only as a page of its own.
    private static bool IsFirst(HttpRequest request) =>
        request is { Method: "GET", Path.Value: "/" } && request.Query.ContainsKey("token") && request.Headers.Origin.Count == 0
        && IsNoneOr(request.Headers["Sec-Fetch-Mode"], "navigate") && IsNoneOr(request.Headers["Sec-Fetch-Dest"], "document");

    private async Task Enter(HttpContext context)
    {
        if (context.Request.Query["token"] is not [{ } word] || context.Request.Query.Count != 1 || !admission.TryTake(word))
        {
            await Refuse(context, StatusCodes.Status403Forbidden, Stranger);
            return;
        }

        // A strict cookie is not sent along a way that began elsewhere: the page goes on by itself, from here.
        context.Response.Headers.SetCookie = admission.SetCookie;
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(Welcome);
    }

    private (int Status, string Words)? Stands(HttpRequest request)
    {
        var headers = request.Headers;
        var isPage = request is { Method: "GET", Path.Value: "/" };
        return !IsFromHere(headers["Sec-Fetch-Site"], isPage) ? (StatusCodes.Status403Forbidden, "Another page asked.\n")
            : !isPage && headers["Sec-Fetch-Mode"] is ["navigate"] ? (StatusCodes.Status403Forbidden, "That is no page.\n")
            : headers["Sec-Fetch-Dest"].Any(kind => kind is "iframe" or "frame" or "embed" or "object") ? (StatusCodes.Status403Forbidden, "Not within another page.\n")
            : !admission.Knows(headers.Cookie.OfType<string>()) ? (StatusCodes.Status403Forbidden, Stranger)
            : request.Method == "POST" ? Changing(request)
            : request.Query.ContainsKey("token") ? (StatusCodes.Status403Forbidden, Stranger)
            : headers.ContentLength > 0 || headers.TransferEncoding.Count > 0 ? (StatusCodes.Status400BadRequest, "A question has no body.\n")
            : null;
    }

    private static (int Status, string Words)? Changing(HttpRequest request) =>
        request.Headers.Origin.Count == 0 ? (StatusCodes.Status403Forbidden, "Who asked does not say so.\n")
        : request.Headers[OwnHeader] is not ["page"] ? (StatusCodes.Status403Forbidden, "Not from the page's own script.\n")
        : request.Headers.ContentType is not ["application/json" or "application/json; charset=utf-8"] ? (StatusCodes.Status415UnsupportedMediaType, "JSON only.\n")
        : request.QueryString.HasValue ? (StatusCodes.Status400BadRequest, "What is to be changed stands in the body.\n")
        : null;

    // A browser that is too old to say it is still held by Origin, cookie and header.
    private static bool IsFromHere(StringValues site, bool isPage) => site.Count == 0 || site is ["same-origin"] || (isPage && site is ["none"]);

    private static bool IsOurs(StringValues origin, string host) => origin is [{ } one] && one == $"http://{host}";

    private static bool IsNoneOr(StringValues given, string expected) => given.Count == 0 || (given is [{ } only] && only == expected);

    private static void Protect(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
    }

    private static async Task Refuse(HttpContext context, int status, string words)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.Connection = "close";
        await context.Response.WriteAsync(words);
    }
}
