using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Web.Api;
using WorktreeMcp.Web.Gate;

namespace WorktreeMcp.Web;

/// <summary>
/// Serves the page to the person at this machine until it is told to end. Invariants:
/// - it listens on 127.0.0.1 and nowhere else, and takes nothing from files or variables of whatever folder it was started in;
/// - every request passes <see cref="RequestGate"/> before anything looks at it;
/// - a GET changes nothing, and what changes something goes through the same domain calls as an agent's.
/// </summary>
public static class PageServer
{
    private const int MostConnections = 64;
    private const int MostHeaderBytes = 16 * 1024;
    private const int MostLineBytes = 4 * 1024;

    // A description of the longest kind, each character written as an escape.
    private const int MostBodyBytes = 256 * 1024;

    private static readonly TimeSpan Headers = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    /// <summary>Serves until a signal ends it.</summary>
    /// <param name="options">What is shown, and how.</param>
    /// <param name="cancel">Ends it as well.</param>
    /// <returns>0, or 1 if the port cannot be had.</returns>
    public static async Task<int> Run(PageOptions options, CancellationToken cancel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);
        using var feed = new ChangeFeed(options.Repositories);
        var admission = new Admission();
        await using var app = Build(options, feed, admission, ending.Token);
        try
        {
            await app.StartAsync(ending.Token);
        }
        catch (IOException fault)
        {
            await options.Error.WriteLineAsync($"worktree-mcp: port {options.Port} cannot be had: {(fault.InnerException is AddressInUseException ? "somebody listens on it" : fault.Message)}. Choose another with --port, or leave it out for a free one.");
            return 1;
        }

        var port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        admission.ServeAt(port);
        await options.Output.WriteLineAsync($"The board of {string.Join(", ", options.Repositories.Select(one => one.Place.Root))}\n{admission.Address}\nThe address opens it once, in one browser. Ctrl-C ends the page.");
        using var opening = options.Open ? OpeningFile.Write(admission.Address, options.Environment) : null;
        if (opening is not null)
        {
            _ = Task.Run(() => Desktop.TryOpen(opening.Path, options.Environment), CancellationToken.None);
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, ending.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        feed.End();
        using var patience = new CancellationTokenSource(Goodbye);
        await app.StopAsync(patience.Token);
        return 0;

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            ending.Cancel();
        }
    }

    // Nothing of the usual defaults: they read settings from the folder one stands in, and that belongs to a repository.
    private static WebApplication Build(PageOptions options, ChangeFeed feed, Admission admission, CancellationToken ending)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "worktree-mcp", EnvironmentName = "Production" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
            kestrel.Limits.MaxRequestBodySize = MostBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes;
            kestrel.Limits.MaxRequestLineSize = MostLineBytes;
            kestrel.Limits.RequestHeadersTimeout = Headers;
            kestrel.Limits.KeepAliveTimeout = Idle;
            kestrel.Listen(IPAddress.Loopback, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var gate = new RequestGate(admission);
        app.Use(next => context => gate.Pass(context, next));
        app.UseRouting();
        var boards = options.Repositories.Select((repository, index) => new ServedBoard(index, repository, options.Person)).ToList();
        PageAssets.Map(app);
        BoardRoutes.Map(app, boards);
        TaskRoutes.Map(app, boards);
        ActRoutes.Map(app, boards);
        StreamRoutes.Map(app, boards, feed, ending);
        app.MapFallback((RequestDelegate)(context => Answers.NotFound(context)));
        return app;
    }
}
