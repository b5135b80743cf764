using System.IO.Abstractions;
using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A registry or a task file that came by a clone, a pull or a hand: what it says is data, and never acts by itself.</summary>
public sealed class PlantedEntriesTests : IDisposable
{
    private readonly TempRepository _repo = new();
    private readonly string _home;

    public PlantedEntriesTests()
    {
        _home = Path.Join(_repo.Base, "home");
        Directory.CreateDirectory(_home);
        File.WriteAllText(Path.Join(_home, "key"), "secret");
        File.WriteAllText(Path.Join(_home, ".git"), "gitdir: nowhere\n");
    }

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("restoring", "..", "../home")]
    [InlineData("restoring", "a", "../home")]
    [InlineData("restoring", "../../evil", ".git/worktree-mcp/trash/1")]
    [InlineData("restoring", "", "../home")]
    [InlineData("restoring", "a", ".git/worktree-mcp/trash/1")]
    [InlineData("restoring", "a/../..", null)]
    [InlineData("removing", "..", "../home")]
    [InlineData("removing", "wtmcp-trash-1", "../../home")]
    [InlineData("emptying", "..", "../home")]
    [InlineData("removed", "..", "../home")]
    [InlineData("creating", "..", null)]
    public void A_planted_step_moves_nothing_and_the_board_works(string status, string adminId, string? trash)
    {
        Plant(Entry(status, entry =>
        {
            entry["admin_id"] = adminId;
            entry["trash"] = new JsonObject { ["path"] = trash, ["admin_id"] = "wtmcp-trash-1", ["before"] = "active" };
        }));

        NothingActs();
        _repo.Has(".worktrees/a").Should().BeFalse();
    }

    [Fact]
    public void An_absolute_place_in_the_trash_is_not_ours()
    {
        Plant(Entry("restoring", entry => entry["trash"] = new JsonObject { ["path"] = _home, ["before"] = "active" }));

        NothingActs();
    }

    [Fact]
    public void A_registry_that_a_pull_put_over_ours_brings_nothing_to_life_and_the_doctor_puts_ours_back()
    {
        using (var before = _repo.Open())
        {
            before.Make("mine", before.Task());
        }

        Plant(Entry("restoring", entry => (entry["admin_id"], entry["trash"]) = ("..", new JsonObject { ["path"] = "../home", ["before"] = "active" })));

        NothingActs(taskId: 2);
        using var repository = _repo.Open();
        repository.Row("mine").Drift.Should().BeEmpty();
        Quarantine().Should().Contain(bytes => bytes.Contains("../home", StringComparison.Ordinal));
    }

    [Fact]
    public void Steps_of_ours_that_a_registry_of_another_time_repeats_are_not_taken_again()
    {
        using var repository = _repo.Open();
        repository.Make("a");
        var whole = JsonNode.Parse(_repo.Read(".worktrees/index.json"))!;
        var entry = whole["worktrees"]![0]!;
        entry["status"] = "removing";
        entry["trash"] = new JsonObject { ["path"] = null, ["admin_id"] = "a", ["before"] = "active" };
        _repo.Write(".worktrees/a/work.txt", "work");
        _repo.Write(".worktrees/index.json", whole.ToJsonString());

        using var next = _repo.Open();
        next.Worktrees.List(null, 50, null);
        next.Board.Create(new NewTask("Another"), Steps.By);
        next.Worktrees.List(null, 50, null);

        _repo.Read(".worktrees/a/work.txt").Should().Be("work");
        next.Examine().Should().Contain(finding => finding.Code == "registry_entry_unreadable");
        next.Repair();
        using var after = _repo.Open();
        after.Row("a").Worktree.Status.Should().Be(WorktreeState.Active);
        after.Row("a").Drift.Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_step_that_a_hand_wrote_proves_nothing_once_the_log_has_learned_it(bool rotated)
    {
        using (var before = _repo.Open())
        {
            before.Make("a");
        }

        _repo.Write(".worktrees/a/work.txt", "work");
        Change(1, entry => (entry["status"], entry["trash"]) = ("removing", new JsonObject { ["admin_id"] = "a", ["before"] = "active" }));
        for (var i = 0; i < 3; i++)
        {
            using var store = new StateStore(_repo.Layout, new FileSystem(), new Disk(), TimeProvider.System, rotateAt: rotated ? 1 : null);
            new TaskBoard(store).Create(new NewTask("A goal"), Steps.By);
        }

        _repo.Read(".git/worktree-mcp/oplog.jsonl").Should().Contain("removing");
        _repo.Read(".git/worktree-mcp/oplog.jsonl").Contains("\"snapshot\"", StringComparison.Ordinal).Should().Be(rotated);
        using (var repository = _repo.Open())
        {
            repository.Worktrees.List(null, 50, null).Total.Should().Be(0);
            repository.Task();
            _repo.Read(".worktrees/a/work.txt").Should().Be("work");
            repository.Repair();
        }

        using var after = _repo.Open();
        after.Row("a").Drift.Should().BeEmpty();
        after.Row("a").Worktree.Status.Should().Be(WorktreeState.Active);
        _repo.Read(".worktrees/a/work.txt").Should().Be("work");
    }

    [Theory]
    [InlineData("base_commit", "--output=FILE")]
    [InlineData("base_commit", "HEAD")]
    [InlineData("base_commit", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("base_ref", "--output=FILE")]
    [InlineData("base_ref", "../../../home/key")]
    [InlineData("branch", "--output=FILE")]
    [InlineData("branch", "../../../../home/key")]
    [InlineData("branch", "a..b")]
    [InlineData("branch", "wt/a.lock")]
    [InlineData("branch", "wt/a\nb")]
    [InlineData("name", "../x")]
    [InlineData("name", "-x")]
    [InlineData("name", "a\u001b[2J")]
    [InlineData("path", "/etc")]
    [InlineData("path", ".worktrees/../../home")]
    [InlineData("path", ".worktrees//a/")]
    [InlineData("path", ".git/hooks")]
    [InlineData("path", ".tasks/x")]
    [InlineData("path", ".worktrees/LONG")]
    [InlineData("branch", "wt/LONG")]
    [InlineData("admin_id", "LONG")]
    [InlineData("admin_id", "a\0b")]
    [InlineData("admin_id", "-a")]
    [InlineData("spare", "../../home")]
    public void A_value_that_no_argument_may_have_reaches_neither_git_nor_a_path(string key, string value)
    {
        var file = Path.Join(_repo.Base, "output");
        using (var before = _repo.Open())
        {
            before.Make("a");
            before.Work("a", "work.txt", "work");
        }

        Change(1, entry => entry[key] = value.Replace("FILE", file, StringComparison.Ordinal).Replace("LONG", new string('\u00e4', 128), StringComparison.Ordinal));

        using var repository = _repo.Open();
        var drift = repository.Drift();
        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);
        foreach (var call in Calls(repository, "a"))
        {
            call.Should().Throw<Refusal>();
        }

        File.Exists(file).Should().BeFalse();
        _repo.Has(".worktrees/a/work.txt").Should().BeTrue();
        drift.Should().Contain(line => line.Contains("index.json", StringComparison.Ordinal));
        repository.Make("b");
        repository.Repair();
        using var after = _repo.Open();
        after.Row("a").Drift.Should().BeEmpty();
        after.Examine().Where(finding => finding.IsOpen).Should().BeEmpty();
    }

    [Theory]
    [InlineData("landed", "tip")]
    [InlineData("landed", "into")]
    [InlineData("landing", "to")]
    [InlineData("trash", "tip")]
    [InlineData("trash", "branch_tip")]
    [InlineData("trash", "head")]
    [InlineData("trash", "admin_id")]
    public void What_lies_deeper_in_an_entry_is_checked_too(string member, string key)
    {
        string head;
        using (var before = _repo.Open())
        {
            before.Make("a");
            head = _repo.Git("rev-parse", "HEAD");
        }

        Change(1, entry => entry[member] = new JsonObject
        {
            ["into"] = "main",
            ["from"] = head,
            ["to"] = head,
            ["tip"] = head,
            ["commit"] = head,
            ["before"] = "active",
            [key] = $"--output={_repo.Base}/output",
        });

        using var repository = _repo.Open();
        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);
        File.Exists(Path.Join(_repo.Base, "output")).Should().BeFalse();
    }

    [Theory]
    [InlineData("creating")]
    [InlineData("removing")]
    public void A_branch_that_we_did_not_make_is_never_deleted_on_an_entrys_word(string status)
    {
        var tip = _repo.Git("commit-tree", "-p", "HEAD", "-m", "only here", "HEAD^{tree}");
        _repo.Git("branch", "precious", tip);
        _repo.Git("branch", "copy", tip);
        Plant(Entry(status, entry => (entry["branch"], entry["base_commit"], entry["base_ref"], entry["admin_id"], entry["branch_created"]) = ("precious", tip, "copy", status == "creating" ? null : "a", true)));

        NothingActs();

        _repo.Git("rev-parse", "precious").Should().Be(tip);
    }

    [Fact]
    public void A_planted_worktree_that_was_never_here_takes_no_branch_with_it()
    {
        var tip = _repo.Git("commit-tree", "-p", "HEAD", "-m", "in two places", "HEAD^{tree}");
        _repo.Git("branch", "precious", tip);
        _repo.Git("branch", "copy", tip);
        Plant(Entry("active", entry => (entry["branch"], entry["base_commit"], entry["base_ref"]) = ("precious", tip, "copy")));

        using var repository = _repo.Open();
        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);

        _repo.Git("rev-parse", "precious").Should().Be(tip);
    }

    [Fact]
    public void A_planted_landing_moves_no_branch_and_puts_no_file_back()
    {
        var from = _repo.Git("rev-parse", "HEAD");
        _repo.Write("README.md", "second\n");
        var to = _repo.Commit("second");
        _repo.Git("reset", "-q", "--soft", from);
        _repo.Git("reset", "-q");
        Plant(Entry("active", entry => entry["landing"] = new JsonObject { ["into"] = "main", ["from"] = from, ["to"] = to, ["tip"] = to, ["since"] = 1 }));

        NothingActs();

        _repo.Git("rev-parse", "main").Should().Be(from);
        _repo.Read("README.md").Should().Be("second\n");
    }

    [Theory]
    [InlineData("emptying", 1700000000)]
    [InlineData("removed", 1)]
    public void What_waits_in_our_trash_is_not_deleted_on_a_planted_entrys_word(string status, int removedAt)
    {
        string tree;
        using (var before = _repo.Open())
        {
            before.Make("a");
            _repo.Write(".worktrees/a/work.txt", "work");
            tree = before.Drop("a", force: true).TrashDirectory!;
        }

        Change(1, entry => (entry["status"], entry["trash"]!["removed_at"], entry["updated_at"]) = (status, removedAt, removedAt));

        using var repository = _repo.Open();
        repository.Trash().Sweep(Steps.By, CancellationToken.None).Should().BeEmpty();
        File.ReadAllText(Path.Join(tree, "work.txt")).Should().Be("work");
        repository.Examine();
        repository.Repair();
        File.ReadAllText(Path.Join(tree, "work.txt")).Should().Be("work");
    }

    [Fact]
    public void A_number_that_leaves_no_room_for_the_next_one_is_passed_over()
    {
        Plant(Entry("active", entry => entry["id"] = 999_999_999));

        using var repository = _repo.Open();
        repository.Make("b").Worktree.Id.Should().BeLessThan(999_999_999);
        repository.Make("c");
        using var next = _repo.Open();
        next.Worktrees.List(null, 50, null).Worktrees.Select(row => row.Worktree.Name).Should().Contain(["b", "c"]);
    }

    private static Action[] Calls(Repository repository, string name) =>
    [
        () => repository.Worktrees.Status(name),
        () => repository.Shell(name, "true"),
        () => repository.Drop(name, force: true),
        () => repository.Land(name),
        () => repository.Worktrees.Diff(name, null, patch: true, 10_000, null),
    ];

    // Every reading call, the doctor with its repairs, and what a person does next.
    private void NothingActs(int taskId = 1)
    {
        var outside = Portrait(_home);
        using (var repository = _repo.Open())
        {
            repository.Board.List(Listing.All);
            repository.Overview.Look(new GlanceLimits());
            repository.Worktrees.List(null, 50, null);
            repository.Worktrees.List(WorktreeState.Removed, 50, null);
            ((Action)(() => repository.Worktrees.Status("a"))).Should().Throw<Refusal>();
            repository.Trash().Sweep(Steps.By, CancellationToken.None);
            Portrait(_home).Should().Be(outside);
            repository.Examine().Should().Contain(finding => finding.IsOpen && finding.Message.Contains("index.json", StringComparison.Ordinal));
            repository.Task("Another").Should().Be(taskId);
            repository.Make("b").Worktree.Status.Should().Be(WorktreeState.Active);
            repository.Repair();
        }

        using var after = _repo.Open();
        after.Row("b").Drift.Should().BeEmpty();
        after.Examine().Where(finding => finding is { IsOpen: true, Severity: FindingSeverity.Error }).Should().BeEmpty();
        Portrait(_home).Should().Be(outside);
    }

    private JsonObject Entry(string status, Action<JsonObject> edit)
    {
        var entry = new JsonObject
        {
            ["id"] = 1,
            ["name"] = "a",
            ["path"] = ".worktrees/a",
            ["branch"] = "wt/a",
            ["base_ref"] = "main",
            ["base_commit"] = _repo.Git("rev-parse", "HEAD"),
            ["admin_id"] = "a",
            ["task_id"] = null,
            ["status"] = status,
            ["branch_created"] = true,
            ["created_at"] = 1700000000,
            ["updated_at"] = 1700000000,
        };
        edit(entry);
        return entry;
    }

    private void Plant(JsonObject entry) => _repo.Write(".worktrees/index.json", new JsonObject { ["revision"] = 1, ["worktrees"] = new JsonArray(entry) }.ToJsonString());

    private void Change(int id, Action<JsonObject> edit)
    {
        var index = JsonNode.Parse(_repo.Read(".worktrees/index.json"))!;
        edit(index["worktrees"]!.AsArray().OfType<JsonObject>().Single(entry => (int)entry["id"]! == id));
        _repo.Write(".worktrees/index.json", index.ToJsonString());
    }

    private IReadOnlyList<string> Quarantine() => Directory.Exists(_repo.Layout.Quarantine) ? [.. Directory.GetFiles(_repo.Layout.Quarantine).Select(File.ReadAllText)] : [];

    private static string Portrait(string folder) => string.Join('\n', Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => $"{file} {File.ReadAllText(file)}"));
}
