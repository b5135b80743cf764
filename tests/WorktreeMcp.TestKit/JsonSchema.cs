using System.Text.Json;

namespace WorktreeMcp.TestKit;

/// <summary>Checks JSON against a schema, with the keywords that schemas of tools use; any other keyword is itself a fault.</summary>
public static class JsonSchema
{
    private static readonly HashSet<string> Known =
    [
        "type", "properties", "required", "additionalProperties", "items", "enum", "minimum", "maximum", "minLength", "maxLength",
        "minItems", "maxItems", "description", "default",
    ];

    /// <summary>What is wrong with a value.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="value">The value.</param>
    /// <param name="at">Where it stands, for the messages.</param>
    /// <returns>One line a fault; empty when it fits.</returns>
    public static IReadOnlyList<string> Faults(JsonElement schema, JsonElement value, string at = "$") =>
        [.. Keywords(schema, at), .. Type(schema, value, at), .. Limits(schema, value, at), .. Members(schema, value, at), .. Items(schema, value, at)];

    private static IEnumerable<string> Keywords(JsonElement schema, string at) =>
        schema.EnumerateObject().Where(keyword => !Known.Contains(keyword.Name)).Select(keyword => $"{at}: the schema uses {keyword.Name}");

    private static IEnumerable<string> Type(JsonElement schema, JsonElement value, string at)
    {
        if (schema.TryGetProperty("enum", out var members) && !members.EnumerateArray().Any(member => JsonElement.DeepEquals(member, value)))
        {
            yield return $"{at}: {value} is none of {members}";
        }

        // A schema without a type takes anything.
        if (schema.TryGetProperty("type", out var type) && !Is(type.GetString(), value))
        {
            yield return $"{at}: {value} is no {type}";
        }
    }

    private static bool Is(string? type, JsonElement value) => type switch
    {
        "object" => value.ValueKind is JsonValueKind.Object,
        "array" => value.ValueKind is JsonValueKind.Array,
        "string" => value.ValueKind is JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "number" => value.ValueKind is JsonValueKind.Number,
        "integer" => value.ValueKind is JsonValueKind.Number && value.TryGetDecimal(out var number) && number == decimal.Truncate(number),
        _ => false,
    };

    private static IEnumerable<string> Limits(JsonElement schema, JsonElement value, string at)
    {
        var (least, most, size) = value.ValueKind switch
        {
            JsonValueKind.Number => ("minimum", "maximum", value.GetDecimal()),
            JsonValueKind.String => ("minLength", "maxLength", value.GetString()!.Length),
            JsonValueKind.Array => ("minItems", "maxItems", value.GetArrayLength()),
            _ => ("", "", 0m),
        };
        if (schema.TryGetProperty(least, out var low) && size < low.GetDecimal())
        {
            yield return $"{at}: {size} is less than {least} {low}";
        }

        if (schema.TryGetProperty(most, out var high) && size > high.GetDecimal())
        {
            yield return $"{at}: {size} is more than {most} {high}";
        }
    }

    private static IEnumerable<string> Members(JsonElement schema, JsonElement value, string at)
    {
        if (value.ValueKind is not JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties))
        {
            yield break;
        }

        foreach (var name in schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(name => name.GetString()!) : [])
        {
            if (!value.TryGetProperty(name, out _))
            {
                yield return $"{at}.{name} is missing";
            }
        }

        // Ours may grow; what is not in the schema of today is still a fault of today.
        foreach (var member in value.EnumerateObject())
        {
            var faults = properties.TryGetProperty(member.Name, out var inner) ? Faults(inner, member.Value, $"{at}.{member.Name}") : [$"{at}.{member.Name} is unknown"];
            foreach (var fault in faults)
            {
                yield return fault;
            }
        }
    }

    private static IEnumerable<string> Items(JsonElement schema, JsonElement value, string at) =>
        value.ValueKind is JsonValueKind.Array && schema.TryGetProperty("items", out var items)
            ? value.EnumerateArray().SelectMany((item, index) => Faults(items, item, $"{at}[{index}]"))
            : [];
}
