using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Server.Stdio;

namespace WorktreeMcp.Server;

/// <summary>What happens to every message: it is counted, and an unknown protocol version is answered with ours.</summary>
internal static class MessageFilters
{
    private const string NewestHandshake = "2025-11-25";

    private static readonly HashSet<string> Handshakes = ["2024-11-05", "2025-03-26", "2025-06-18", NewestHandshake];

    /// <summary>Adds the filters.</summary>
    /// <param name="filters">The filters of the server.</param>
    /// <param name="traffic">Counts the messages.</param>
    public static void Add(IMcpMessageFilterBuilder filters, Traffic traffic)
    {
        filters.AddIncomingFilter(next => async (context, cancel) =>
        {
            traffic.Received(context.JsonRpcMessage);
            FaultyLine.Refuse(context.JsonRpcMessage);
            OfferOurVersion(context.JsonRpcMessage);
            await next(context, cancel);
        });
        filters.AddOutgoingFilter(next => async (context, cancel) =>
        {
            await next(context, cancel);
            traffic.Sent(context.JsonRpcMessage);
        });
    }

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
