using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed class ToolGoldenTests
{
    private const int MostBytes = 24_000;

    private static readonly JsonWriterOptions Readable = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Names { get; } = [.. ToolList.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_definition_is_the_one_that_was_reviewed(string name)
    {
        var tool = (await ToolContractTests.Tools()).Single(tool => tool.Name == name);

        Golden.Holds($"tools/{name}.json", Indented(tool));
    }

    [Fact]
    public async Task All_names_descriptions_and_input_schemas_fit_into_6000_tokens()
    {
        var text = new StringBuilder("tool | name + description + input schema, bytes | output schema, bytes\n");
        var total = 0;
        foreach (var tool in await ToolContractTests.Tools())
        {
            var bytes = Encoding.UTF8.GetByteCount(tool.Name + tool.Description + tool.InputSchema.GetRawText());
            total += bytes;
            text.Append(CultureInfo.InvariantCulture, $"{tool.Name} | {bytes} | {Encoding.UTF8.GetByteCount(tool.OutputSchema!.Value.GetRawText())}\n");
        }

        Golden.Holds("tools.txt", text.Append(CultureInfo.InvariantCulture, $"total | {total} |\n").ToString());
        total.Should().BeLessThan(MostBytes);
    }

    private static string Indented(Tool tool)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Readable))
        {
            JsonSerializer.SerializeToElement(tool, (System.Text.Json.Serialization.Metadata.JsonTypeInfo<Tool>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(Tool))).WriteTo(writer);
        }

        return Encoding.UTF8.GetString(bytes.ToArray()) + "\n";
    }
}
