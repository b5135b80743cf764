using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A task file that came by a clone, a pull or a hand: what it says becomes neither a path nor a number that ends the board.</summary>
public sealed class PlantedTasksTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("../.git/evil")]
    [InlineData("/tmp/evil")]
    [InlineData("-x")]
    [InlineData("index.json")]
    public void A_task_that_names_a_worktree_which_cannot_be_one_gets_none(string name)
    {
        using (var before = _repo.Open())
        {
            before.Task();
        }

        var task = JsonNode.Parse(_repo.Read(".tasks/task_1.json"))!;
        (task["worktree"], task["worktree_state"]) = (name, "active");
        _repo.Write(".tasks/task_1.json", task.ToJsonString());

        using var repository = _repo.Open();
        ((Action)(() => repository.Make(null, 1))).Should().Throw<Refusal>();
        ((Action)(() => repository.Make("a", 1))).Should().Throw<Refusal>();

        _repo.Has(".git/evil").Should().BeFalse();
        _repo.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty();
        (_repo.Has(".worktrees/index.json") && _repo.Read(".worktrees/index.json").Contains("creating", StringComparison.Ordinal)).Should().BeFalse();
        repository.Task("Another").Should().Be(2);
        repository.Board.List(Listing.All).Damaged.Should().ContainSingle().Which.Id.Should().Be(1);
    }

    [Theory]
    [InlineData("epoch", "2147483647")]
    [InlineData("revision", "9223372036854775807")]
    [InlineData("updated_at", "1e300")]
    [InlineData("lease_until", "-1")]
    public void A_number_that_no_task_has_is_not_counted_on(string key, string value)
    {
        using var repository = _repo.Open();
        repository.Task();
        var task = JsonNode.Parse(_repo.Read(".tasks/task_1.json"))!;
        task[key] = JsonNode.Parse(value);
        _repo.Write(".tasks/task_1.json", task.ToJsonString());

        repository.Task("Another").Should().Be(2);
        ((Action)(() => repository.Board.Claim(1, null, Steps.By))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.CorruptFile);
        repository.Board.List(Listing.All).Damaged.Should().ContainSingle().Which.Problem.Should().Contain(key);
        repository.Repair();
        repository.Board.Claim(1, null, Steps.By).View.Task.Id.Should().Be(1);
    }

    [Fact]
    public void An_entry_that_takes_the_number_of_ours_leaves_ours_under_another_one()
    {
        using (var before = _repo.Open())
        {
            before.Make("a");
        }

        var index = JsonNode.Parse(_repo.Read(".worktrees/index.json"))!;
        index["worktrees"]!.AsArray().Insert(0, new JsonObject { ["id"] = 1, ["name"] = "b", ["admin_id"] = "..", ["status"] = "restoring" });
        _repo.Write(".worktrees/index.json", index.ToJsonString());

        using (var repository = _repo.Open())
        {
            repository.Row("a").Drift.Should().BeEmpty();
            repository.Repair();
        }

        using var after = _repo.Open();
        after.Worktrees.Names.Should().Equal("a");
        after.Examine().Where(finding => finding.IsOpen).Should().BeEmpty();
        after.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void A_file_with_the_highest_number_leaves_room_for_other_tasks()
    {
        _repo.Write(".tasks/task_999999999.json", """{"id":999999999,"subject":"Planted"}""");

        using (var repository = _repo.Open())
        {
            repository.Task("One").Should().BeLessThan(999_999_999);
        }

        using var next = _repo.Open();
        var second = next.Task("Two");
        next.Board.List(Listing.All).Tasks.Select(view => view.Task.Subject).Should().BeEquivalentTo("Planted", "One", "Two");
        next.Board.Update(second, new TaskEdit { Note = "x" }, Steps.By);
    }
}
