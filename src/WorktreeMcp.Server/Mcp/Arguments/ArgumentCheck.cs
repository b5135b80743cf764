using System.Text.Json;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Mcp.Arguments;

/// <summary>
/// Checks the arguments of a call against the tool's own schema before the tool runs. The protocol library would answer
/// a wrong one with "An error occurred", ignore an unknown one, and not look at limits.
/// </summary>
public static class ArgumentCheck
{
    /// <summary>Refuses a call with faulty arguments; all faults are in one message.</summary>
    /// <param name="tool">The tool's name.</param>
    /// <param name="input">What it takes.</param>
    /// <param name="arguments">What was given. A null for an argument that may be left out is taken away.</param>
    /// <exception cref="Refusal">An argument is missing, unknown, ill-typed or out of range.</exception>
    public static void Require(string tool, ToolInput input, IDictionary<string, JsonElement>? arguments)
    {
        var faults = Faults(input, arguments ?? new Dictionary<string, JsonElement>());
        if (faults.Count > 0)
        {
            throw new Refusal(RefusalCode.InvalidArgument, string.Join(" ", faults), $"Call {Signature(tool, input)}.");
        }
    }

    /// <summary>Finds what is wrong with the arguments.</summary>
    /// <param name="input">What the tool takes.</param>
    /// <param name="arguments">What was given. A null for an argument that may be left out is taken away.</param>
    /// <returns>One sentence a fault.</returns>
    public static IReadOnlyList<string> Faults(ToolInput input, IDictionary<string, JsonElement> arguments)
    {
        var faults = new List<string>();
        var required = input.Required.ToHashSet(StringComparer.Ordinal);
        foreach (var (name, schema) in input.Properties.Select(property => (property.Name, property.Value)))
        {
            var given = arguments.TryGetValue(name, out var value);
            if (given && value.ValueKind is JsonValueKind.Null)
            {
                arguments.Remove(name);
                given = false;
            }

            if (given)
            {
                faults.AddRange(ValueCheck.Faults($"'{name}'", value, schema, input.Wide.Contains(name)));
            }
            else if (required.Contains(name))
            {
                faults.Add($"'{name}' is missing; it must be {ValueCheck.Allowed(schema)}.");
            }
        }

        var known = input.Names.ToList();
        faults.AddRange(arguments.Keys.Where(name => !known.Contains(name)).Select(name => Unknown(name, known)));
        return faults;
    }

    private static string Unknown(string name, List<string> known)
    {
        var shown = ValueCheck.Shorten(name);
        return known.Count == 0 ? $"'{shown}' is unknown; this tool takes no arguments."
            : NearestName.Of(name, known) is { } nearest ? $"'{shown}' is unknown; did you mean '{nearest}'?"
            : $"'{shown}' is unknown; allowed are {string.Join(", ", known)}.";
    }

    private static string Signature(string tool, ToolInput input)
    {
        var required = input.Required.ToHashSet(StringComparer.Ordinal);
        return $"{tool}({string.Join(", ", input.Names.Select(name => required.Contains(name) ? name : name + "?"))})";
    }
}
