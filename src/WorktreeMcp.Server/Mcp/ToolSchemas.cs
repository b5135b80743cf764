using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp;

/// <summary>
/// The schemas that clients see. An optional argument is one that may be left out, not one that may be null:
/// some clients do not take <c>"type": ["integer", "null"]</c>, and some models then send the word.
/// </summary>
public static class ToolSchemas
{
    /// <summary>The member of any answer that holds what the caller did not ask for.</summary>
    internal const string News = "news";

    /// <summary>How schemas of arguments are made: nothing beyond what is named.</summary>
    public static AIJsonSchemaCreateOptions Input { get; } = new()
    {
        TransformSchemaNode = static (_, node) => Plain(node),
        TransformOptions = new AIJsonSchemaTransformOptions { DisallowAdditionalProperties = true },
    };

    /// <summary>How schemas of results are made: they may grow.</summary>
    private static AIJsonSchemaCreateOptions Output { get; } = new()
    {
        TransformSchemaNode = static (context, node) =>
            context.TypeInfo.Type == typeof(JsonElement) ? EventRow.Schema : node,
    };

    /// <summary>The schema of a result.</summary>
    /// <param name="type">The record.</param>
    /// <param name="options">How it is written.</param>
    /// <returns>Its schema; what may be null may be missing.</returns>
    public static JsonElement Of(Type type, JsonSerializerOptions options)
    {
        var schema = AIJsonUtilities.CreateJsonSchema(type, serializerOptions: options, inferenceOptions: Output);
        var node = JsonNode.Parse(schema.GetRawText())!;
        LoosenTree(node);
        if (node["properties"] is JsonObject members)
        {
            members[News] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } };
        }

        return JsonElement.Parse(node.ToJsonString());
    }

    private static void LoosenTree(JsonNode node)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list.OfType<JsonNode>())
            {
                LoosenTree(item);
            }
        }
        else if (node is JsonObject schema)
        {
            // First, because the children lose the word that says which of them are optional.
            FreeNullableMembers(schema);
            Plain(schema);
            foreach (var child in schema.Select(member => member.Value).OfType<JsonNode>().ToList())
            {
                LoosenTree(child);
            }
        }
    }

    // Nulls are left out on the wire, so a strict client must not ask for them.
    private static void FreeNullableMembers(JsonObject schema)
    {
        if (schema["required"] is not JsonArray required || schema["properties"] is not JsonObject properties)
        {
            return;
        }

        foreach (var name in required.Where(name => AllowsNull(properties[name!.GetValue<string>()])).ToList())
        {
            required.Remove(name);
        }

        if (required.Count == 0)
        {
            schema.Remove("required");
        }
    }

    private static bool AllowsNull(JsonNode? schema) =>
        schema is JsonObject node
        && ((node["type"] is JsonArray types && types.Any(IsNullWord)) || (node["enum"] is JsonArray members && members.Any(member => member is null)));

    private static JsonNode Plain(JsonNode node)
    {
        if (node is not JsonObject schema)
        {
            return node;
        }

        if (schema["type"] is JsonArray types)
        {
            var left = types.Where(type => !IsNullWord(type)).ToList();
            if (left.Count == 1)
            {
                schema["type"] = left[0]!.DeepClone();
            }
        }

        if (schema["enum"] is JsonArray members)
        {
            for (var i = members.Count - 1; i >= 0; i--)
            {
                if (members[i] is null)
                {
                    members.RemoveAt(i);
                }
            }

            // The generator leaves the type of an enumeration out, and some clients need it.
            if (!schema.ContainsKey("type"))
            {
                schema.Insert(0, "type", "string");
            }
        }

        if (schema.TryGetPropertyValue("default", out var value) && value is null)
        {
            schema.Remove("default");
        }

        return schema;
    }

    private static bool IsNullWord(JsonNode? type) => type is JsonValue word && word.TryGetValue<string>(out var text) && text == "null";
}
