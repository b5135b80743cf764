using System.Globalization;
using System.Text;
using System.Text.Json;
using ModelContextProtocol.Protocol;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>The pages about the tools are written from what the server lists, so they cannot say anything else.</summary>
public sealed class ToolDocumentationTests
{
    private const string Begin = "<!-- tools -->";
    private const string End = "<!-- /tools -->";

    [Fact]
    public async Task The_page_about_the_tools_says_what_the_server_lists()
    {
        var tools = await ToolContractTests.Tools();
        var page = new StringBuilder("# Tools\n\nThis page is generated from the running server; see AGENTS.md for how to update it.\n\n");
        page.Append("| tool | does | reads only | may destroy | repeatable | reaches outside |\n|---|---|---|---|---|---|\n");
        foreach (var tool in tools)
        {
            var hints = tool.Annotations!;
            page.Append(CultureInfo.InvariantCulture, $"| [{tool.Name}](#{tool.Name}) | {tool.Title} | {Word(hints.ReadOnlyHint)} | {Word(hints.DestructiveHint)} | {Word(hints.IdempotentHint)} | {Word(hints.OpenWorldHint)} |\n");
        }

        page.Append("\nEvery answer is one JSON object, the same as text and as structured content. A refusal has `isError: true` and\n")
            .Append("`{\"error\":{\"code\",\"message\",\"hint\"},\"next\"}` as its text; then nothing was changed.\n");
        foreach (var tool in tools)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {tool.Name}\n\n{tool.Description}\n\n| argument | type | description |\n|---|---|---|\n");
            var required = Required(tool.InputSchema);
            foreach (var argument in tool.InputSchema.GetProperty("properties").EnumerateObject())
            {
                page.Append(CultureInfo.InvariantCulture, $"| {argument.Name}{(required.Contains(argument.Name) ? "" : "?")} | {Cell(TypeOf(argument.Value))} | {Cell(argument.Value.GetProperty("description").GetString()!)} |\n");
            }

            page.Append("\nResult:\n\n");
            Members(page, tool.OutputSchema!.Value, "");
        }

        Golden.File("docs/tools.md", page.ToString());
    }

    [Fact]
    public async Task The_table_in_the_readme_has_every_tool()
    {
        var table = new StringBuilder("\n| tool | does |\n|---|---|\n");
        foreach (var tool in await ToolContractTests.Tools())
        {
            table.Append(CultureInfo.InvariantCulture, $"| `{tool.Name}` | {tool.Description!.Split(". ")[0].TrimEnd('.')} |\n");
        }

        var readme = await File.ReadAllTextAsync(Path.Join(Golden.SourceRoot, "README.md"), TestContext.Current.CancellationToken);
        var (begin, end) = (readme.IndexOf(Begin, StringComparison.Ordinal), readme.IndexOf(End, StringComparison.Ordinal));
        begin.Should().BePositive("the table stands between {0} and {1}", Begin, End);
        end.Should().BeGreaterThan(begin);
        Golden.File("README.md", readme[..(begin + Begin.Length)] + table + readme[end..]);
    }

    private static void Members(StringBuilder page, JsonElement schema, string indent)
    {
        var required = Required(schema);
        foreach (var member in schema.GetProperty("properties").EnumerateObject())
        {
            page.Append(CultureInfo.InvariantCulture, $"{indent}- `{member.Name}`{(required.Contains(member.Name) ? "" : "?")}: {TypeOf(member.Value)}\n");
            var inner = member.Value.TryGetProperty("items", out var items) ? items : member.Value;
            if (inner.TryGetProperty("properties", out _))
            {
                Members(page, inner, indent + "  ");
            }
        }
    }

    private static string TypeOf(JsonElement schema)
    {
        if (schema.TryGetProperty("enum", out var members))
        {
            return string.Join(" | ", members.EnumerateArray().Select(member => member.GetString()));
        }

        var type = schema.TryGetProperty("type", out var word) ? word.GetString()! : "object";
        type = type == "array" ? $"list of {TypeOf(schema.GetProperty("items"))}" : type;
        var limits = (Limit("minimum") ?? Limit("minLength"), Limit("maximum") ?? Limit("maxLength")) switch
        {
            ({ } least, "2147483647" or "9007199254740991") => $", at least {least}",
            ({ } least, { } most) => $", {least} to {most}",
            (null, { } most) => $", at most {most}",
            _ => "",
        };
        limits += type == "string" && limits.Length > 0 ? " characters" : "";
        return type + limits + (Limit("default") is { } value ? $", default {value}" : "");

        string? Limit(string keyword) => schema.TryGetProperty(keyword, out var limit) ? limit.GetRawText() : null;
    }

    private static HashSet<string> Required(JsonElement schema) =>
        schema.TryGetProperty("required", out var names) ? [.. names.EnumerateArray().Select(name => name.GetString()!)] : [];

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    private static string Word(bool? hint) => hint == true ? "yes" : "no";
}
