using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Tests.Storage;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

/// <summary>A board as the public teaching version writes it.</summary>
public sealed class TeachingBoardTests : IDisposable
{
    private readonly TempRepository _repo = new(commit: false);

    public TeachingBoardTests()
    {
        _repo.Write(".tasks/task_1.json", """
            {
              "id": 1,
              "subject": "Implement auth",
              "description": "all of it",
              "status": "completed",
              "owner": "",
              "worktree": "",
              "blockedBy": [],
              "created_at": 1730000000.1234567,
              "updated_at": 1730000001.7654321
            }
            """);
        _repo.Write(".tasks/task_2.json", """
            {"id": 2, "subject": "Login page", "description": "", "status": "pending", "owner": "", "worktree": "login", "blockedBy": [1], "blocks": [3],
             "created_at": 1730000000.5, "updated_at": 1730000000.5}
            """);
        File.WriteAllBytes(_repo.Layout.Task(3), [0xEF, 0xBB, 0xBF, .. """{"id": 3, "subject": "With a mark", "status": "in_progress", "owner": "bob", "worktree": "", "blockedBy": [2]}"""u8]);
        _repo.Write(".worktrees/index.json", $$"""
            {"worktrees": [{"name": "login", "path": "{{_repo.Root}}/.worktrees/login", "branch": "wt/login", "task_id": 2, "status": "active", "created_at": 1730000000.25},
                           {"name": "old", "path": "{{_repo.Root}}/.worktrees/old", "branch": "wt/old", "task_id": null, "status": "removed", "created_at": 1730000000.25, "removed_at": 1730000009.5}, "odd"], "note": "mine"}
            """);
        _repo.Write(".worktrees/events.jsonl", """
            {"event": "worktree.create.before", "ts": 1730000000.1, "task": {"id": 2}, "worktree": {"name": "login", "base_ref": "HEAD"}}
            {"event": "worktree.create.after", "ts": 1730000000.2, "task": {"id": 2, "status": "in_progress"}, "worktree": {"name": "login", "status": "active"}}
            {"type": "create", "worktree": "login", "task_id": 2, "ts": 1730000000.3}

            """.ReplaceLineEndings("\n"));
    }

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void It_opens_as_it_is()
    {
        var opened = _repo.Open();

        var page = opened.Board.List(Listing.All);
        page.Damaged.Should().BeEmpty();
        page.Tasks.Select(t => t.Task.Subject).Should().Equal("Login page", "With a mark", "Implement auth");
        opened.Board.Get(1).Task.Owner.Should().BeNull();
        opened.Board.Get(2).IsReady.Should().BeTrue();
        opened.Board.Get(3).WaitsFor.Should().Equal(2);
        opened.Events(new EventQuery(20)).Events.Should().HaveCount(3);
        opened.Events(new EventQuery(20, TaskId: 2)).Events.Should().HaveCount(3);
        opened.Events(new EventQuery(20, Worktree: "login")).Events.Should().HaveCount(3);
        opened.Worktrees.List(null, 20, null).Worktrees.Should().ContainSingle().Which.Worktree.Name.Should().Be("login");
    }

    [Fact]
    public void An_update_keeps_its_keys_their_order_and_their_spelling()
    {
        _repo.Open().Board.Update(1, new TaskEdit { Status = TaskState.Pending, Note = "reopened" }, "a");

        var json = JsonNode.Parse(_repo.Read(".tasks/task_1.json"))!.AsObject();
        json.Select(m => m.Key).Take(9).Should().Equal("id", "subject", "description", "status", "owner", "worktree", "blockedBy", "created_at", "updated_at");
        ((string)json["owner"]!).Should().BeEmpty();
        ((string)json["worktree"]!).Should().BeEmpty();
        json["created_at"]!.ToJsonString().Should().Be("1730000000.1234567");
        ((string)json["status"]!).Should().Be("pending");
    }

    [Fact]
    public void Its_blockers_stay_readable_for_both_versions()
    {
        var board = _repo.Open().Board;
        board.Update(2, new TaskEdit { AddBlockedBy = [1], RemoveBlockedBy = [1] }, "a");
        board.Update(1, new TaskEdit { Status = TaskState.Pending }, "a");
        board.Update(3, new TaskEdit { AddBlockedBy = [1] }, "a");

        var json = JsonNode.Parse(File.ReadAllBytes(_repo.Layout.Task(3)))!.AsObject();
        json["blockedBy"]!.ToJsonString().Should().Be("[2,1]");
        json["blocked_by"]!.ToJsonString().Should().Be("[2,1]");
        JsonNode.Parse(_repo.Read(".tasks/task_2.json"))!["blocks"]!.ToJsonString().Should().Be("[3]");
    }

    [Fact]
    public void New_numbers_follow_the_highest_there_is()
    {
        var opened = _repo.Open();
        opened.Board.Create(new NewTask("next"), "a").View.Task.Id.Should().Be(4);
        StateFolder.Lines(_repo.Layout.Events)[^1]["seq"]!.ToString().Should().Be("1");
        opened.Board.Create(new NewTask("next"), "a").View.Task.Id.Should().Be(5);
        StateFolder.Lines(_repo.Layout.Events).Should().HaveCount(5);
    }

    [Fact]
    public void A_change_of_the_registry_keeps_its_other_entries_and_keys()
    {
        using var folder = new StateFolder();
        folder.Write(".worktrees/index.json", _repo.Read(".worktrees/index.json"));
        var state = folder.Open();
        Storage.DamagedFilesTests.AddWorktree(state, "third");

        var json = JsonNode.Parse(folder.Read(".worktrees/index.json"))!;
        ((string)json["note"]!).Should().Be("mine");
        json["worktrees"]!.AsArray().Select(w => w is JsonObject ? $"{w["id"]} {w["name"]}" : $"{w}").Should().Equal("1 login", "2 old", "3 third", "odd");
        ((double)json["worktrees"]![1]!["removed_at"]!).Should().Be(1730000009.5);
    }

    [Fact]
    public void An_event_that_the_teaching_version_adds_later_confuses_nothing()
    {
        var opened = _repo.Open();
        opened.Board.Create(new NewTask("a"), "a");
        File.AppendAllText(_repo.Layout.Events, "{\"event\": \"worktree.keep\", \"ts\": 1.5}\n");

        _repo.Open().Board.Create(new NewTask("b"), "a");
        _repo.Open().Board.List(Listing.All);

        StateFolder.Lines(_repo.Layout.Events).Select(e => (int?)e["seq"]).Should().Equal(null, null, null, 1, null, 2);
    }
}
