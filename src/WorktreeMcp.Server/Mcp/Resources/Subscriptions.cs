using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Mcp.Resources;

/// <summary>
/// Who follows what. Handshake clients subscribe to one address after the other; stateless ones keep one request open for
/// several, and every message to them names that request. Files are followed from the first subscription on.
/// </summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="log">Where is told what could not be sent.</param>
public sealed class Subscriptions(OpenRepository repository, ILogger<Subscriptions> log) : IDisposable
{
    private readonly ConcurrentDictionary<object, Follower> _followers = new();
    private readonly Lock _gate = new();
    private IDisposable? _following;

    /// <summary>Begins to follow one address.</summary>
    /// <param name="request">The call.</param>
    /// <param name="cancel">Unused: it is done at once.</param>
    /// <returns>Nothing.</returns>
    public ValueTask<EmptyResult> Subscribe(RequestContext<SubscribeRequestParams> request, CancellationToken cancel)
    {
        Require(request.Params.Uri);
        Begin();
        _followers[request.Params.Uri] = new Follower(request.Server, [request.Params.Uri], null);
        return ValueTask.FromResult(new EmptyResult());
    }

    /// <summary>Ends it.</summary>
    /// <param name="request">The call.</param>
    /// <param name="cancel">Unused: it is done at once.</param>
    /// <returns>Nothing.</returns>
    public ValueTask<EmptyResult> Unsubscribe(RequestContext<UnsubscribeRequestParams> request, CancellationToken cancel)
    {
        _followers.TryRemove(request.Params.Uri, out _);
        return ValueTask.FromResult(new EmptyResult());
    }

    /// <summary>Follows several addresses until the call is cancelled.</summary>
    /// <param name="request">The call.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>Nothing, at the end.</returns>
    public async ValueTask<EmptyResult> Listen(RequestContext<SubscriptionsListenRequestParams> request, CancellationToken cancel)
    {
        var asked = request.Params.Notifications;
        IReadOnlyList<string> uris = [.. (asked?.ResourceSubscriptions ?? []).Where(ResourceUris.IsKnown)];
        var id = request.JsonRpcRequest.Id;
        var meta = new JsonObject { [MetaKeys.SubscriptionId] = id.Id is long number ? JsonValue.Create(number) : JsonValue.Create(id.ToString()) };
        if (uris.Count > 0)
        {
            Begin();
        }

        // The lists of tools, prompts and resources never change, so whoever asks to be told is served.
        var granted = new SubscriptionsListenNotifications
        {
            ToolsListChanged = asked?.ToolsListChanged,
            PromptsListChanged = asked?.PromptsListChanged,
            ResourcesListChanged = asked?.ResourcesListChanged,
            ResourceSubscriptions = uris.Count == 0 ? null : [.. uris],
        };
        var granting = JsonSerializer.SerializeToNode(
            new SubscriptionsAcknowledgedNotificationParams { Notifications = granted },
            (JsonTypeInfo<SubscriptionsAcknowledgedNotificationParams>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(SubscriptionsAcknowledgedNotificationParams)))!.AsObject();
        granting["_meta"] = meta.DeepClone();
        await request.Server.SendMessageAsync(new JsonRpcNotification { Method = NotificationMethods.SubscriptionsAcknowledgedNotification, Params = granting }, cancel);
        _followers[id] = new Follower(request.Server, uris, meta);
        try
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }
        finally
        {
            _followers.TryRemove(id, out _);
        }

        return new EmptyResult();
    }

    /// <inheritdoc/>
    public void Dispose() => _following?.Dispose();

    private void Begin()
    {
        try
        {
            lock (_gate)
            {
                _following ??= repository.Require().Follow(Tell);
            }
        }
        catch (Refusal refusal)
        {
            throw BoardResources.AsProtocol(refusal);
        }
    }

    private static void Require(string uri)
    {
        if (!ResourceUris.IsKnown(uri))
        {
            throw new McpProtocolException($"There is no resource {uri}; resources/list and resources/templates/list name what there is.", McpErrorCode.ResourceNotFound);
        }
    }

    private void Tell(BoardDelta delta)
    {
        foreach (var follower in _followers.Values)
        {
            foreach (var uri in follower.Uris.Where(uri => ResourceUris.IsTouched(uri, delta)))
            {
                _ = Send(follower, uri);
            }
        }
    }

    private async Task Send(Follower follower, string uri)
    {
        try
        {
            await follower.Server.SendNotificationAsync(
                NotificationMethods.ResourceUpdatedNotification,
                new ResourceUpdatedNotificationParams { Uri = uri, Meta = (JsonObject?)follower.Meta?.DeepClone() },
                McpJsonUtilities.DefaultOptions);
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException or OperationCanceledException)
        {
            log.LogDebug("{Uri} could not be announced: {Reason}", uri, fault.Message);
        }
    }

    private sealed record Follower(McpServer Server, IReadOnlyList<string> Uris, JsonObject? Meta);
}
