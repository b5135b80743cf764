using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Tests;

/// <summary>How agents are told of steps.</summary>
public sealed class ToolWordsTests
{
    [Fact]
    public void Every_kind_of_step_is_done_by_a_tool_of_its_own() =>
        Enum.GetValues<Step>().Select(ToolWords.Of).Should().OnlyHaveUniqueItems().And.BeSubsetOf(ToolList.Names);

    [Fact]
    public void A_step_is_written_as_a_call_with_the_arguments_that_it_has()
    {
        ToolWords.Of(new NextStep.RunCommand("a", "echo \"x\" && true")).Should().Be("""worktree_run(name: "a", command: "echo \"x\" && true")""");
        ToolWords.Of(new NextStep.CreateWorktree(TaskId: 7)).Should().Be("worktree_create(task_id: 7)");
        ToolWords.Of(new NextStep.ListWorktrees()).Should().Be("worktree_list()");
        ToolWords.Of((NextStep?)null).Should().BeNull();
    }

    [Fact]
    public void A_sentence_has_the_names_of_tools_in_the_places_of_its_steps()
    {
        Advice inner = $"Then {Step.ShowBoard}.";
        Advice advice = $"Wait for {3} s with {Step.ReadOutput}, end it with {new NextStep.StopRun("r")}, or call {new NextStep.ReopenTask(4):with}. {inner}";

        ToolWords.Of(advice).Should().Be("""Wait for 3 s with worktree_output, end it with worktree_stop(run_id: "r"), or call task_update with task_id 4 and status "pending". Then board_show.""");
    }
}
