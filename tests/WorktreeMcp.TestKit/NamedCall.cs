using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorktreeMcp.TestKit;

/// <summary>A call as answers name it: <c>tool(argument: value, ...)</c>, the values in JSON; a bare name is a call whose arguments are left to the reader.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">Its arguments, or null when only the tool was named.</param>
public sealed record NamedCall(string Tool, JsonObject? Arguments)
{
    /// <summary>Reads it.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The call; a format exception when it is none.</returns>
    public static NamedCall Parse(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        if (open < 0)
        {
            return new NamedCall(text, null);
        }

        if (!text.EndsWith(')'))
        {
            throw new FormatException($"{text} does not end with a parenthesis");
        }

        var arguments = new JsonObject();
        var rest = text[(open + 1)..^1];
        while (rest.Length > 0)
        {
            var colon = rest.IndexOf(": ", StringComparison.Ordinal);
            if (colon < 1)
            {
                throw new FormatException($"{text}: no argument in {rest}");
            }

            var name = rest[..colon];
            rest = rest[(colon + 2)..];
            var length = LengthOfValue(rest);
            arguments.Add(name, JsonNode.Parse(rest[..length]));
            rest = rest[length..];
            rest = rest.StartsWith(", ", StringComparison.Ordinal) ? rest[2..] : rest.Length == 0 ? rest : throw new FormatException($"{text}: {rest}");
        }

        return new NamedCall(text[..open], arguments);
    }

    private static int LengthOfValue(string text)
    {
        try
        {
            // The separator behind a value would be a fault to a reader that expects the end.
            var bytes = Encoding.UTF8.GetBytes(text);
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowMultipleValues = true });
            reader.Read();
            reader.Skip();
            return Encoding.UTF8.GetCharCount(bytes, 0, (int)reader.BytesConsumed);
        }
        catch (JsonException fault)
        {
            throw new FormatException($"{text} begins with no value", fault);
        }
    }
}
