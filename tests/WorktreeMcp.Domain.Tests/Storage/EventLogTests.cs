using System.IO.Abstractions;
using System.Text;
using System.Text.Json;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class EventLogTests : IDisposable
{
    private readonly StateFolder _folder = new();
    private readonly EventLog _log;

    public EventLogTests() => _log = new EventLog(_folder.Layout, new FileSystem(), new Disk());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_log_there_are_no_events()
    {
        _log.Read(new EventQuery(20)).Should().Match<EventPage>(p => p.Events.Count == 0 && !p.More);
        _log.Read(new EventQuery(20, SinceSeq: 5)).Should().Match<EventPage>(p => p.Events.Count == 0 && !p.More);
        _folder.Write(".worktrees/events.jsonl", string.Empty);
        _log.Read(new EventQuery(20)).Events.Should().BeEmpty();
        _log.Read(new EventQuery(20, SinceSeq: 0)).Events.Should().BeEmpty();
    }

    [Fact]
    public void The_newest_events_come_oldest_first_and_say_whether_there_are_more()
    {
        Fill(100);

        var page = _log.Read(new EventQuery(20));

        Seqs(page).Should().Equal(Enumerable.Range(81, 20));
        page.More.Should().BeTrue();
        _log.Read(new EventQuery(100)).More.Should().BeFalse();
        Seqs(_log.Read(new EventQuery(200))).Should().Equal(Enumerable.Range(1, 100));
    }

    [Fact]
    public void A_large_log_is_paged_from_any_place_without_gap_or_double()
    {
        Fill(20_000);
        foreach (var start in new[] { 0, 1, 4_999, 13_777, 19_990, 19_999 })
        {
            Seqs(_log.Read(new EventQuery(50, SinceSeq: start))).Should().Equal(Enumerable.Range(start + 1, Math.Min(50, 20_000 - start)));
        }

        _log.Read(new EventQuery(50, SinceSeq: 20_000)).Events.Should().BeEmpty();
        _log.Read(new EventQuery(50, SinceSeq: long.MaxValue)).Events.Should().BeEmpty();
        var seen = new List<int>();
        for (EventPage page; ;)
        {
            page = _log.Read(new EventQuery(3_000, SinceSeq: seen.Count == 0 ? 0 : seen[^1]));
            seen.AddRange(Seqs(page));
            if (!page.More)
            {
                break;
            }
        }

        seen.Should().Equal(Enumerable.Range(1, 20_000));
    }

    [Fact]
    public void Lines_of_other_tools_in_the_middle_hide_nothing()
    {
        var text = new StringBuilder();
        for (var i = 1; i <= 2_000; i++)
        {
            text.Append(Line(i, 1, "x"));
        }

        for (var i = 0; i < 4_000; i++)
        {
            text.Append("{\"event\":\"flat\",\"ts\":1.5}\n").Append("not json\n").Append("[1]\n\n");
        }

        text.Append(Line(2_001, 1, "x"));
        _folder.Write(".worktrees/events.jsonl", text.ToString());

        Seqs(_log.Read(new EventQuery(5_000, SinceSeq: 10))).Should().Equal(Enumerable.Range(11, 1_991));
        Seqs(_log.Read(new EventQuery(5, SinceSeq: 1_999))).Should().Equal(2_000, 2_001);
        _log.LastSeq().Should().Be(2_001);
    }

    [Fact]
    public void Filters_by_task_and_worktree_take_whole_names_only()
    {
        _folder.Write(".worktrees/events.jsonl", Line(1, 1, "auth") + Line(2, 11, "auth-2") + Line(3, 111, "x") + Line(4, 1, "auth-2") + "{\"seq\":5,\"task\":{},\"worktree\":{}}\n{\"seq\":6,\"task\":[1],\"worktree\":7}\n");

        Seqs(_log.Read(new EventQuery(20, TaskId: 1))).Should().Equal(1, 4);
        Seqs(_log.Read(new EventQuery(20, TaskId: 11))).Should().Equal(2);
        Seqs(_log.Read(new EventQuery(20, Worktree: "auth"))).Should().Equal(1);
        Seqs(_log.Read(new EventQuery(20, TaskId: 1, Worktree: "auth-2"))).Should().Equal(4);
        Seqs(_log.Read(new EventQuery(1, TaskId: 1))).Should().Equal(4);
        _log.Read(new EventQuery(1, TaskId: 1)).More.Should().BeTrue();
        Seqs(_log.Read(new EventQuery(20, SinceSeq: 1, TaskId: 1))).Should().Equal(4);
        _log.Read(new EventQuery(20, TaskId: 5)).Events.Should().BeEmpty();
    }

    [Fact]
    public void Lines_of_a_megabyte_and_of_every_length_around_a_block_are_read_whole()
    {
        var lengths = new[] { 0, 1, 16_300, 16_320, 16_330, 16_340, 16_350, 16_384, 32_768, 65_536, 1_000_000, 3 };
        var lines = lengths.Select((length, i) => $"{{\"seq\":{i + 1},\"pad\":\"{new string('x', length)}\"}}\n");
        _folder.Write(".worktrees/events.jsonl", string.Concat(lines));

        foreach (var page in new[] { _log.Read(new EventQuery(20)), _log.Read(new EventQuery(20, SinceSeq: 0)) })
        {
            page.Events.Select(e => e.GetProperty("pad").GetString()!.Length).Should().Equal(lengths);
        }

        for (var since = 0; since < lengths.Length; since++)
        {
            Seqs(_log.Read(new EventQuery(20, SinceSeq: since))).Should().Equal(Enumerable.Range(since + 1, lengths.Length - since));
        }
    }

    [Fact]
    public void A_torn_last_line_is_not_shown_and_the_next_event_stands_on_its_own_line()
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        File.AppendAllText(_folder.Layout.Events, "{\"event\":\"to");
        Seqs(state.Store.Events.Read(new EventQuery(20))).Should().Equal(1);

        state.Board.Create(new NewTask("second"), "a");

        _folder.Events().Select(e => (int)e["seq"]!).Should().Equal(1, 2);
        _folder.Quarantined().Should().Equal("{\"event\":\"to");
    }

    [Fact]
    public void An_event_with_a_huge_number_added_by_hand_swallows_no_later_one()
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        File.AppendAllText(_folder.Layout.Events, "{\"event\":\"mine\",\"seq\":9000000000}\n");

        state.Board.Create(new NewTask("second"), "a");
        _folder.Open().Board.Create(new NewTask("third"), "a");

        _folder.Events().Select(e => (long)e["seq"]!).Should().Equal(1, 9_000_000_000, 2, 3);
    }

    [Fact]
    public void An_event_log_deleted_by_hand_comes_back_from_the_operation_log()
    {
        var state = _folder.Open();
        state.Board.Create(new NewTask("first"), "a");
        state.Board.Create(new NewTask("second"), "a");
        File.Delete(_folder.Layout.Events);

        state.Board.Create(new NewTask("third"), "a");

        _folder.Events().Select(e => (long)e["seq"]!).Should().Equal(1, 2, 3);
    }

    [Fact]
    public void Reading_can_be_limited_to_the_end_of_the_log()
    {
        Fill(5_000);

        var page = _log.Read(new EventQuery(200, TaskId: 999_999, MaxBytes: 20_000));

        page.Events.Should().BeEmpty();
        _log.Read(new EventQuery(200, MaxBytes: 2_000)).Events.Should().HaveCountLessThan(50).And.NotBeEmpty();
    }

    private void Fill(int count) =>
        _folder.Write(".worktrees/events.jsonl", string.Concat(Enumerable.Range(1, count).Select(i => Line(i, (i % 7) + 1, $"w{i % 5}"))));

    private static string Line(int seq, int task, string worktree) =>
        $"{{\"event\":\"e\",\"task\":{{\"id\":{task}}},\"worktree\":{{\"name\":\"{worktree}\"}},\"seq\":{seq}}}\n";

    private static List<int> Seqs(EventPage page) => [.. page.Events.Select(e => e.GetProperty("seq").GetInt32())];
}
