using System.Text.RegularExpressions;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Domain.News;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.CommandLine.Verbs;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.Server.Wire;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>A client is shown the tools that were chosen, and nothing that is said to it names another.</summary>
public sealed partial class ChosenToolsTests
{
    [Theory]
    [InlineData("2025-06-18")]
    [InlineData("2025-11-25")]
    [InlineData("2026-07-28")]
    public async Task A_client_is_shown_the_chosen_tools_and_told_of_no_other(string era)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository, era, tools: "core");

        agent.Tools.Keys.Should().BeEquivalentTo(ToolList.Core);
        var told = agent.Tools.Values.SelectMany(Texts).Append(agent.Client.ServerInstructions!).ToList();
        NamesIn(told).Should().BeSubsetOf(ToolList.Core);
        agent.Client.ServerInstructions.Should().Contain("worktree_create takes the best ready task").And.Contain("worktree_restore brings it back");
    }

    [Fact]
    public async Task Of_a_few_tools_the_instructions_speak_of_those_alone()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository, tools: "board_show,task_get,worktree_diff");

        agent.Tools.Keys.Should().Equal("task_get", "worktree_diff", "board_show");
        NamesIn([agent.Client.ServerInstructions!, .. agent.Tools.Values.Select(tool => tool.Description!)]).Should().BeSubsetOf(agent.Tools.Keys);
        agent.Client.ServerInstructions.Should().StartWith("Plan, claim and track").And.NotContain("\n- \n");
    }

    [Fact]
    public async Task A_tool_that_is_not_shown_is_refused_with_how_to_get_it()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository, tools: "core");

        var answer = await agent.Refuses("worktree_diff", new() { ["name"] = "lane" }, "not_found");

        answer.GetProperty("error").GetProperty("message").GetString().Should().Be("worktree_diff is not among the tools of this server: tools are core (15 of 23). Nothing was changed.");
        answer.GetProperty("error").GetProperty("hint").GetString().Should().Contain("--tools core,worktree_diff");
        answer.GetProperty("next").GetString().Should().Be("board_show()");
    }

    [Fact]
    public async Task No_answer_and_no_refusal_names_a_tool_that_is_not_shown()
    {
        using var repository = new TempRepository();
        await using var ann = await AgentClient.Start(repository, agent: "ann", tools: "core");
        await using var bob = await AgentClient.Start(repository, agent: "bob");
        await bob.Creates("first");
        await bob.MakesWorktree(1);
        await ann.MakesWorktree("one");

        List<string> answers = [(await ann.Inspects("one")).GetRawText(), (await ann.ShowsBoard()).GetRawText(), (await ann.Gets(1)).GetRawText()];
        foreach (var (tool, arguments) in new (string, string)[] { ("worktree_remove", """{"name":"gone"}"""), ("task_get", """{"task_id":9}"""), ("worktree_create", "{}"), ("worktree_restore", """{"name":"gone"}"""), ("worktree_output", """{"run_id":"run-none"}""") })
        {
            answers.Add(AgentClient.TextOf(await ann.Call(tool, System.Text.Json.Nodes.JsonNode.Parse(arguments)!.AsObject())));
        }

        NamesIn(answers).Should().BeSubsetOf(ToolList.Core).And.NotBeEmpty();
    }

    [Fact]
    public void Every_step_has_words_that_name_only_what_is_shown()
    {
        ToolWords.NameOnly(ToolSet.Chosen([["core"]]).Has);

        NamesIn(Enum.GetValues<Step>().Select(ToolWords.Of)).Should().BeSubsetOf(ToolList.Core);
        ToolWords.Of(new NextStep.ListTasks("c")).Should().Be("board_show()");
        ToolWords.Of(new NextStep.DiffWorktree("a", Patch: true)).Should().Be("""worktree_status(name: "a")""");
        ToolWords.Of((Advice)$"Look with {new NextStep.ListWorktrees(Removed: true):with}, read it with {new NextStep.DiffWorktree("a")}.").Should().Be("Look with board_show, read it with git diff.");

        NewsWords.Of(new NewsItem.SameFiles("one", "two", "bob", ["a.txt"])).Should().Be("two (bob) also changes a.txt, as one does");

        ToolWords.NameOnly(ToolSet.Chosen([["task_get"]]).Has);
        ToolWords.Of(new NextStep.CreateWorktree()).Should().BeNull();
        NamesIn(Enum.GetValues<Step>().Select(ToolWords.Of)).Should().Equal("task_get");
    }

    [Theory]
    [InlineData("cor", "'cor' is no tool; did you mean 'core'?")]
    [InlineData("core,worktree_dif,task_lst", "'worktree_dif' is no tool; did you mean 'worktree_diff'? 'task_lst' is no tool; did you mean 'task_list'?")]
    [InlineData("everything at all", "there are core, all, task_create,")]
    [InlineData(",", "no tool is named")]
    [InlineData("core\u200b", "'core\\u200b' is no tool; did you mean 'core'?")]
    public void An_unknown_name_is_a_fault_with_what_was_meant(string given, string fault) =>
        ToolSet.FaultOf(Words(given)).Should().Contain(fault);

    [Theory]
    [InlineData(new[] { "core" }, 15, 0)]
    [InlineData(new[] { "all" }, 23, 0)]
    [InlineData(new[] { "core", "all" }, 15, 0)]
    [InlineData(new[] { "all", "core,worktree_diff" }, 16, 0)]
    [InlineData(new[] { "core,worktree_diff", "board_show,worktree_diff,worktree_read" }, 2, 0)]
    [InlineData(new[] { "worktree_read", "board_show" }, 1, 1)]
    [InlineData(new[] { "core", "nonsense" }, 15, 2)]
    [InlineData(new[] { "core,nonsense" }, 15, 1)]
    public void Each_choice_takes_away_from_the_one_before_and_none_takes_everything(string[] choices, int left, int warnings)
    {
        var chosen = ToolSet.Chosen([.. choices.Select(Words)]);

        chosen.Names.Should().HaveCount(left);
        chosen.Warnings.Should().HaveCount(warnings);
    }

    [Theory]
    [InlineData("""{ "tools": "core" }""", null, 15)]
    [InlineData("""{ "tools": ["board_show", "task_get"] }""", null, 2)]
    [InlineData("""{ "to\u006fls": "core" }""", null, 15)]
    [InlineData("""{ "tools": "core" }""", "all", 23)]
    [InlineData("""{ "tools": 7 }""", null, 23)]
    [InlineData("""{ "lease_minutes": 5 }""", null, 23)]
    public async Task A_repository_chooses_unless_the_server_was_told(string settings, string? tools, int shown)
    {
        using var repository = new TempRepository();
        repository.Write(".worktree-mcp.json", settings);

        await using var agent = await AgentClient.Start(repository, tools: tools);

        agent.Tools.Should().HaveCount(shown);
    }

    [Fact]
    public async Task What_does_not_count_stands_on_the_board_and_the_doctor_names_the_set()
    {
        using var repository = new TempRepository();
        repository.Write(".worktree-mcp.json", """{ "tools": ["core", "worktree_dif"] }""");
        await using var agent = await AgentClient.Start(repository);

        (await agent.ShowsBoard()).GetProperty("settings")[0].GetString().Should().Be("tools in the settings: 'worktree_dif' is no tool; did you mean 'worktree_diff'?");
        using var report = new StringWriter();
        (await DoctorVerb.Run(new DoctorOptions(repository.Root, Fix: false, Json: false, report))).Should().Be(0);
        report.ToString().Should().StartWith("Tools that clients are shown: core,worktree_dif (15 of 23): task_create, ").And.Contain("did you mean 'worktree_diff'?").And.Contain("nothing found.");
    }

    [Fact]
    public void The_option_wins_over_the_variable_and_blanks_are_none()
    {
        Dictionary<string, string> variable = new() { ["WORKTREEMCP_TOOLS"] = "all" };

        ServerSettings.From(variable, "/here", tools: " core , task_list").Tools.Should().Equal("core", "task_list");
        ServerSettings.From(variable, "/here").Tools.Should().Equal("all");
        ServerSettings.From(new Dictionary<string, string>(), "/here", tools: "${tools}").Tools.Should().BeNull();
    }

    private static string[] Words(string choice) => choice.Split(',', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> Texts(Tool tool) =>
        tool.InputSchema.GetProperty("properties").EnumerateObject().Select(argument => argument.Value.GetProperty("description").GetString()!).Append(tool.Description!);

    private static IEnumerable<string> NamesIn(IEnumerable<string> texts) =>
        texts.SelectMany(text => ToolWord().Matches(text)).Select(word => word.Value).Where(ToolList.Names.Contains).Distinct();

    [GeneratedRegex(@"\b(?:task|worktree|board)_[a-z_]+")]
    private static partial Regex ToolWord();
}
