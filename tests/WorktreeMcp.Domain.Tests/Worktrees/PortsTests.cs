using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class PortsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Each_worktree_has_ten_ports_of_its_own_and_keeps_them()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");

        var (a, b) = (Ports(repository, "a"), Ports(repository, "b"));

        a.Last.Should().Be(a.First + 9);
        b.First.Should().NotBeInRange(a.First, a.Last);
        Ports(repository, "a").Should().Be(a);
        Ports(_repo.Open(), "b").Should().Be(b);
    }

    [Fact]
    public void Ports_that_something_listens_on_are_passed_over_when_they_are_given()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");
        var first = Ports(repository, "a").First;
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, first + 10 + 3));
        taken.Listen();

        Ports(repository, "b").First.Should().NotBeInRange(first, first + 19);
    }

    [Fact]
    public void What_a_removed_worktree_had_is_given_again()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var had = Ports(repository, "a");
        repository.Drop("a");
        repository.Make("b");

        Ports(repository, "b").Should().Be(had);
    }

    private static (int First, int Last) Ports(Repository repository, string name)
    {
        var words = repository.Shell(name, "echo $PORT $WORKTREE_PORTS").Run.Output.Text.Trim().Split(' ', '-');
        words[0].Should().Be(words[1]);
        return (int.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture));
    }
}
