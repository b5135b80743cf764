using System.Net;
using System.Text.Json;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Web.Tests;

public sealed class BoardPageTests : IDisposable
{
    private readonly TempRepository _repository = new();

    [Fact]
    public async Task The_board_has_each_task_in_the_column_of_its_facts_and_what_needs_somebody_first()
    {
        BoardStory.Tell(_repository);
        await using var page = await ServedPage.Start(_repository);

        var board = await page.Read("/api/0/board");

        Column(board, "ready").Should().Equal(BoardStory.Free, BoardStory.Waits);
        Column(board, "working").Should().Equal(BoardStory.Asks);
        Column(board, "review").Should().Equal(BoardStory.Reviewed);
        Column(board, "to_land").Should().Equal(BoardStory.Landable);
        Column(board, "done").Should().BeEmpty();
        board.GetProperty("asks").EnumerateArray().Select(ask => (ask.GetProperty("kind").GetString(), ask.GetProperty("task").GetInt32())).Should().Equal(("needs_input", BoardStory.Asks), ("review", BoardStory.Reviewed));
        board.GetProperty("agents").EnumerateArray().Select(agent => agent.GetString()).Should().Equal("ada", "cyd");
        var asking = board.GetProperty("columns")[1].GetProperty("cards")[0];
        asking.GetProperty("ahead").GetInt32().Should().Be(1);
        asking.GetProperty("uncommitted").GetInt32().Should().Be(1);
    }

    [Fact]
    public async Task What_somebody_has_already_is_not_sent_again()
    {
        BoardStory.Tell(_repository);
        await using var page = await ServedPage.Start(_repository);
        await page.Read("/api/0/board");
        using var first = await page.Send(page.Get("/api/0/board"));
        var again = page.Get("/api/0/board");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using var second = await page.Send(again);

        second.StatusCode.Should().Be(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Search_and_filters_are_asked_of_the_program_and_a_long_column_comes_in_parts()
    {
        var board = _repository.Open().Board;
        for (var number = 1; number <= 120; number++)
        {
            board.Create(new NewTask(number % 10 == 0 ? $"Export {number}" : $"Task {number}", Labels: number % 2 == 0 ? ["even"] : []), "ada");
        }

        await using var page = await ServedPage.Start(_repository);

        (await page.Read("/api/0/board")).GetProperty("columns")[0].GetProperty("cards").GetArrayLength().Should().Be(50);
        Column(await page.Read("/api/0/board?q=export"), "ready").Should().HaveCount(12);
        (await page.Read("/api/0/board?label=even")).GetProperty("columns")[0].GetProperty("total").GetInt32().Should().Be(60);
        (await page.Read("/api/0/board?owner=")).GetProperty("columns")[0].GetProperty("total").GetInt32().Should().Be(120);
        (await page.Read("/api/0/column/ready?skip=100")).GetProperty("cards").EnumerateArray().Select(card => card.GetProperty("id").GetInt32()).Should().Equal(Enumerable.Range(101, 20));
    }

    [Fact]
    public async Task An_answer_reaches_the_task_under_the_persons_name_and_a_second_one_is_told_who_was_first()
    {
        var opened = BoardStory.Tell(_repository);
        await using var page = await ServedPage.Start(_repository);

        await page.Do($"/api/0/tasks/{BoardStory.Asks}/answer", """{"text":"Only those with a comma."}""");

        var task = opened.Board.Get(BoardStory.Asks).Task;
        task.Attention.Should().Be(TaskAttention.None);
        task.Notes[^1].Should().BeEquivalentTo(new { By = "Test", Text = "Only those with a comma.", IsPersons = true });
        task.Owner.Should().Be("ada", "an answer takes nothing away");
        (await page.Refused($"/api/0/tasks/{BoardStory.Asks}/answer", """{"text":"All."}""", HttpStatusCode.Conflict)).Should().Be("bad_transition");
    }

    [Fact]
    public async Task A_task_is_written_and_edited_and_what_an_agent_holds_is_not()
    {
        var opened = BoardStory.Tell(_repository);
        await using var page = await ServedPage.Start(_repository);

        const string Order = """{"subject":"Print the year","description":"All months.","priority":"low","blockedBy":[4],"labels":["export"],"requestId":"one"}""";
        var id = (await page.Do("/api/0/tasks", Order)).GetProperty("task").GetInt32();
        (await page.Do("/api/0/tasks", Order)).GetProperty("task").GetInt32().Should().Be(id, "the same wish twice is one task");
        await page.Do($"/api/0/tasks/{id}/edit", """{"subject":"Print each year","removeBlockedBy":[4],"revision":1}""");

        opened.Board.Get(id).Task.Should().BeEquivalentTo(new { Subject = "Print each year", Description = "All months.", Priority = TaskPriority.Low, BlockedBy = Array.Empty<int>(), Labels = new[] { "export" } });
        (await page.Refused($"/api/0/tasks/{id}/edit", """{"subject":"Late","revision":1}""", HttpStatusCode.Conflict)).Should().Be("task_changed");
        (await page.Refused($"/api/0/tasks/{BoardStory.Asks}/edit", """{"subject":"Mine"}""", HttpStatusCode.Conflict)).Should().Be("task_claimed");
        (await page.Refused("/api/0/tasks", """{"subject":"x","priority":"urgent"}""", HttpStatusCode.BadRequest)).Should().Be("invalid_argument");
    }

    [Fact]
    public async Task What_blocks_a_landing_is_listed_and_without_it_the_work_lands()
    {
        var opened = BoardStory.Tell(_repository);
        await using var page = await ServedPage.Start(_repository);

        Unmet(await page.Read($"/api/0/tasks/{BoardStory.Asks}")).Should().Equal("free", "committed", "criteria");
        Unmet(await page.Read($"/api/0/tasks/{BoardStory.Reviewed}")).Should().Equal("free");
        Unmet(await page.Read($"/api/0/tasks/{BoardStory.Landable}")).Should().BeEmpty();
        (await page.Refused("/api/0/worktrees/csv/land", """{"strategy":"merge","complete":true,"remove":true}""", HttpStatusCode.Conflict)).Should().Be("task_claimed");

        await page.Do("/api/0/worktrees/reader/land", """{"strategy":"squash","complete":false,"remove":true}""");

        _repository.Git("log", "-1", "--format=%s").Should().Contain("Name the file in each error of the reader");
        Column(await page.Read("/api/0/board"), "done").Should().Equal(BoardStory.Landable);
        opened.Board.Get(BoardStory.Landable).Task.LiveWorktree.Should().BeNull();

        static IEnumerable<string?> Unmet(JsonElement task) => task.GetProperty("hurdles").EnumerateArray().Where(row => row.TryGetProperty("met", out var met) && !met.GetBoolean()).Select(row => row.GetProperty("need").GetString());
    }

    [Fact]
    public async Task What_a_task_is_held_to_is_shown_and_a_person_calls_a_criterion_met()
    {
        var opened = BoardStory.Tell(_repository);
        opened.Board.Update(BoardStory.Reviewed, new TaskEdit { Acceptance = ["equal days have a fixed order", "has a test"], Verify = "npm test", Scope = ["src/report/**"] }, "cyd");
        await using var page = await ServedPage.Start(_repository);

        var terms = (await page.Read($"/api/0/tasks/{BoardStory.Reviewed}")).GetProperty("contract");
        terms.GetProperty("verify").GetString().Should().Be("npm test");
        terms.GetProperty("acceptance").EnumerateArray().Select(one => (one.GetProperty("text").GetString(), one.TryGetProperty("metBy", out _))).Should().Equal(("equal days have a fixed order", false), ("has a test", false));
        (await page.Refused($"/api/0/tasks/{BoardStory.Reviewed}/met", """{"number":2}""", HttpStatusCode.Conflict)).Should().Be("task_claimed");

        await page.Do($"/api/0/tasks/{BoardStory.Reviewed}/release");
        await page.Do($"/api/0/tasks/{BoardStory.Reviewed}/met", """{"number":2}""");

        opened.Board.Get(BoardStory.Reviewed).Task.Contract.Acceptance.Select(one => one.MetBy).Should().Equal(null, "Test");
        (await page.Refused($"/api/0/tasks/{BoardStory.Reviewed}/met", """{"number":3}""", HttpStatusCode.BadRequest)).Should().Be("invalid_argument");
    }

    [Fact]
    public async Task A_worktree_is_released_kept_taken_down_and_brought_back()
    {
        var opened = BoardStory.Tell(_repository);
        await using var page = await ServedPage.Start(_repository);

        (await page.Refused("/api/0/worktrees/sort/keep", "{}", HttpStatusCode.Conflict)).Should().Be("task_claimed");
        await page.Do($"/api/0/tasks/{BoardStory.Reviewed}/release");
        await page.Do("/api/0/worktrees/sort/keep", """{"reason":"later"}""");
        opened.Worktrees.Status("sort").View.Worktree.Should().BeEquivalentTo(new { Status = WorktreeState.Kept, Reason = "later" });

        await page.Do("/api/0/worktrees/sort/remove");
        _repository.Has(".worktrees/sort").Should().BeFalse();
        var trash = (await page.Read($"/api/0/tasks/{BoardStory.Reviewed}")).GetProperty("trash")[0];
        await page.Do("/api/0/worktrees/sort/restore", $$"""{"trashId":{{trash.GetProperty("id").GetInt32()}}}""");
        _repository.Has(".worktrees/sort/src/report/sort.ts").Should().BeTrue();
    }

    [Fact]
    public async Task Work_that_is_nowhere_else_is_never_taken_by_the_page()
    {
        BoardStory.Tell(_repository);
        await using var page = await ServedPage.Start(_repository);
        await page.Do($"/api/0/tasks/{BoardStory.Asks}/release");

        (await page.Refused("/api/0/worktrees/csv/remove", "{}", HttpStatusCode.Conflict)).Should().Be("worktree_dirty");
        (await page.Refused("/api/0/worktrees/csv/remove", """{"force":true}""", HttpStatusCode.BadRequest)).Should().Be("invalid_argument");

        _repository.Has(".worktrees/csv/notes.txt").Should().BeTrue();
    }

    [Fact]
    public async Task Changes_come_as_files_and_hunks_and_what_is_not_committed_is_told_apart()
    {
        BoardStory.Tell(_repository);
        await using var page = await ServedPage.Start(_repository);

        var files = (await page.Read("/api/0/worktrees/csv/changes")).GetProperty("files").EnumerateArray().ToDictionary(file => file.GetProperty("path").GetString()!, file => file.GetProperty("uncommitted").GetBoolean());
        files.Should().BeEquivalentTo(new Dictionary<string, bool> { ["notes.txt"] = true, ["src/export/csv.ts"] = false });
        var hunk = (await page.Read("/api/0/worktrees/sort/file?path=src/report/sort.ts")).GetProperty("hunks")[0];
        hunk.GetProperty("lines").EnumerateArray().Count(line => line.GetString()!.StartsWith('-')).Should().Be(2);
        using var outside = await page.Send(page.Get("/api/0/worktrees/sort/file?path=../../README.md"));
        outside.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_run_is_read_and_stopped()
    {
        BoardStory.Tell(_repository);
        await using var other = await OtherServer.Start(_repository.Root, "ada");
        var run = (await other.Call("worktree_run", """{"name":"csv","command":"echo begun; sleep 600","background":true}""")).GetProperty("run_id").GetString();
        await using var page = await ServedPage.Start(_repository);

        await page.Do($"/api/0/runs/{run}/stop");

        var output = await page.Read($"/api/0/runs/{run}");
        output.GetProperty("running").GetBoolean().Should().BeFalse();
        output.GetProperty("end").GetProperty("stoppedBy").GetString().Should().Be("Test");
        (await page.Read($"/api/0/tasks/{BoardStory.Asks}/timeline")).GetProperty("events").GetRawText().Should().Contain(run);
    }

    public void Dispose() => _repository.Dispose();

    private static IEnumerable<int> Column(JsonElement board, string kind) =>
        board.GetProperty("columns").EnumerateArray().Single(column => column.GetProperty("kind").GetString() == kind).GetProperty("cards").EnumerateArray().Select(card => card.GetProperty("id").GetInt32());
}
