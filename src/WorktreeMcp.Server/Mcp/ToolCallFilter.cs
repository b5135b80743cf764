using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Mcp.Arguments;

namespace WorktreeMcp.Server.Mcp;

/// <summary>
/// The one seam around every call of a tool:
/// a tool runs only with arguments that fit its schema; it runs on a thread that it may block; it is cancelled when the
/// client cancels and when the server stops; whatever it throws becomes an answer that the model can act on; and each
/// call leaves one line in the log. Each answer takes along what its caller has to know besides.
/// </summary>
/// <param name="lifetime">Says when the server stops.</param>
/// <param name="time">Measures the calls.</param>
/// <param name="log">The log.</param>
/// <param name="news">What callers have to know besides; null for a server that knows none.</param>
/// <param name="repository">Knows which tools are shown; null for a server that shows all.</param>
public sealed class ToolCallFilter(IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ToolCallFilter> log, CallNews? news = null, OpenRepository? repository = null)
{
    private const int RunningCalls = 32;
    private const int WaitingCalls = 256;

    private readonly ConditionalWeakTable<McpServerTool, ToolInput> _inputs = [];
    private readonly CallGate _gate = new(RunningCalls, WaitingCalls);

    /// <summary>Puts the seam around what runs a tool.</summary>
    /// <param name="next">What runs it.</param>
    /// <returns>The handler of calls.</returns>
    public McpRequestHandler<CallToolRequestParams, CallToolResult> Around(McpRequestHandler<CallToolRequestParams, CallToolResult> next) =>
        (request, cancel) => request.MatchedPrimitive is McpServerTool tool
            ? new ValueTask<CallToolResult>(Call(LateTool.Behind(tool), next, request, cancel))
            : next(request, cancel);

    private async Task<CallToolResult> Call(
        McpServerTool tool,
        McpRequestHandler<CallToolRequestParams, CallToolResult> next,
        RequestContext<CallToolRequestParams> request,
        CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        var name = tool.ProtocolTool.Name;
        var outcome = "ok";
        try
        {
            RequireRoom(name);
            if (repository?.Tools is { } tools && !tools.Has(name))
            {
                throw tools.Missing(name);
            }

            ArgumentCheck.Require(name, _inputs.GetValue(tool, ToolInput.Of), request.Params.Arguments);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel, lifetime.ApplicationStopping);
            var answer = await _gate.Run(() => Task.Run(() => next(request, ending.Token).AsTask(), CancellationToken.None), ending.Token);
            return news?.With(answer, request) ?? answer;
        }
        catch (Exception fault) when (!PassesThrough(fault, cancel))
        {
            var refusal = AsRefusal(name, fault);
            outcome = Reply.Code(refusal.Code);
            return Reply.Error(refusal);
        }
        catch (Exception fault)
        {
            outcome = fault is OperationCanceledException ? "cancelled" : "protocol error";
            throw;
        }
        finally
        {
            var elapsed = time.GetElapsedTime(started).TotalMilliseconds;
            log.LogInformation("{Tool} {Outcome} {Milliseconds:F0} ms", name, outcome, elapsed);
        }
    }

    private static void RequireRoom(string tool)
    {
        if (OpenFilesLimit.Reached() is { } reached)
        {
            throw new Refusal(
                RefusalCode.Internal,
                $"{tool} was not begun: {reached}. Nothing was changed.",
                "Repeat the call when other calls are done. If it stays so, a person raises the limit for whatever starts the server.");
        }
    }

    private static bool PassesThrough(Exception fault, CancellationToken cancel) =>
        fault is McpProtocolException or InputRequiredException
        || (fault is OperationCanceledException && cancel.IsCancellationRequested);

    private Refusal AsRefusal(string tool, Exception fault)
    {
        var cause = Unwrap(fault);
        if (cause is Refusal refusal)
        {
            return refusal;
        }

        if (cause is NotPlainException foreign)
        {
            return foreign.ToRefusal();
        }

        if (cause is OperationCanceledException && lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return new Refusal(RefusalCode.Internal, $"{tool} was cancelled because the server stops.", "Call again when the server runs again.");
        }

        var number = RandomNumberGenerator.GetHexString(8, lowercase: true);
        log.LogError(fault, "{Tool} failed, fault {Number}", tool, number);
        if (cause is IOException or UnauthorizedAccessException)
        {
            return new Refusal(
                RefusalCode.Internal,
                $"{tool} could not read or write a file: {cause.Message} (fault {number})",
                $"Check free space and permissions there and this user's limits (descriptors: ulimit -n, size of a file: ulimit -f), look at the state with {Step.ShowBoard}, then repeat the call.",
                inner: fault);
        }

        return new Refusal(
            RefusalCode.Internal,
            string.Create(CultureInfo.InvariantCulture, $"{tool} failed with a fault of the server: {cause.GetType().Name}, fault {number}."),
            $"Look at the state with {Step.ShowBoard} before you try again; the server's log on stderr has the details under fault {number}.",
            inner: fault);
    }

    private static Exception Unwrap(Exception fault) => fault switch
    {
        TargetInvocationException { InnerException: { } inner } => Unwrap(inner),
        AggregateException { InnerExceptions: [var inner] } => Unwrap(inner),
        _ => fault,
    };
}
