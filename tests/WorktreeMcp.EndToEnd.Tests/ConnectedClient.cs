using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>The C# client and the built program as its child.</summary>
internal sealed class ConnectedClient : IAsyncDisposable
{
    private ConnectedClient(McpClient client) => Client = client;

    public static TheoryData<string> Eras { get; } = ["2025-06-18", "2025-11-25", "2026-07-28"];

    public McpClient Client { get; }

    /// <summary>Starts the program in a directory.</summary>
    public static Task<ConnectedClient> Start(
        string directory, string? era = null, IReadOnlyDictionary<string, string?>? environment = null, params string[] arguments) =>
        Start("dotnet", [BuiltServer.PathOf("worktree-mcp.dll"), .. arguments], directory, environment ?? new Dictionary<string, string?>(), era);

    /// <summary>Starts what a configuration file says.</summary>
    public static async Task<ConnectedClient> Start(
        string command, IEnumerable<string> arguments, string directory, IReadOnlyDictionary<string, string?> environment, string? era = null)
    {
        var variables = StdioClientTransportOptions.GetDefaultEnvironmentVariables();
        variables[Patience.ListVariable] = Patience.ListMilliseconds;
        foreach (var (name, value) in environment)
        {
            variables[name] = value;
        }

        var transport = new StdioClientTransport(new StdioClientTransportOptions
        {
            Command = command,
            Arguments = [.. arguments],
            WorkingDirectory = directory,
            InheritEnvironmentVariables = false,
            EnvironmentVariables = variables,
            ShutdownTimeout = BuiltServer.Limit,
        });
        var client = await McpClient.CreateAsync(
            transport,
            new McpClientOptions
            {
                ProtocolVersion = era ?? "2026-07-28",
                ClientInfo = new Implementation { Name = "End to End", Version = "1" },
                // On a loaded machine a start takes longer than the five seconds after which it would ask in another way.
                DiscoverProbeTimeout = Timeout.InfiniteTimeSpan,
            });
        return new ConnectedClient(client);
    }

    /// <summary>Calls a tool with arguments as they stand in JSON.</summary>
    public async Task<CallToolResult> Call(string tool, string arguments = "{}")
    {
        var given = JsonElement.Parse(arguments).EnumerateObject().ToDictionary(member => member.Name, member => (object?)member.Value.Clone());
        return await Client.CallToolAsync(tool, given).AsTask().WaitAsync(BuiltServer.Limit);
    }

    /// <summary>Calls a tool that must succeed.</summary>
    public async Task<JsonElement> Done(string tool, string arguments = "{}")
    {
        var result = await Call(tool, arguments);
        result.IsError.Should().NotBe(true, $"{tool} {arguments} answered {Text(result)}");
        return result.StructuredContent!.Value;
    }

    /// <summary>Calls a tool that must be refused, and returns the error.</summary>
    public async Task<JsonElement> Refused(string tool, string arguments, string code)
    {
        var result = await Call(tool, arguments);
        result.IsError.Should().BeTrue($"{tool} {arguments} answered {Text(result)}");
        result.StructuredContent.Should().BeNull();
        var error = JsonElement.Parse(Text(result)).GetProperty("error");
        error.GetProperty("code").GetString().Should().Be(code, Text(result));
        error.GetProperty("hint").GetString().Should().NotBeNullOrEmpty();
        return error;
    }

    public static string Text(CallToolResult result) =>
        result.Content.Should().ContainSingle().Which.Should().BeOfType<TextContentBlock>().Which.Text;

    public ValueTask DisposeAsync() => Client.DisposeAsync();
}
