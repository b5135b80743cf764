using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

/// <summary>A folder or file of ours is a link: what it points to may be somebody else's, so no change goes through it.</summary>
public sealed class LinkedPlacesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public LinkedPlacesTests()
    {
        using var server = Repository.Open(_repo.Root, new());
        server.Make("a", server.Task());
        server.Make("b");
        server.Drop("b", force: true);
        _repo.Write(".worktrees/a/work.txt", "uncommitted\n");
    }

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(".worktrees")]
    [InlineData(".git/worktree-mcp")]
    [InlineData(".worktrees/events.jsonl")]
    [InlineData(".git/worktree-mcp/oplog.jsonl")]
    [InlineData(".git/worktree-mcp/lock")]
    public void No_change_goes_through_a_link(string place)
    {
        var target = Link(place);
        var before = BytesOf(target);
        using var server = Repository.Open(_repo.Root, new());
        Action[] changes =
        [
            () => server.Board.Create(new NewTask("x"), Steps.By), () => server.Make("c"), () => server.Drop("a", force: true),
            () => server.Worktrees.Restore("b", null, null, Steps.By), () => server.Shell("a", "true"),
        ];

        foreach (var change in changes)
        {
            Refuses(change, place);
        }

        server.Examine().Should().Contain(finding => finding.IsOpen && finding.Subject == Path.Join(_repo.Root, place));
        server.Repair();
        BytesOf(target).Should().Be(before);
        _repo.Read(".worktrees/a/work.txt").Should().Be("uncommitted\n");
    }

    [Theory]
    [InlineData(".git/worktree-mcp/trash")]
    [InlineData(".worktrees/.trash")]
    public void Nothing_goes_into_or_out_of_a_trash_that_is_a_link(string place)
    {
        var target = Link(place);
        var before = BytesOf(target);
        using var server = Repository.Open(_repo.Root, new());

        Refuses(() => server.Drop("a", force: true), place);
        Refuses(() => server.Worktrees.Restore("b", null, null, Steps.By), place);
        server.Trash().Items(measure: true).Should().ContainSingle();
        server.Trash().Sweep(Steps.By, CancellationToken.None).Should().BeEmpty();

        BytesOf(target).Should().Be(before);
        server.Row("a").Drift.Should().BeEmpty();
        server.Board.Create(new NewTask("works"), Steps.By).Warning.Should().BeNull();
    }

    [Fact]
    public void Who_holds_the_lock_is_not_written_through_a_link()
    {
        var target = Link(".git/worktree-mcp/lock-holder.json");
        var before = BytesOf(target);
        using var server = Repository.Open(_repo.Root, new());

        server.Board.Create(new NewTask("works"), Steps.By).Warning.Should().BeNull();

        BytesOf(target).Should().Be(before);
    }

    private static void Refuses(Action change, string place)
    {
        var refusal = change.Should().Throw<Refusal>().Which;
        refusal.Code.Should().Be(RefusalCode.CorruptFile, refusal.Message);
        refusal.Message.Should().Contain($"{place} is a link");
    }

    // What was there lies elsewhere now, as if it were somebody else's.
    private string Link(string place)
    {
        var path = Path.Join(_repo.Root, place);
        var target = Path.Join(_repo.Base, "elsewhere");
        if (File.Exists(path))
        {
            File.Move(path, target);
            File.CreateSymbolicLink(path, target);
            return target;
        }

        if (Directory.Exists(path))
        {
            Directory.Move(path, target);
        }
        else
        {
            Directory.CreateDirectory(target);
        }

        Directory.CreateSymbolicLink(path, target);
        return target;
    }

    private static string BytesOf(string target) => Directory.Exists(target)
        ? string.Join('\n', Directory.EnumerateFileSystemEntries(target, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => $"{path} {(File.Exists(path) ? Convert.ToHexString(File.ReadAllBytes(path)) : "folder")}"))
        : Convert.ToHexString(File.ReadAllBytes(target));
}
