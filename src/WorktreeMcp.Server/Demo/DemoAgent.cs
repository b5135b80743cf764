using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Demo;

/// <summary>One agent: an MCP client with a server process of its own, as every real client has.</summary>
internal sealed class DemoAgent : IAsyncDisposable
{
    private readonly McpClient _client;

    private DemoAgent(string name, McpClient client) => (Name, _client) = (name, client);

    internal string Name { get; }

    internal static async Task<DemoAgent> Start(string name, string repository)
    {
        var (command, arguments) = ThisProgram();
        var transport = new StdioClientTransport(new StdioClientTransportOptions
        {
            Name = name,
            Command = command,
            Arguments = [.. arguments, "serve", "--repo", repository, "--agent", name],
            WorkingDirectory = repository,
        });
        return new DemoAgent(name, await McpClient.CreateAsync(transport, new McpClientOptions
        {
            ClientInfo = new Implementation { Name = name, Version = ServerHost.Version },

            // A client that stops waiting for a slow start asks again in the older way, which the server then no longer takes.
            DiscoverProbeTimeout = TimeSpan.FromMinutes(1),
        }));
    }

    /// <summary>Calls a tool; the answer's JSON, and whether it is an error.</summary>
    internal async Task<(JsonElement Json, bool IsError)> Call(string tool, params (string Name, object Value)[] arguments)
    {
        var result = await _client.CallToolAsync(
            tool, arguments.ToDictionary(a => a.Name, a => (object?)a.Value), options: new RequestOptions { JsonSerializerOptions = WireJson.Options });
        return (JsonElement.Parse(result.Content.OfType<TextContentBlock>().Single().Text), result.IsError == true);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    // Run as a program of its own, or by dotnet with the program's file.
    private static (string Command, string[] Arguments) ThisProgram()
    {
        var process = Environment.ProcessPath ?? "dotnet";
        return Path.GetFileNameWithoutExtension(process) == "dotnet"
            ? (process, [Path.Join(AppContext.BaseDirectory, "worktree-mcp.dll")])
            : (process, []);
    }
}
