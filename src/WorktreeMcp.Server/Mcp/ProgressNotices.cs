using System.Globalization;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Running;

namespace WorktreeMcp.Server.Mcp;

/// <summary>
/// Tells a client that asked for it how its call goes on. It never waits for a client that does not read: what cannot be
/// sent is left out. The last one is on its way before the answer.
/// </summary>
/// <param name="request">The call.</param>
internal sealed class ProgressNotices(RequestContext<CallToolRequestParams> request) : IDisposable
{
    private static readonly TimeSpan LastOne = TimeSpan.FromMilliseconds(200);

    private Task _sending = Task.CompletedTask;

    /// <summary>Sends one notice, unless the one before is still on its way.</summary>
    /// <param name="progress">How it goes.</param>
    internal void Report(RunProgress progress) => Report(progress.Elapsed, progress.LastLine);

    /// <summary>The same in other words.</summary>
    /// <param name="elapsedTime">Since the call began.</param>
    /// <param name="words">What is being done; may be empty.</param>
    internal void Report(TimeSpan elapsedTime, string words)
    {
        if (request.Params?.ProgressToken is not { } token || !_sending.IsCompleted)
        {
            return;
        }

        var elapsed = string.Create(CultureInfo.InvariantCulture, $"{elapsedTime.TotalSeconds:0.0} s");
        _sending = request.Server.NotifyProgressAsync(
            token,
            new ProgressNotificationValue
            {
                Progress = (float)Math.Round(elapsedTime.TotalSeconds, 1),
                Message = words.Length == 0 ? elapsed : $"{elapsed}: {words}",
            });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _sending.Wait(LastOne);
        }
        catch (AggregateException)
        {
            // The client is gone; the answer meets that as well.
        }
    }
}
