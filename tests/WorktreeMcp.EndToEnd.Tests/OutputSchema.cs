using System.Text.Json;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Checks a value against the part of JSON Schema that the tools use; an unknown keyword is a fault, not a pass.</summary>
internal static class OutputSchema
{
    private static readonly HashSet<string> Known = ["type", "properties", "required", "items", "enum", "description", "additionalProperties"];

    /// <summary>All that is wrong, each with its place.</summary>
    public static IReadOnlyList<string> Faults(JsonElement schema, JsonElement value) => [.. Check(schema, value, "$")];

    private static IEnumerable<string> Check(JsonElement schema, JsonElement value, string place)
    {
        foreach (var keyword in schema.EnumerateObject().Where(keyword => !Known.Contains(keyword.Name)))
        {
            yield return $"{place}: this check does not know '{keyword.Name}'";
        }

        if (schema.TryGetProperty("type", out var type) && !IsOf(type.GetString()!, value))
        {
            yield return $"{place}: {value.ValueKind} is not {type}";
            yield break;
        }

        if (schema.TryGetProperty("enum", out var allowed) && !allowed.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)))
        {
            yield return $"{place}: {value} is not one of {allowed}";
        }

        var inner = value.ValueKind switch
        {
            JsonValueKind.Object => Members(schema, value, place),
            JsonValueKind.Array when schema.TryGetProperty("items", out var items) =>
                value.EnumerateArray().SelectMany((item, index) => Check(items, item, $"{place}[{index}]")),
            _ => [],
        };
        foreach (var fault in inner)
        {
            yield return fault;
        }
    }

    private static IEnumerable<string> Members(JsonElement schema, JsonElement value, string place)
    {
        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _)))
            {
                yield return $"{place}: {name} is missing";
            }
        }

        if (!schema.TryGetProperty("properties", out var properties))
        {
            yield break;
        }

        foreach (var member in value.EnumerateObject())
        {
            if (!properties.TryGetProperty(member.Name, out var own))
            {
                yield return $"{place}: {member.Name} is not in the schema";
                continue;
            }

            foreach (var fault in Check(own, member.Value, $"{place}.{member.Name}"))
            {
                yield return fault;
            }
        }
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind is JsonValueKind.Object,
        "array" => value.ValueKind is JsonValueKind.Array,
        "string" => value.ValueKind is JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "number" => value.ValueKind is JsonValueKind.Number,
        "integer" => value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out _),
        _ => false,
    };
}
