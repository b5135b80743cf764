using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace WorktreeMcp.Server.Mcp.Arguments;

/// <summary>
/// Holds the outer shape of a request against the protocol, so that what does not fit is named: the protocol library
/// says only that an error occurred.
/// </summary>
internal static class RequestShape
{
    /// <summary>Refuses a request whose parameters cannot be those of its method.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="McpProtocolException">They cannot.</exception>
    public static void Require(JsonRpcRequest request)
    {
        var parameters = request.Params;
        Require(parameters is null or JsonObject, "'params'", "an object", parameters);
        switch (request.Method)
        {
            case RequestMethods.ToolsCall:
                RequireText(parameters, "name", "the name of a tool");
                var arguments = parameters?["arguments"];
                Require(arguments is null or JsonObject, "'arguments'", "an object", arguments);
                break;
            case RequestMethods.PromptsGet:
                RequireText(parameters, "name", "the name of a prompt");
                break;
            case RequestMethods.ResourcesRead or RequestMethods.ResourcesSubscribe or RequestMethods.ResourcesUnsubscribe:
                RequireText(parameters, "uri", "the address of a resource");
                break;
        }
    }

    /// <summary>What to say of parameters of which the protocol library can make nothing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="fault">What the library met.</param>
    /// <returns>The refusal.</returns>
    public static McpProtocolException Unreadable(JsonRpcRequest request, JsonException fault) => Refusal(
        fault.Path is { Length: > 2 } path ? $"'params{path[1..]}' of {request.Method} is not of the type that it must have." : $"The parameters of {request.Method} are not of the types that they must have.");

    private static void RequireText(JsonNode? parameters, string name, string meaning)
    {
        var value = parameters?[name];
        if (value is null)
        {
            throw Refusal($"'{name}' is missing; it must be {meaning}.");
        }

        Require(value.GetValueKind() == JsonValueKind.String, $"'{name}'", meaning, value);
    }

    private static void Require(bool fits, string name, string allowed, JsonNode? value)
    {
        if (!fits)
        {
            throw Refusal($"{name} must be {allowed}, but is {Kind(value!)}.");
        }
    }

    private static McpProtocolException Refusal(string words) => new(words, McpErrorCode.InvalidParams);

    private static string Kind(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };
}
