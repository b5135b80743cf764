using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using WorktreeMcp.EchoServer;

namespace WorktreeMcp.Server.Tests;

/// <summary>The server of the product with the echo tools, and a real client, joined by pipes in memory.</summary>
internal sealed class ServerUnderTest : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly LogText _log;

    private ServerUnderTest(IHost host, McpClient client, LogText log)
    {
        (_host, Client, _log) = (host, client, log);
    }

    public static TheoryData<string> Eras { get; } = ["2025-06-18", "2025-11-25", "2026-07-28"];

    public McpClient Client { get; }

    public string Log => _log.ToString();

    public static async Task<ServerUnderTest> Start(string era, string? agent = null)
    {
        Pipe toServer = new(), toClient = new();
#pragma warning disable CA2000 // It holds memory alone.
        var log = new LogText();
#pragma warning restore CA2000
        var settings = new ServerSettings("/", RepositorySource.CurrentDirectory, agent, LogLevel.Information, []);
        var host = ServerHost.Build(
            settings,
            new ServerChannel(toServer.Reader.AsStream(), toClient.Writer.AsStream(), log, () => { }),
            EchoTools.Register);
        await host.StartAsync(TestContext.Current.CancellationToken);
        var client = await McpClient.CreateAsync(
            new StreamClientTransport(toServer.Writer.AsStream(), toClient.Reader.AsStream()),
            new McpClientOptions { ProtocolVersion = era, ClientInfo = new Implementation { Name = "Test Client", Version = "1" } },
            cancellationToken: TestContext.Current.CancellationToken);
        return new ServerUnderTest(host, client, log);
    }

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

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _host.StopAsync();
        _host.Dispose();
    }

    private sealed class LogText : TextWriter
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => _lines.Enqueue(value ?? "");

        public override string ToString() => string.Join('\n', _lines);
    }
}
