using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp;

/// <summary>Registers classes of tools with their schemas, their order and the seam around each call.</summary>
public static class ToolRegistration
{
    /// <summary>Marks what an agent needs from the start: a client that shows tools by their names alone shows these whole.</summary>
    internal const string AlwaysLoad = "anthropic/alwaysLoad";

    /// <summary>Adds tools to a server.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="order">The names of the tools in the order in which clients see them.</param>
    /// <param name="add">Adds the classes.</param>
    /// <param name="json">How arguments are read and schemas made; the wire's own options if left out.</param>
    /// <returns>The server.</returns>
    public static IMcpServerBuilder WithWorktreeTools(
        this IMcpServerBuilder builder, IReadOnlyList<string> order, Action<ToolClasses> add, JsonSerializerOptions? json = null)
    {
        add(new ToolClasses(builder.Services, json ?? WireJson.Options));
        builder.Services.AddSingleton<ToolCallFilter>();
        builder.Services.AddSingleton<IConfigureOptions<McpServerOptions>>(provider => new ConfigureOptions<McpServerOptions>(options =>
        {
            // A server without tools answers with an empty list all the same.
            options.ToolCollection ??= [];
            var late = provider.GetServices<McpServerTool>().OfType<LateTool>().ToDictionary(tool => tool.ProtocolTool.Name);
            _ = Task.Run(() => late.Values.ToList().ForEach(tool => _ = tool.Made));
            options.Filters.Request.CallToolFilters.Add(provider.GetRequiredService<ToolCallFilter>().Around);
            options.Filters.Request.ListToolsFilters.Add(next => async (request, cancel) => Ordered(await next(request, cancel), late, order, provider.GetService<OpenRepository>()?.Tools ?? ToolSet.All));
        }));
        return builder;
    }

    private static ListToolsResult Ordered(ListToolsResult listed, Dictionary<string, LateTool> late, IReadOnlyList<string> order, ToolSet shown)
    {
        var places = order.Select((name, place) => (name, place)).ToDictionary(StringComparer.Ordinal);
        listed.Tools =
        [
            .. listed.Tools
                .Where(tool => shown.Has(tool.Name))
                .Select(tool => late.TryGetValue(tool.Name, out var whole) ? whole.Made.ProtocolTool : tool)
                .OrderBy(tool => places.GetValueOrDefault(tool.Name, int.MaxValue))
                .ThenBy(tool => tool.Name, StringComparer.Ordinal),
        ];
        foreach (var tool in listed.Tools.Where(_ => !shown.IsWhole))
        {
            tool.Description = shown.Told(tool.Description ?? string.Empty);
        }

        return listed;
    }
}

/// <summary>Takes the classes whose methods are tools.</summary>
/// <param name="services">Where they are registered.</param>
/// <param name="json">How arguments are read and schemas made.</param>
public sealed class ToolClasses(IServiceCollection services, JsonSerializerOptions json)
{
    /// <summary>Adds each method of a class that is marked as a tool; each call gets a new instance of the class.</summary>
    /// <typeparam name="T">The class.</typeparam>
    /// <returns>This.</returns>
    public ToolClasses Add<[DynamicallyAccessedMembers(
        DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.PublicConstructors)] T>()
        where T : class
    {
        foreach (var method in typeof(T).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance))
        {
            if (method.GetCustomAttribute<McpServerToolAttribute>() is { } tool)
            {
                services.AddSingleton(provider => tool.Name is { } name ? new LateTool(name, () => Create<T>(method, tool, provider)) : Create<T>(method, tool, provider));
            }
        }

        return this;
    }

    private McpServerTool Create<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        MethodInfo method, McpServerToolAttribute tool, IServiceProvider provider)
        where T : class
    {
        var options = new McpServerToolCreateOptions
        {
            Services = provider,
            SerializerOptions = json,
            SchemaCreateOptions = ToolSchemas.Input,
            OutputSchema = tool.OutputSchemaType is { } result ? ToolSchemas.Of(result, json) : null,
        };
        return method.IsStatic
            ? McpServerTool.Create(method, options: options)
            : McpServerTool.Create(method, static request => ActivatorUtilities.CreateInstance<T>(request.Services!), options);
    }
}
