using System.Text.Json.Nodes;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

public sealed class CreatingTasksTests : IDisposable
{
    private readonly TempRepository _repo = new(commit: false);

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_new_task_stands_in_its_file_with_every_member()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1730000000123));
        _repo.Open(time: time).Board.Create(new NewTask("Implement auth", Labels: ["x"], Priority: TaskPriority.High), "claude-1");

        JsonNode.DeepEquals(JsonNode.Parse(_repo.Read(".tasks/task_1.json")), JsonNode.Parse("""
            { "id": 1, "subject": "Implement auth", "description": "", "status": "pending", "owner": null, "worktree": null,
              "worktree_state": null, "blocked_by": [], "priority": "high", "labels": ["x"], "attention": "none", "lease_until": null,
              "epoch": 0, "notes": [], "revision": 1, "created_at": 1730000000.123, "updated_at": 1730000000.123 }
            """)).Should().BeTrue(_repo.Read(".tasks/task_1.json"));
        _repo.Read(".tasks/task_1.json").Should().StartWith("{\n  \"id\": 1,\n").And.EndWith("\n}\n");
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData("carriage\r\nreturn\rs")]
    [InlineData("quotes \" and ' and \\ and \\n")]
    [InlineData("control \u0000 \u0001 \u001b[31m \u007f \u0085")]
    [InlineData("separators \u2028 \u2029 \ufeff")]
    [InlineData("emoji \U0001F600 and العربية and 日本")]
    [InlineData("  leading and trailing  ")]
    [InlineData("<script>&amp;</script>")]
    public void Any_subject_is_read_back_equal_and_breaks_no_line(string subject)
    {
        _repo.Open().Board.Create(new NewTask(subject, subject), "a\"\n");
        _repo.Open().Board.Update(1, new TaskEdit { Note = "x" + subject }, "a");

        var task = _repo.Open().Board.Get(1).Task;
        task.Subject.Should().Be(subject);
        task.Description.Should().Be(subject);
        task.Notes[0].Text.Should().Be("x" + subject);
        foreach (var path in new[] { _repo.Layout.Events, _repo.Layout.OperationLog })
        {
            File.ReadAllBytes(path).Count(b => b == '\n').Should().Be(2, path);
            StateFolder.Lines(path).Should().HaveCount(2);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\n\t")]
    [InlineData(501)]
    public void An_empty_or_overlong_subject_is_refused_and_nothing_changes(object subject)
    {
        var text = subject as string ?? new string('x', (int)subject);
        var opened = _repo.Open();

        _repo.By(RefusalCode.InvalidArgument, () => opened.Board.Create(new NewTask(text), "a")).Message.Should().Contain("subject");

        _repo.Has(".tasks").Should().BeFalse();
        opened.Board.Create(new NewTask(new string('x', 500)), "a").View.Task.Id.Should().Be(1);
    }

    [Fact]
    public void Two_servers_that_create_in_parallel_give_distinct_numbers()
    {
        var servers = new[] { _repo.Open(), _repo.Open() };

        Parallel.For(0, 50, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => servers[i % 2].Board.Create(new NewTask($"task {i}"), $"server {i % 2}"));

        Directory.GetFiles(_repo.Layout.Tasks).Should().HaveCount(50);
        servers[0].Board.List(Listing.All).Tasks.Select(t => t.Task.Id).Should().Equal(Enumerable.Range(1, 50));
        servers[1].Board.List(Listing.All).Tasks.Select(t => t.Task.Subject).Should().OnlyHaveUniqueItems().And.HaveCount(50);
        StateFolder.Lines(_repo.Layout.Events).Select(e => (int)e["seq"]!).Should().Equal(Enumerable.Range(1, 50));
        StateFolder.Lines(_repo.Layout.OperationLog).Select(e => (int)e["op"]!).Should().Equal(Enumerable.Range(1, 50));
    }

    [Fact]
    public void Parallel_reads_and_changes_in_one_server_agree()
    {
        var server = _repo.Open();
        server.Board.Create(new NewTask("counter"), "a");
        var other = _repo.Open();

        Parallel.For(0, 80, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i =>
        {
            var by = i % 3 == 0 ? other : server;
            if (i % 2 == 0)
            {
                by.Board.Update(1, new TaskEdit { Note = $"note {i}" }, "a").Warning.Should().BeNull();
                by.Board.Get(1).Task.Notes.Should().Contain(n => n.Text == $"note {i}");
                by.Board.List(Listing.All).Tasks[0].Task.Notes.Should().Contain(n => n.Text == $"note {i}");
            }
            else
            {
                by.Board.List(Listing.All).Tasks.Should().ContainSingle();
                by.Events(new EventQuery(200)).Events.Should().NotBeEmpty();
            }
        });

        server.Board.Get(1).Task.Notes.Should().HaveCount(40);
        server.Board.Get(1).Task.Revision.Should().Be(41);
    }

    [Fact]
    public void Reading_makes_no_file_and_no_folder()
    {
        var before = Everything();
        var opened = _repo.Open();

        opened.Board.List(Listing.All).Tasks.Should().BeEmpty();
        opened.Events(new EventQuery(20)).Events.Should().BeEmpty();
        opened.Worktrees.List(null, 20, null).Worktrees.Should().BeEmpty();
        ((Action)(() => opened.Board.Get(1))).Should().Throw<Refusal>();

        Everything().Should().Equal(before);
    }

    [Fact]
    public void A_number_is_not_used_again_when_its_file_was_deleted_by_hand()
    {
        var opened = _repo.Open();
        opened.Board.Create(new NewTask("one"), "a");
        opened.Board.Create(new NewTask("two"), "a");
        File.Delete(_repo.Layout.Task(1));
        File.Delete(_repo.Layout.Task(2));

        opened.Board.Create(new NewTask("three"), "a").View.Task.Id.Should().Be(3);
        opened.Board.Get(2).Task.Subject.Should().Be("two");
    }

    [Fact]
    public void A_number_that_a_hand_has_taken_is_passed_over()
    {
        var opened = _repo.Open();
        opened.Board.Create(new NewTask("one"), "a");
        _repo.Write(".tasks/task_2.json", """{"id":2,"subject":"by hand"}""");

        opened.Board.Create(new NewTask("three"), "a").View.Task.Id.Should().Be(3);
        opened.Board.Get(2).Task.Subject.Should().Be("by hand");
    }

    private List<string> Everything() => [.. Directory.EnumerateFileSystemEntries(_repo.Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
