using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Server;

namespace WorktreeMcp.Server.Mcp.Resources;

/// <summary>Registers what can be read, followed and completed.</summary>
internal static class ResourceRegistration
{
    internal static IMcpServerBuilder WithBoardResources(this IMcpServerBuilder builder)
    {
        builder.Services.AddSingleton<Subscriptions>().AddSingleton<Completions>();
        builder.Services.AddSingleton<IConfigureOptions<McpServerOptions>>(provider => new ConfigureOptions<McpServerOptions>(options =>
        {
            var subscriptions = provider.GetRequiredService<Subscriptions>();
            options.Capabilities ??= new();
            options.Capabilities.Resources ??= new();
            options.Capabilities.Resources.Subscribe = true;
            options.Handlers.SubscribeToResourcesHandler = subscriptions.Subscribe;
            options.Handlers.UnsubscribeFromResourcesHandler = subscriptions.Unsubscribe;
            options.Handlers.SubscriptionsListenHandler = subscriptions.Listen;
            options.Handlers.CompleteHandler = provider.GetRequiredService<Completions>().Complete;
        }));
        return builder.WithResources<BoardResources>();
    }
}
