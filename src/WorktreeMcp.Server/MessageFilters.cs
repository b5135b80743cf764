using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Server.Stdio;

namespace WorktreeMcp.Server;

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
            FaultyLine.Refuse(context.JsonRpcMessage);
            OfferOurVersion(context.JsonRpcMessage);
            if (!IsList(context.JsonRpcMessage))
            {
                await next(context, cancel);
                return;
            }

            await lists.WaitAsync(cancel);
            try
            {
                await next(context, cancel);
            }
            finally
            {
                lists.Release();
            }
        });
        filters.AddOutgoingFilter(next => async (context, cancel) =>
        {
            await next(context, cancel);
            traffic.Sent(context.JsonRpcMessage);
        });
    }

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
