using System.Globalization;
using FluentAssertions;
using WorktreeMcp.KillStorm;
using Xunit;

namespace WorktreeMcp.EndToEnd.Tests.Storm;

/// <summary>
/// A storm of kills, of servers and of their git, while a person works beside them; WORKTREEMCP_STORM says how many kills.
/// WORKTREEMCP_RACE_ROUNDS says how many rounds of races.
/// </summary>
public sealed class KillStormTests
{
    private const int FewKills = 30;
    private const int Many = 100;

    [Fact]
    public void Nothing_acknowledged_is_lost_whatever_is_killed()
    {
        var kills = Size("WORKTREEMCP_STORM", FewKills);

        var (exit, output) = Run("--kills", $"{kills}");

        output.Should().Contain($"kills {kills}, acknowledged").And.Contain("lost 0, orphans 0, torn lines 0");
        exit.Should().Be(0, output);
        if (kills >= Many)
        {
            output.Should().ContainAll(
                "task_create ", "task_update ", "task_claim ", "task_bind_worktree ", "worktree_create ", "worktree_run ", "worktree_keep ", "worktree_remove ", "worktree_merge ",
                "worktree_restore ");
            output.Should().ContainAll("killed: all of its processes", ", git ", "git and server ", ", server ", "server during git ");
        }
    }

    [Fact]
    public void Servers_that_do_the_same_at_once_do_not_get_into_each_others_way()
    {
        var rounds = Size("WORKTREEMCP_RACE_ROUNDS", 1);

        var (exit, output) = Run("--races", "--rounds", $"{rounds}");

        output.Should().Contain($"worktrees at once {16 * rounds} of {16 * rounds}, bindings won once {20 * rounds} of {20 * rounds}, faults 0");
        exit.Should().Be(0, output);
    }

    [Fact]
    public void An_unknown_option_is_refused_with_the_usage()
    {
        var (exit, output) = Run("--kill");

        exit.Should().Be(2);
        output.Should().Contain("--kills N");
    }

    private static (int Exit, string Output) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        var exit = StormProgram.Run(arguments, TextWriter.Synchronized(output));
        return (exit, output.ToString());
    }

    private static int Size(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } asked ? int.Parse(asked, NumberStyles.None, CultureInfo.InvariantCulture) : usual;
}
