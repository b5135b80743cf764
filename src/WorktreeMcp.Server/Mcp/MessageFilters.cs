using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Server.Mcp.Arguments;
using WorktreeMcp.Server.Mcp.Stdio;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp;

/// <summary>What happens to every message: it is counted, long lists wait for their turn, and an unknown protocol version is answered with ours.</summary>
internal static class MessageFilters
{
    private const string NewestHandshake = "2025-11-25";

    private static readonly HashSet<string> Handshakes = ["2024-11-05", "2025-03-26", "2025-06-18", NewestHandshake];

    // An answer that lists all tools is a large tree until it is written; hundreds of them at once would fill the memory.
    // Calls have a gate of their own.
    private const int ListsAtOnce = 4;

    /// <summary>Adds the filters.</summary>
    /// <param name="filters">The filters of the server.</param>
    /// <param name="traffic">Counts the messages.</param>
    public static void Add(IMcpMessageFilterBuilder filters, Traffic traffic)
    {
#pragma warning disable CA2000 // It lives as long as the server, and holds nothing but memory.
        var lists = new SemaphoreSlim(ListsAtOnce);
#pragma warning restore CA2000
        filters.AddIncomingFilter(next => async (context, cancel) =>
        {
            traffic.Received(context.JsonRpcMessage);
            Tailor(context);
            await Understandable(context, async () =>
            {
                OfferOurVersion(context.JsonRpcMessage);
                await (IsList(context.JsonRpcMessage) ? InTurn(lists, () => next(context, cancel), cancel) : next(context, cancel));
            });
        });
        filters.AddOutgoingFilter(next => async (context, cancel) =>
        {
            traffic.Sending(context.JsonRpcMessage);
            await next(context, cancel);
            traffic.Sent(context.JsonRpcMessage);
        });
    }

    // What this client is told names only the tools that it is shown.
    private static void Tailor(MessageContext context)
    {
        if (context.JsonRpcMessage is not JsonRpcRequest request || context.Services?.GetService<OpenRepository>() is not { Tools: { IsWhole: false } tools })
        {
            return;
        }

        ToolWords.NameOnly(tools.Has);
        if (request.Method is RequestMethods.Initialize or RequestMethods.ServerDiscover)
        {
            context.Server.ServerOptions.ServerInstructions = tools.Told(ServerHost.Instructions);
        }
    }

    private static async Task InTurn(SemaphoreSlim lists, Func<Task> next, CancellationToken cancel)
    {
        await lists.WaitAsync(cancel);
        try
        {
            await next();
        }
        finally
        {
            lists.Release();
        }
    }

    // The library answers what it can make nothing of with "An error occurred.", and says no more anywhere.
    private static async Task Understandable(MessageContext context, Func<Task> next)
    {
        if (context.JsonRpcMessage is not JsonRpcRequest request)
        {
            await next();
            return;
        }

        try
        {
            FaultyLine.Refuse(request);
            RequestShape.Require(request);
            await next();
        }
        catch (McpProtocolException refusal)
        {
            Log(context)?.LogWarning("{Method} was refused: {Reason}", request.Method, refusal.Message);
            throw;
        }
        catch (JsonException fault)
        {
            var refusal = RequestShape.Unreadable(request, fault);
            Log(context)?.LogWarning(fault, "{Method} was refused: {Reason}", request.Method, refusal.Message);
            throw refusal;
        }
        catch (Exception fault) when (fault is not (McpException or OperationCanceledException))
        {
            var number = RandomNumberGenerator.GetHexString(8, lowercase: true);
            Log(context)?.LogError(fault, "{Method} failed, fault {Number}", request.Method, number);
            throw new McpProtocolException($"{request.Method} failed with a fault of the server: {fault.GetType().Name}, fault {number}; the server's log on stderr has the details.", McpErrorCode.InternalError);
        }
    }

    private static ILogger? Log(MessageContext context) => context.Services?.GetService<ILoggerFactory>()?.CreateLogger("worktree-mcp");

    private static bool IsList(JsonRpcMessage message) => message is JsonRpcRequest
    {
        Method: RequestMethods.ToolsList or RequestMethods.ResourcesList or RequestMethods.ResourcesTemplatesList or RequestMethods.ResourcesRead or RequestMethods.PromptsList
    };

    // The protocol: "If the server does not support it, it must respond with another version it supports."
    private static void OfferOurVersion(JsonRpcMessage message)
    {
        if (message is JsonRpcRequest { Method: RequestMethods.Initialize, Params: JsonObject parameters }
            && !(parameters["protocolVersion"] is JsonValue given && given.TryGetValue<string>(out var version) && Handshakes.Contains(version)))
        {
            parameters["protocolVersion"] = NewestHandshake;
        }
    }
}
