using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Web.Tests;

/// <summary>An agent with a server of its own, which is another process than the page's.</summary>
internal sealed class OtherServer : IAsyncDisposable
{
    private readonly BuiltServer _server;
    private int _calls;

    private OtherServer(BuiltServer server) => _server = server;

    public static async Task<OtherServer> Start(string root, string agent)
    {
        var server = BuiltServer.Start(arguments: ["--repo", root, "--agent", agent]);
        await server.Initialize();
        return new OtherServer(server);
    }

    public async Task<JsonElement> Call(string tool, string arguments = "{}")
    {
        var id = ++_calls;
        await _server.Call(id, tool, arguments);
        var result = (await _server.Answer(id)).GetProperty("result");
        (result.TryGetProperty("isError", out var error) && error.GetBoolean()).Should().BeFalse(result.ToString());
        return result.GetProperty("structuredContent");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
