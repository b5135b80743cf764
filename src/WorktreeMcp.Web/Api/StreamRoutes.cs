using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Web.Wire;

namespace WorktreeMcp.Web.Api;

/// <summary>
/// What happens, as it happens, as server-sent events. Invariants:
/// - the id of an event is its number in the log, for several repositories the numbers of all of them; whoever comes back with one misses nothing;
/// - whoever was away for too long is told to look at everything anew, instead of being sent all of it;
/// - a change without an event, such as a file that was edited by hand, is told too, without an id.
/// </summary>
internal sealed class StreamRoutes
{
    private const int MostStreams = 24;
    private const int MostMissed = 500;
    private const int Page = 100;

    // Often enough that a dead connection is noticed.
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    private readonly IReadOnlyList<ServedBoard> _boards;
    private readonly ChangeFeed _feed;
    private readonly CancellationToken _ending;
    private int _open;

    private StreamRoutes(IReadOnlyList<ServedBoard> boards, ChangeFeed feed, CancellationToken ending) => (_boards, _feed, _ending) = (boards, feed, ending);

    internal static void Map(IEndpointRouteBuilder routes, IReadOnlyList<ServedBoard> boards, ChangeFeed feed, CancellationToken ending) =>
        routes.MapGet("/api/stream", (RequestDelegate)new StreamRoutes(boards, feed, ending).Stream);

    private async Task Stream(HttpContext context)
    {
        if (Interlocked.Increment(ref _open) > MostStreams)
        {
            Interlocked.Decrement(ref _open);
            await Answers.Refused(context, StatusCodes.Status503ServiceUnavailable, "busy", $"{MostStreams} windows look at this page already.", "Close one of them.");
            return;
        }

        try
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _ending);
            await Tell(context, over.Token);
        }
        catch (OperationCanceledException)
        {
            // The tab is closed, or the program ends.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task Tell(HttpContext context, CancellationToken over)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream";
        var from = context.Request.Headers["Last-Event-ID"] is [{ Length: > 0 } last] ? last : context.Request.Query["since"].ToString();
        var seen = Positions(from);
        await Write(context, "retry: 1000\n\n", over);
        if (seen is null)
        {
            seen = [.. _boards.Select(Newest)];
            await Write(context, Message("reset", Id(seen), "{}"), over);
        }

        for (var woken = false; !_feed.IsOver;)
        {
            var next = _feed.Next;
            var told = await Task.Run(() => Since(seen), over);
            await Write(context, told.Length > 0 ? told : woken ? Message("look", null, "{}") : ": still here\n\n", over);
            woken = await Task.WhenAny(next, Task.Delay(Beat, over)) == next;
            over.ThrowIfCancellationRequested();
        }
    }

    // Everything after what was seen, which moves on; or that it is too much.
    private string Since(long[] seen)
    {
        var told = new StringBuilder();
        for (var index = 0; index < _boards.Count; index++)
        {
            var (repository, count) = (_boards[index].Repository, 0);
            for (var more = true; more;)
            {
                var page = repository.Events(new EventQuery(Page, seen[index]));
                more = page.More;
                if ((count += page.Events.Count) > MostMissed)
                {
                    seen[index] = Newest(_boards[index]);
                    return Message("reset", Id(seen), "{}");
                }

                foreach (var logged in page.Events.Select(Happening.From).Where(happening => happening.Seq > seen[index]))
                {
                    seen[index] = logged.Seq;
                    told.Append(Message("happened", Id(seen), JsonSerializer.Serialize(logged with { Repository = index }, PageJson.Default.Happening)));
                }
            }
        }

        return told.ToString();
    }

    // Null for what is no position here: a made-up one, or one of a log that was begun anew.
    private long[]? Positions(string text)
    {
        var parts = text.Split('.');
        var numbers = parts.Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? seq : -1).ToArray();
        return numbers.Length == _boards.Count && numbers.All(seq => seq >= 0) && numbers.Index().All(one => one.Item <= Newest(_boards[one.Index])) ? numbers : null;
    }

    private static long Newest(ServedBoard board) => board.Repository.Events(new EventQuery(1)).LastSeq ?? 0;

    private static string Id(IEnumerable<long> seen) => string.Join('.', seen.Select(seq => seq.ToString(CultureInfo.InvariantCulture)));

    private static string Message(string name, string? id, string data) => id is null ? $"event: {name}\ndata: {data}\n\n" : $"id: {id}\nevent: {name}\ndata: {data}\n\n";

    private static async Task Write(HttpContext context, string text, CancellationToken over)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), over);
        await context.Response.Body.FlushAsync(over);
    }
}
