using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

/// <summary>Each opening of the repository stands for a server: its flocks are its own.</summary>
public sealed class AgentNamesTests : IDisposable
{
    private readonly TempRepository _repo = new(commit: false);

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Living_servers_of_one_client_are_numbered_from_one()
    {
        var (first, second) = (_repo.Open(), _repo.Open());

        first.NameAgent("claude-code").Should().Be("claude-code-1");
        second.NameAgent("claude-code").Should().Be("claude-code-2");
        second.NameAgent("cursor").Should().Be("cursor-1");
    }

    [Fact]
    public void A_number_is_free_again_when_its_server_is_gone()
    {
        var first = _repo.Open();
        first.NameAgent("claude-code");
        _repo.Open().NameAgent("claude-code").Should().Be("claude-code-2");

        first.Dispose();

        _repo.Open().NameAgent("claude-code").Should().Be("claude-code-1");
    }

    [Fact]
    public void Of_many_servers_that_start_at_once_each_gets_another_number()
    {
        var servers = Enumerable.Range(0, 16).Select(_ => _repo.Open()).ToList();

        var names = servers.AsParallel().WithDegreeOfParallelism(16).Select(server => server.NameAgent("claude-code")).ToList();

        names.Should().BeEquivalentTo(Enumerable.Range(1, 16).Select(number => $"claude-code-{number}"));
    }

    [Fact]
    public void Nobody_gets_the_name_of_one_who_is_gone_while_an_open_task_bears_it()
    {
        var first = _repo.Open(endsWithThisProcess: name => name == "claude-code-1");
        var id = first.Task();
        first.Board.Claim(id, null, first.NameAgent("claude-code"));
        first.Dispose();
        var second = _repo.Open();

        second.NameAgent("claude-code").Should().Be("claude-code-2");
        second.Board.Claim(id, null, "claude-code-2").TakenFrom.Should().Be("claude-code-1");

        _repo.Open().NameAgent("claude-code").Should().Be("claude-code-1", "nothing bears it any more");
    }

    [Fact]
    public void What_is_completed_keeps_no_name()
    {
        var first = _repo.Open();
        var id = first.Task();
        first.Board.Claim(id, null, first.NameAgent("claude-code"));
        first.Board.Update(id, new TaskEdit { Status = TaskState.Completed }, "claude-code-1");
        first.Dispose();

        _repo.Open().NameAgent("claude-code").Should().Be("claude-code-1");
    }

    [Fact]
    public void A_given_name_belongs_to_one_living_server()
    {
        var (first, second) = (_repo.Open(), _repo.Open());
        foreach (var name in new[] { "ann", "Ann of the second row", "../../lock", "ü\u0000", new string('n', 100), "claude-code-2" })
        {
            first.TakeAgentName(name).Should().BeTrue(name);
            first.TakeAgentName(name).Should().BeTrue(name);
            second.TakeAgentName(name).Should().BeFalse(name);
        }

        second.NameAgent("claude-code").Should().Be("claude-code-1");
        _repo.Open().NameAgent("claude-code").Should().Be("claude-code-3");
        first.Dispose();
        second.TakeAgentName("ann").Should().BeTrue();
    }

    [Fact]
    public void More_names_than_are_guarded_keep_nobody_from_working()
    {
        var server = _repo.Open();

        foreach (var number in Enumerable.Range(0, 300))
        {
            server.TakeAgentName($"worker-{number}").Should().BeTrue();
        }

        _repo.Open().TakeAgentName("worker-99").Should().BeFalse();
        _repo.Open().TakeAgentName("worker-299").Should().BeTrue();
    }
}
