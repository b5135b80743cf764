using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class RequestIdTests : IDisposable
{
    private readonly StateFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("r1")]
    [InlineData("with \"quotes\" and \\ and\nlines and é")]
    public void A_repeated_request_answers_with_the_first_task_and_does_nothing(string id)
    {
        Create("first", id).View.Task.Id.Should().Be(1);
        Create("between", "r2");
        var log = _folder.Read(".git/worktree-mcp/oplog.jsonl");

        var again = Create("first", id);

        again.View.Task.Id.Should().Be(1);
        again.View.Task.Subject.Should().Be("first");
        _folder.Read(".git/worktree-mcp/oplog.jsonl").Should().Be(log);
        _folder.Events().Should().HaveCount(2);
        Directory.GetFiles(_folder.Layout.Tasks).Should().HaveCount(2);
    }

    [Fact]
    public void A_request_id_lives_for_24_hours()
    {
        Create("first", "r");
        _time.Advance(TimeSpan.FromHours(24));
        Create("first", "r").View.Task.Id.Should().Be(1);
        _time.Advance(TimeSpan.FromSeconds(1));

        Create("second", "r").View.Task.Id.Should().Be(2);
        Create("second", "r").View.Task.Id.Should().Be(2);
    }

    [Fact]
    public void A_request_id_of_another_kind_of_call_is_refused()
    {
        using (var change = _folder.Open(time: _time).Store.Begin("x", "a"))
        {
            change.Emit([]);
            change.Commit("worktree.create", "r");
        }

        var refusal = ((Action)(() => Create("x", "r"))).Should().Throw<Refusal>().Which;
        refusal.Code.Should().Be(RefusalCode.InvalidArgument);
        refusal.Message.Should().Contain("request_id").And.Contain("worktree.create");
    }

    [Fact]
    public void Text_that_looks_like_a_request_id_is_none()
    {
        Create("\"request_id\":\"r\"", null);

        Create("real", "r").View.Task.Id.Should().Be(2);
    }

    [Fact]
    public void A_request_that_died_after_its_log_line_is_answered_when_repeated()
    {
        for (var n = 1; ; n++)
        {
            using var folder = new StateFolder();
            folder.Open().Board.Create(new NewTask("zero"), "a");
            var disk = new FaultyFiles(n, Fault.DiesAfter);
            try
            {
                folder.Open(disk).Board.Create(new NewTask("x", RequestId: "r"), "a");
            }
            catch (Refusal)
            {
            }

            folder.Open().Board.Create(new NewTask("x", RequestId: "r"), "a").View.Task.Id.Should().Be(2, disk.Hit);
            folder.Open().Board.List(Listing.All).Total.Should().Be(2, disk.Hit);
            if (disk.Hit is null)
            {
                return;
            }
        }
    }

    private TaskChange Create(string subject, string? id) => _folder.Open(time: _time).Board.Create(new NewTask(subject, RequestId: id), "a");
}
