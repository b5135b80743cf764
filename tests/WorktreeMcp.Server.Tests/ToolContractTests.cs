using System.Text.Json;
using System.Text.RegularExpressions;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed partial class ToolContractTests
{
    private static readonly HashSet<string> Acronyms = ["JSON", "HEAD", "NAME", "FILE", "CRLF"];

    // readOnly, destructive, idempotent, openWorld.
    private static readonly Dictionary<string, string> Hints = new()
    {
        ["task_create"] = "0000",
        ["task_plan"] = "0000",
        ["task_list"] = "1010",
        ["task_get"] = "1010",
        ["task_update"] = "0000",
        ["task_bind_worktree"] = "0010",
        ["worktree_create"] = "0000",
        ["worktree_list"] = "1010",
        ["worktree_status"] = "1010",
        ["worktree_run"] = "0101",
        ["worktree_keep"] = "0011",
        ["worktree_remove"] = "0110",
        ["worktree_events"] = "1010",
        ["task_claim"] = "0000",
        ["worktree_diff"] = "1010",
        ["worktree_conflicts"] = "1010",
        ["worktree_merge"] = "0101",
        ["worktree_restore"] = "0000",
        ["worktree_output"] = "1010",
        ["worktree_stop"] = "0110",
        ["board_show"] = "1010",
        ["worktree_read"] = "1010",
        ["worktree_edit"] = "0100",
    };

    [Theory]
    [InlineData("2025-06-18")]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task The_tools_come_in_one_order(string era)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository, era);

        agent.Tools.Keys.Should().Equal(Hints.Keys).And.Equal(ToolList.Names);
    }

    [Fact]
    public async Task Each_description_is_short_calm_and_begins_with_what_the_tool_does()
    {
        foreach (var tool in await Tools())
        {
            tool.Title.Should().NotBeNullOrWhiteSpace(tool.Name);
            tool.Description.Should().NotBeNullOrWhiteSpace(tool.Name);
            tool.Description!.Length.Should().BeLessThanOrEqualTo(350, tool.Name);
            tool.Description.Split(". ")[0].Length.Should().BeLessThan(80, tool.Name);
            foreach (var text in Texts(tool))
            {
                Shout().Matches(text).Select(word => word.Value).Except(Acronyms).Should().BeEmpty(text);
                text.Should().NotContain("!");
            }
        }
    }

    [Fact]
    public async Task Each_tool_a_text_speaks_of_exists_and_takes_what_is_named()
    {
        var tools = (await Tools()).ToDictionary(tool => tool.Name);
        foreach (var text in tools.Values.SelectMany(Texts))
        {
            foreach (Match named in ToolWord().Matches(text))
            {
                tools.Should().ContainKey(named.Groups[1].Value, text);
                if (named.Groups[2].Success)
                {
                    Properties(tools[named.Groups[1].Value].InputSchema).Should().Contain(named.Groups[2].Value, text);
                }
            }
        }
    }

    [Fact]
    public async Task All_four_hints_are_stated_and_true()
    {
        foreach (var tool in await Tools())
        {
            var hints = tool.Annotations!;
            bool?[] stated = [hints.ReadOnlyHint, hints.DestructiveHint, hints.IdempotentHint, hints.OpenWorldHint];
            string.Concat(stated.Select(hint => hint switch { true => "1", false => "0", null => "-" })).Should().Be(Hints[tool.Name], tool.Name);
        }
    }

    [Fact]
    public async Task What_changes_something_takes_the_agents_name()
    {
        foreach (var tool in await Tools())
        {
            Properties(tool.InputSchema).Contains("agent").Should().Be(Hints[tool.Name][0] == '0', tool.Name);
        }
    }

    [Fact]
    public async Task Input_schemas_are_closed_and_describe_every_argument()
    {
        foreach (var tool in await Tools())
        {
            tool.InputSchema.GetProperty("additionalProperties").ValueKind.Should().Be(JsonValueKind.False, tool.Name);
            foreach (var argument in tool.InputSchema.GetProperty("properties").EnumerateObject())
            {
                argument.Value.GetProperty("description").GetString().Should().NotBeNullOrWhiteSpace($"{tool.Name} {argument.Name}").And.EndWith(".");
                argument.Value.TryGetProperty("type", out _).Should().BeTrue($"{tool.Name} {argument.Name}");
            }
        }
    }

    [Fact]
    public async Task No_schema_has_a_list_of_types_or_a_null()
    {
        foreach (var tool in await Tools())
        {
            foreach (var schema in Nodes(tool.InputSchema).Concat(Nodes(tool.OutputSchema!.Value)).Where(node => node.ValueKind is JsonValueKind.Object))
            {
                if (schema.TryGetProperty("type", out var type) && type.ValueKind is not JsonValueKind.Object)
                {
                    type.ValueKind.Should().Be(JsonValueKind.String, tool.Name);
                    type.GetString().Should().NotBe("null");
                }

                schema.EnumerateObject().Should().NotContain(member => member.Value.ValueKind == JsonValueKind.Null, tool.Name);
            }
        }
    }

    [Fact]
    public async Task Every_answer_may_say_what_comes_next()
    {
        foreach (var tool in await Tools())
        {
            tool.OutputSchema!.Value.GetProperty("properties").EnumerateObject().Select(member => member.Name).Should().Contain("next", tool.Name);
        }
    }

    [Fact]
    public async Task What_an_agent_begins_with_is_marked_to_be_loaded_at_once() =>
        (await Tools()).Where(tool => tool.Meta?["anthropic/alwaysLoad"]?.GetValue<bool>() == true).Select(tool => tool.Name).Should().BeEquivalentTo("worktree_create", "worktree_merge", "board_show");

    [Theory]
    [InlineData("2025-06-18")]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task The_instructions_are_short_and_speak_only_of_what_there_is(string era)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository, era);

        var text = agent.Client.ServerInstructions;

        text.Should().NotBeNullOrWhiteSpace();
        System.Text.Encoding.UTF8.GetByteCount(text!).Should().BeLessThan(2048);
        var first = text!.Split("\n\n")[0];
        first.Length.Should().BeLessThanOrEqualTo(240, "some clients show no more");
        first.Should().ContainAll("Plan", "claim", "track", "worktree", "run", "commit", "verify", "merge", "land", "wait", "hand over", "restore");
        foreach (Match named in ToolWord().Matches(text!))
        {
            agent.Tools.Should().ContainKey(named.Groups[1].Value);
            if (named.Groups[2].Success)
            {
                Properties(agent.Tools[named.Groups[1].Value].InputSchema).Should().Contain(named.Groups[2].Value);
            }
        }
    }

    internal static async Task<IReadOnlyList<Tool>> Tools()
    {
        using var repository = new TempRepository(commit: false);
        await using var agent = await AgentClient.Start(repository);
        return [.. agent.Tools.Values];
    }

    private static IEnumerable<string> Texts(Tool tool) =>
        tool.InputSchema.GetProperty("properties").EnumerateObject().Select(argument => argument.Value.GetProperty("description").GetString()!).Append(tool.Description!);

    private static IEnumerable<string> Properties(JsonElement schema) => schema.GetProperty("properties").EnumerateObject().Select(property => property.Name);

    private static IEnumerable<JsonElement> Nodes(JsonElement node) => node.ValueKind switch
    {
        JsonValueKind.Object => node.EnumerateObject().SelectMany(member => Nodes(member.Value)).Prepend(node),
        JsonValueKind.Array => node.EnumerateArray().SelectMany(Nodes).Prepend(node),
        _ => [node],
    };

    [GeneratedRegex(@"\b[A-Z]{4,}\b")]
    private static partial Regex Shout();

    [GeneratedRegex(@"\b((?:task|worktree|board)_(?!id\b|state\b)[a-z_]+)(?:\(([a-z_]+))?")]
    private static partial Regex ToolWord();
}
