using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Every tool of the built program, in each protocol revision.</summary>
public sealed class EveryToolTests
{
    public static TheoryData<string> Eras => ConnectedClient.Eras;

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task Every_tool_answers_in_the_form_it_promises(string era)
    {
        using var repository = new TempRepository();
        await using var client = await ConnectedClient.Start(repository.Root, era);
        client.Client.NegotiatedProtocolVersion.Should().Be(era);
        var tools = await client.Client.ListToolsAsync();
        tools.Select(tool => tool.Name).Should().Contain(EveryToolOnce.Names);

        var runs = new RunIds();
        foreach (var step in EveryToolOnce.Steps)
        {
            var result = await client.Call(step.Tool, runs.Into(step));

            result.IsError.Should().NotBe(true, $"{step} answered {ConnectedClient.Text(result)}");
            var content = result.StructuredContent!.Value;
            JsonElement.DeepEquals(JsonElement.Parse(ConnectedClient.Text(result)), content).Should().BeTrue($"text and structured content of {step.Tool} are the same");
            var schema = tools.Single(tool => tool.Name == step.Tool).ReturnJsonSchema!.Value;
            OutputSchema.Faults(schema, content).Should().BeEmpty($"{step.Tool} answered {content}");
            content.GetProperty("next").GetString().Should().NotBeNullOrEmpty();
            runs.See(content);
        }

        EveryToolOnce.Steps.Select(step => step.Tool).Distinct().Should().BeEquivalentTo(EveryToolOnce.Names);
        repository.Read(".tasks/task_1.json").Should().Contain("\"completed\"");
        repository.Has(".worktrees/lane").Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task An_error_is_one_readable_text_without_structured_content(string era)
    {
        using var repository = new TempRepository();
        await using var client = await ConnectedClient.Start(repository.Root, era);

        var error = await client.Refused("worktree_status", """{"name":"nowhere"}""", "not_found");

        error.GetProperty("message").GetString().Should().Contain("nowhere");
    }
}
