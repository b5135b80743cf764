using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;

namespace WorktreeMcp.Server.Wire;

/// <summary>How arguments are read and results are written: snake_case, nulls left out, readable characters.</summary>
public static class WireJson
{
    /// <summary>The options for tools, their schemas and their results.</summary>
    public static JsonSerializerOptions Options { get; } = With(WireContext.Default);

    /// <summary>The same options with one more source of types in front.</summary>
    /// <param name="types">A source-generated context.</param>
    /// <returns>Options that no longer change.</returns>
    public static JsonSerializerOptions With(IJsonTypeInfoResolver types)
    {
        var options = new JsonSerializerOptions(McpJsonUtilities.DefaultOptions)
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            // A number in a string is refused by name before it gets here.
            NumberHandling = JsonNumberHandling.Strict,
            // The text is read by a model, not put into HTML: no \u0027.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        options.TypeInfoResolverChain.Insert(0, types);
        if (!ReferenceEquals(types, WireContext.Default))
        {
            options.TypeInfoResolverChain.Insert(1, WireContext.Default);
        }

        options.MakeReadOnly();
        return options;
    }

    /// <summary>The metadata of one type under the wire's options.</summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <returns>Its metadata.</returns>
    public static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));
}
