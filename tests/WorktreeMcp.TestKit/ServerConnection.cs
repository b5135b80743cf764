using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Server;
using WorktreeMcp.Server.Mcp;

namespace WorktreeMcp.TestKit;

/// <summary>The server of the product and a real client, joined by pipes in memory.</summary>
public sealed class ServerConnection : IAsyncDisposable
{
    // The server reads the environment of this process.
    static ServerConnection() => Environment.SetEnvironmentVariable(Patience.ListVariable, Patience.ListMilliseconds);

    private readonly IHost _host;
    private readonly LogText _log;

    private ServerConnection(IHost host, McpClient client, LogText log)
    {
        (_host, Client, _log) = (host, client, log);
    }

    /// <summary>The protocol versions that are tested: two of the handshake, and the stateless one.</summary>
    public static IReadOnlyList<string> Eras { get; } = ["2025-06-18", "2025-11-25", "2026-07-28"];

    /// <summary>The client's end.</summary>
    public McpClient Client { get; }

    /// <summary>What the server logged so far.</summary>
    public string Log => _log.ToString();

    /// <summary>Starts a server and connects to it.</summary>
    /// <param name="directory">The directory it serves.</param>
    /// <param name="register">Registers its tools.</param>
    /// <param name="era">The protocol version that the client asks for.</param>
    /// <param name="agent">The name that the server gives its caller; null for one made from the client's.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <param name="tools">The value of <c>--tools</c>; null for none.</param>
    /// <returns>The connection.</returns>
    public static async Task<ServerConnection> Start(
        string directory, Action<IMcpServerBuilder> register, string era, string? agent, CancellationToken cancel, string? tools = null)
    {
        Pipe toServer = new(), toClient = new();
        var log = new LogText();
        var host = ServerHost.Build(
            new ServerSettings(directory, RepositorySource.CurrentDirectory, agent, LogLevel.Information, []) { Tools = tools?.Split(','), MayChooseTools = true },
            new ServerChannel(toServer.Reader.AsStream(), toClient.Writer.AsStream(), log, () => { }),
            register);
        await host.StartAsync(cancel);
        var client = await McpClient.CreateAsync(
            new StreamClientTransport(toServer.Writer.AsStream(), toClient.Reader.AsStream()),
            new McpClientOptions { ProtocolVersion = era, ClientInfo = new Implementation { Name = "Test Client", Version = "1" } },
            cancellationToken: cancel);
        return new ServerConnection(host, client, log);
    }

    /// <inheritdoc/>
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
