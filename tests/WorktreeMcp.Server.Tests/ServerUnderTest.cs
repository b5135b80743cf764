using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using WorktreeMcp.EchoServer;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>The server of the product with the echo tools, and a real client.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    private readonly ServerConnection _connection;

    private ServerUnderTest(ServerConnection connection) => _connection = connection;

    public static TheoryData<string> Eras { get; } = [.. ServerConnection.Eras];

    public McpClient Client => _connection.Client;

    public string Log => _connection.Log;

    public static async Task<ServerUnderTest> Start(string era, string? agent = null) =>
        new(await ServerConnection.Start("/", EchoTools.Register, era, agent, TestContext.Current.CancellationToken));

    public async Task<CallToolResult> Call(string tool, params (string Name, object? Value)[] arguments) =>
        await Client.CallToolAsync(
            tool,
            arguments.ToDictionary(argument => argument.Name, argument => argument.Value),
            cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Calls with arguments as they stand in JSON and returns the error of the answer.</summary>
    public async Task<JsonElement> Refused(string tool, string arguments)
    {
        var given = JsonElement.Parse(arguments).EnumerateObject().Select(property => (property.Name, (object?)property.Value));
        var result = await Call(tool, [.. given]);
        result.IsError.Should().BeTrue();
        result.StructuredContent.Should().BeNull();
        return JsonElement.Parse(Text(result)).GetProperty("error");
    }

    public static string Text(CallToolResult result) =>
        result.Content.Should().ContainSingle().Which.Should().BeOfType<TextContentBlock>().Which.Text;

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
