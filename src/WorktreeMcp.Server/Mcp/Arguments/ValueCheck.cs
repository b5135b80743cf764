using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Mcp.Arguments;

/// <summary>Checks one value against its schema, as far as schemas of tools go.</summary>
internal static class ValueCheck
{
    private const int LongestShown = 60;

    /// <summary>What is wrong with a value.</summary>
    /// <param name="name">The argument, as the message names it.</param>
    /// <param name="value">The value.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="wide">Whether an integer may have 64 bits.</param>
    /// <returns>One sentence a fault.</returns>
    public static IEnumerable<string> Faults(string name, JsonElement value, JsonElement schema, bool wide)
    {
        if (!HasType(value, Type(schema), wide))
        {
            return [$"{name} must be {Allowed(schema)}, but is {Shown(value)}."];
        }

        return value.ValueKind switch
        {
            JsonValueKind.Number => NumberFaults(name, value, schema, wide),
            JsonValueKind.String => TextFaults(name, value, schema),
            JsonValueKind.Array => ArrayFaults(name, value, schema, wide),
            JsonValueKind.Object => ObjectFaults(name, value, schema, wide),
            _ => [],
        };
    }

    /// <summary>What a schema allows, in words.</summary>
    /// <param name="schema">The schema.</param>
    /// <returns>For example "an integer" or "one of low, normal, high".</returns>
    public static string Allowed(JsonElement schema)
    {
        if (schema.TryGetProperty("enum", out var members))
        {
            return $"one of {string.Join(", ", members.EnumerateArray().Select(member => member.ToString()))}";
        }

        return Type(schema) switch
        {
            "integer" => "an integer",
            "number" => "a number",
            "boolean" => "true or false",
            "string" => "a string",
            "object" => "an object",
            "array" when schema.TryGetProperty("items", out var items) => $"an array, each item {Allowed(items)}",
            "array" => "an array",
            _ => "a value",
        };
    }

    /// <summary>Cuts what is too long to be repeated.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Its beginning.</returns>
    public static string Shorten(string text) => VisibleText.Of(text.Length <= LongestShown ? text : text[..LongestShown] + "…");

    private static string? Type(JsonElement schema) =>
        schema.TryGetProperty("type", out var type) && type.ValueKind is JsonValueKind.String ? type.GetString() : null;

    private static bool HasType(JsonElement value, string? type, bool wide) => type switch
    {
        "integer" => value.ValueKind is JsonValueKind.Number && IsWhole(value.GetRawText(), wide),
        "number" => value.ValueKind is JsonValueKind.Number,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "string" => value.ValueKind is JsonValueKind.String,
        "object" => value.ValueKind is JsonValueKind.Object,
        "array" => value.ValueKind is JsonValueKind.Array,
        _ => true,
    };

    // Digits alone: what is whole but too large gets a better message than "must be an integer".
    private static bool IsWhole(string digits, bool wide) =>
        !digits.AsSpan(digits[0] == '-' ? 1 : 0).ContainsAnyExceptInRange('0', '9')
        || (wide && long.TryParse(digits, CultureInfo.InvariantCulture, out _));

    private static IEnumerable<string> NumberFaults(string name, JsonElement value, JsonElement schema, bool wide)
    {
        var isInteger = Type(schema) == "integer";
        var (least, most) = !isInteger ? (decimal.MinValue, decimal.MaxValue) : wide ? (long.MinValue, long.MaxValue) : (int.MinValue, (decimal)int.MaxValue);
        var minimum = Limit(schema, "minimum") is { } low ? Math.Max(low, least) : least;
        var maximum = Limit(schema, "maximum") is { } high ? Math.Min(high, most) : most;
        if (value.TryGetDecimal(out var number) && number >= minimum && number <= maximum)
        {
            yield break;
        }

        // The limits of the machine are worth naming only to who ran into them.
        yield return $"{name} is out of range: it must be from {minimum} to {maximum}, but is {Shown(value)}.";
    }

    private static IEnumerable<string> TextFaults(string name, JsonElement value, JsonElement schema)
    {
        if (TextOf(value) is not { } text)
        {
            yield return $"{name} is not valid text: it holds half of a surrogate pair.";
            yield break;
        }

        if (schema.TryGetProperty("enum", out var members) && !members.EnumerateArray().Any(member => member.ValueEquals(text)))
        {
            yield return $"{name} must be {Allowed(schema)}, but is {Shown(value)}.";
        }

        if (text.Contains('\0', StringComparison.Ordinal))
        {
            yield return $"{name} must not hold a NUL character.";
        }

        foreach (var fault in SizeFaults(name, text.Length, schema, "minLength", "maxLength", "characters"))
        {
            yield return fault;
        }

        if (schema.TryGetProperty("pattern", out var pattern)
            && !Regex.IsMatch(text, pattern.GetString()!, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)))
        {
            yield return $"{name} must match {pattern.GetString()}, but is {Shown(value)}.";
        }
    }

    private static IEnumerable<string> ArrayFaults(string name, JsonElement value, JsonElement schema, bool wide)
    {
        var sizes = SizeFaults(name, value.GetArrayLength(), schema, "minItems", "maxItems", "items");
        return schema.TryGetProperty("items", out var items)
            ? sizes.Concat(value.EnumerateArray().SelectMany((item, index) => Faults($"{name}[{index}]", item, items, wide)).Take(5))
            : sizes;
    }

    private static IEnumerable<string> ObjectFaults(string name, JsonElement value, JsonElement schema, bool wide)
    {
        if (!schema.TryGetProperty("properties", out var properties))
        {
            yield break;
        }

        var members = properties.EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(member => member.GetString()!).ToList() : [];
        foreach (var missing in required.Where(member => !value.TryGetProperty(member, out _)))
        {
            yield return $"{name}.{missing} is missing; it must be {Allowed(members[missing])}.";
        }

        foreach (var member in value.EnumerateObject())
        {
            if (!members.TryGetValue(member.Name, out var inner))
            {
                yield return NearestName.Of(member.Name, members.Keys) is { } nearest
                    ? $"{name}.{Shorten(member.Name)} is unknown; did you mean '{nearest}'?"
                    : $"{name}.{Shorten(member.Name)} is unknown; allowed are {string.Join(", ", members.Keys)}.";
            }
            else if (member.Value.ValueKind is not JsonValueKind.Null || required.Contains(member.Name))
            {
                foreach (var fault in Faults($"{name}.{member.Name}", member.Value, inner, wide))
                {
                    yield return fault;
                }
            }
        }
    }

    private static IEnumerable<string> SizeFaults(
        string name, int size, JsonElement schema, string leastKeyword, string mostKeyword, string unit)
    {
        if (Limit(schema, leastKeyword) is { } least && size < least)
        {
            yield return $"{name} must have at least {least} {unit}, but has {size}.";
        }

        if (Limit(schema, mostKeyword) is { } most && size > most)
        {
            yield return $"{name} must have at most {most} {unit}, but has {size}.";
        }
    }

    private static decimal? Limit(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var limit) && limit.TryGetDecimal(out var number) ? number : null;

    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => $"the string \"{Shorten(TextOf(value) ?? "?")}\"",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null => "null",
        JsonValueKind.Number => $"the number {Shorten(value.GetRawText())}",
        _ => value.GetRawText(),
    };
}
