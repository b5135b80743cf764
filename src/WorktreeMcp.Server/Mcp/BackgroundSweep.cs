using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Server.Mcp;

/// <summary>Empties the trash of what is over its time while a server runs: not before its first call is answered, then every hour.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where it says what it deleted.</param>
public sealed class BackgroundSweep(OpenRepository repository, TimeProvider time, ILogger<BackgroundSweep> log) : BackgroundService
{
    private static readonly TimeSpan AfterTheFirstCall = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Between = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var opened = await repository.Opened.WaitAsync(stoppingToken);
            await Task.Delay(AfterTheFirstCall, time, stoppingToken);
            while (true)
            {
                await Sweep(opened, stoppingToken);
                await Task.Delay(Between, time, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops; what was begun is gone on with by whoever sweeps next.
        }
    }

    private async Task Sweep(Repository opened, CancellationToken stop)
    {
        try
        {
            foreach (var item in await opened.Worktrees.Trash.SweepQuietly("trash", stop).WaitAsync(stop))
            {
                log.LogInformation("Emptied the trash of {Name} ({Id})", item.Name, item.Id);
            }
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            log.LogInformation("The trash was not emptied: {Reason}", fault.Message);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            log.LogError(fault, "Emptying the trash failed; it is tried again in an hour");
        }
    }
}
