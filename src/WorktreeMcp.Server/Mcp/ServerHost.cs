using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Server.Mcp.Logging;
using WorktreeMcp.Server.Mcp.Stdio;

namespace WorktreeMcp.Server.Mcp;

/// <summary>Puts the server together: log, lifetime, protocol, streams, and the seams around each call.</summary>
public static class ServerHost
{
    /// <summary>The version of the product.</summary>
    public static string Version { get; } =
        typeof(ServerHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>What clients are told of the whole.</summary>
    internal static string Instructions { get; } = ReadInstructions();

    /// <summary>Builds a server that is not started yet.</summary>
    /// <param name="settings">What was asked for.</param>
    /// <param name="channel">What it talks through.</param>
    /// <param name="register">Registers the tools and what they need.</param>
    /// <returns>The host.</returns>
    public static IHost Build(ServerSettings settings, ServerChannel channel, Action<IMcpServerBuilder> register)
    {
        // The empty builder reads no appsettings.json: the current directory is the user's repository.
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(settings.LogLevel).AddFilter("ModelContextProtocol", LibraryLevel(settings.LogLevel));

        var services = builder.Services;
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ILoggerProvider>(provider => new LineLogging(channel.Log, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(settings);
        services.AddSingleton(new CallerIdentity(settings.Agent));

        var traffic = new Traffic();
        register(services.AddMcpServer(Describe)
            .WithMessageFilters(filters => MessageFilters.Add(filters, traffic))
            .WithStdioServerTransport());
        services.AddSingleton<ITransport>(provider => Transport(provider, channel, traffic));
        return builder.Build();
    }

    // Takes the place of the library's transport. WithStreamServerTransport would read before there is a host to stop.
    private static StreamServerTransport Transport(IServiceProvider provider, ServerChannel channel, Traffic traffic)
    {
        var ready = new TaskCompletionSource<ITransport>(TaskCreationOptions.RunContinuationsAsynchronously);
        var stop = provider.GetRequiredService<IHostApplicationLifetime>().StopApplication;
#pragma warning disable CA2000 // The transport closes its streams.
        var transport = new StreamServerTransport(
            new ServerInput(new BoundedLines(channel.Input, FaultyLine.Limit, Admit), traffic, channel.InputEnded, stop, channel.Begun),
            new ServerOutput(channel.Output, stop),
            "worktree-mcp",
            provider.GetRequiredService<ILoggerFactory>());
#pragma warning restore CA2000
        ready.SetResult(transport);
        return transport;

        bool Admit(RequestId id)
        {
            var isFree = traffic.TryTake(id);
            if (!isFree)
            {
                _ = traffic.Refuse(async () => await (await ready.Task).SendMessageAsync(TakenId(id)));
            }

            return isFree;
        }
    }

    private static JsonRpcError TakenId(RequestId id) => new()
    {
        Id = id,
        Error = new JsonRpcErrorDetail { Code = (int)McpErrorCode.InvalidRequest, Message = $"A request with the id {id} is not answered yet, and goes on. Each request needs an id of its own." },
    };

    // The library logs four lines a call, and a client's wrong method name as an error with two stack traces.
    private static LogLevel LibraryLevel(LogLevel level) => level > LogLevel.Debug ? LogLevel.Critical : level;

    private static void Describe(McpServerOptions options)
    {
        options.ServerInfo = new Implementation { Name = "worktree-mcp", Title = "WorktreeMcp", Version = Version };
        options.ServerInstructions = Instructions;
    }

    private static string ReadInstructions()
    {
        using var text = new StreamReader(typeof(ServerHost).Assembly.GetManifestResourceStream("Instructions.md")!);
        return text.ReadToEnd().Trim();
    }
}
