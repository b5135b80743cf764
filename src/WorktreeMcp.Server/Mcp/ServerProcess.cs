using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using WorktreeMcp.Server.Mcp.Stdio;

namespace WorktreeMcp.Server.Mcp;

/// <summary>Serves MCP on this process's stdin and stdout until the client leaves or a signal comes.</summary>
public static class ServerProcess
{
    /// <summary>Serves with the tools of the product.</summary>
    /// <param name="settings">What was asked for.</param>
    /// <param name="log">Where the log goes.</param>
    /// <param name="cancel">Stops the server.</param>
    /// <returns>The exit code.</returns>
    public static Task<int> Run(ServerSettings settings, TextWriter log, CancellationToken cancel) =>
        Run(settings, log, ToolList.Register, cancel);

    /// <summary>Serves with other tools.</summary>
    /// <param name="settings">What was asked for.</param>
    /// <param name="log">Where the log goes.</param>
    /// <param name="register">Registers the tools and what they need.</param>
    /// <param name="cancel">Stops the server.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> Run(
        ServerSettings settings, TextWriter log, Action<IMcpServerBuilder> register, CancellationToken cancel)
    {
        using var deadline = new ExitDeadline();
        using var input = StandardStreams.Input();
        using var output = StandardStreams.Output();
        using var host = ServerHost.Build(settings, new ServerChannel(input, output, log, deadline.InputEnded), register);
        deadline.Watch(host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);

        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("worktree-mcp");
        foreach (var warning in settings.Warnings)
        {
            logger.LogWarning("{Warning}", warning);
        }

        await host.RunAsync(cancel);
        return 0;
    }
}
