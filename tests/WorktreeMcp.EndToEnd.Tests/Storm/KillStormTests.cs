using System.Globalization;
using FluentAssertions;
using WorktreeMcp.KillStorm;
using Xunit;

namespace WorktreeMcp.EndToEnd.Tests.Storm;

/// <summary>
/// Small storms in which servers are killed; with WORKTREEMCP_KILLS as many kills as it says, of git too, while a person works
/// beside them. WORKTREEMCP_RACE_ROUNDS says how many rounds of races.
/// </summary>
public sealed class KillStormTests
{
    private const int FewKills = 30;

    [Fact]
    public void Nothing_acknowledged_is_lost_however_servers_are_killed()
    {
        var asked = Size("WORKTREEMCP_KILLS", 0);
        var kills = asked > 0 ? asked : FewKills;

        var (exit, output) = asked > 0 ? Run("--kills", $"{kills}") : Run("--kills", $"{kills}", "--servers-only", "--no-person");

        output.Should().Contain($"kills {kills}, acknowledged").And.Contain("lost 0, orphans 0, torn lines 0");
        exit.Should().Be(0, output);
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
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0 ? size : usual;
}
