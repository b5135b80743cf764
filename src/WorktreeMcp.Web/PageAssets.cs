using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace WorktreeMcp.Web;

/// <summary>The page's own files, which lie in the program.</summary>
internal static class PageAssets
{
    private const string Prefix = "page/";
    private const string First = "page.html";

    internal static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var name in typeof(PageAssets).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]))
        {
            var (bytes, type) = (Read(name), TypeOf(name));
            routes.MapGet(name == First ? "/" : $"/{name}", (RequestDelegate)(async context =>
            {
                context.Response.ContentType = type;
                await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
            }));
        }
    }

    private static byte[] Read(string name)
    {
        using var resource = typeof(PageAssets).Assembly.GetManifestResourceStream(Prefix + name)!;
        using var copy = new MemoryStream();
        resource.CopyTo(copy);
        return copy.ToArray();
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        _ => "text/javascript; charset=utf-8",
    };
}
