using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

/// <summary>What a newer version of this program wrote is read as far as it is understood, said, and never written.</summary>
public sealed class NewerFormatsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public NewerFormatsTests()
    {
        using var repository = _repo.Open();
        repository.Make("a", repository.Task());
        repository.Task("Second");
    }

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("""{"version":2,"op":90,"at":1,"by":"a","kind":"task.create","request_id":null,"boot":"b","changes":[],"events":[],"next":{"op":91,"task":9,"worktree":9,"seq":90}}""")]
    [InlineData("""{"op":90,"at":1,"by":"a","kind":"lease.take","leases":[{"worktree":1}]}""")]
    [InlineData("""{"op":90,"at":1,"by":"a","kind":"note.put","request_id":null,"boot":"b","changes":[{"note":3,"before":null,"after":{}}],"events":[],"next":{"op":91,"task":9,"worktree":9,"seq":90}}""")]
    [InlineData("""{"version":99,"whatever":true}""")]
    public void A_line_of_the_log_that_only_a_newer_version_understands_stays_and_nothing_follows_it(string line)
    {
        File.AppendAllText(_repo.Layout.OperationLog, line + "\n");
        var log = File.ReadAllText(_repo.Layout.OperationLog);

        foreach (var opened in new[] { _repo.Open(), _repo.Open() })
        {
            opened.Board.List(Listing.All).Total.Should().Be(2);
            opened.Board.Get(1).Task.Subject.Should().Be("A goal");
            opened.Worktrees.List(null, 50, null).Total.Should().Be(1);
            opened.Overview.Look(new GlanceLimits()).Drift.Should().Contain(said => said.Contains("oplog.jsonl", StringComparison.Ordinal));
            foreach (var call in Calls(opened))
            {
                var refusal = _repo.By(RefusalCode.CorruptFile, call);
                refusal.Message.Should().Contain("oplog.jsonl").And.Contain("version 1");
                refusal.Hint.ToString().Should().NotBeEmpty();
            }

            opened.Examine().Should().Contain(finding => finding.Code == "oplog_newer");
            opened.Repair();
        }

        File.ReadAllText(_repo.Layout.OperationLog).Should().Be(log);
    }

    [Fact]
    public void A_registry_of_a_newer_version_is_shown_and_left_as_it_is()
    {
        Edit(index => index["version"] = 99);
        var bytes = File.ReadAllText(_repo.Layout.Index);

        using var repository = _repo.Open();
        repository.Worktrees.List(null, 50, null).Total.Should().Be(1);
        foreach (var call in Calls(repository).Skip(1))
        {
            _repo.By(RefusalCode.CorruptFile, call).Message.Should().Contain("index.json").And.Contain("version 99").And.Contain("version 1");
        }

        repository.Task("Third").Should().Be(3);
        repository.Drift().Should().Contain(said => said.Contains("version 99", StringComparison.Ordinal));
        repository.Repair().Should().Contain(finding => finding.Code == "registry_newer");
        File.ReadAllText(_repo.Layout.Index).Should().Be(bytes);
    }

    [Fact]
    public void A_registry_that_a_newer_version_keeps_in_another_shape_is_not_rebuilt()
    {
        File.WriteAllText(_repo.Layout.Index, """{"version":2,"worktrees":{"a":{"id":1}}}""");
        var bytes = File.ReadAllText(_repo.Layout.Index);

        using var repository = _repo.Open();
        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);
        repository.Task("Third").Should().Be(3);
        repository.Repair();

        File.ReadAllText(_repo.Layout.Index).Should().Be(bytes);
    }

    [Theory]
    [InlineData("status", "\"archived\"")]
    [InlineData("status", "\"ACTIVE\"")]
    [InlineData("version", "2")]
    [InlineData("version", "1.5")]
    public void An_entry_that_only_a_newer_version_understands_is_not_active_and_never_written(string key, string value)
    {
        Edit(index => index["worktrees"]![0]![key] = JsonNode.Parse(value));
        var entry = Entry().ToJsonString();

        using var repository = _repo.Open();
        repository.Worktrees.List(null, 50, null).Total.Should().Be(0);
        repository.Drift().Should().Contain(said => said.Contains("\"a\"", StringComparison.Ordinal));
        _repo.By(RefusalCode.CorruptFile, () => repository.Drop("a", force: true)).Message.Should().Contain("\"a\"");
        _repo.By(RefusalCode.CorruptFile, () => repository.Shell("a", "true"));
        _repo.By(RefusalCode.CorruptFile, () => repository.Make("a", 2));
        repository.Make("b");
        repository.Drop("b");
        repository.Repair().Should().Contain(finding => finding.Code == "registry_entry_newer");

        Entry().ToJsonString().Should().Be(entry);
        _repo.Has(".worktrees/a/README.md").Should().BeTrue();
    }

    [Theory]
    [InlineData("2")]
    [InlineData("99")]
    public void A_task_of_a_newer_version_is_shown_and_left_as_it_is(string version)
    {
        var task = JsonNode.Parse(_repo.Read(".tasks/task_2.json"))!;
        (task["version"], task["shape"]) = (JsonNode.Parse(version), "round");
        _repo.Write(".tasks/task_2.json", task.ToJsonString());
        var bytes = _repo.Read(".tasks/task_2.json");

        using var repository = _repo.Open();
        repository.Task("Third");
        repository.Board.Get(2).Task.Subject.Should().Be("Second");
        foreach (var call in new Action[]
        {
            () => repository.Board.Update(2, new TaskEdit { Note = "x" }, Steps.By),
            () => repository.Board.Claim(2, null, Steps.By),
            () => repository.Make("b", 2),
            () => repository.Worktrees.Bind(2, "a", null, Steps.By),
        })
        {
            _repo.By(RefusalCode.CorruptFile, call).Message.Should().Contain("task_2.json").And.Contain($"version {version}");
        }

        repository.Board.Update(1, new TaskEdit { Note = "x" }, Steps.By);
        repository.Repair().Should().Contain(finding => finding.Code == "task_newer");
        repository.Drift().Should().Contain(said => said.Contains("task_2.json", StringComparison.Ordinal));
        _repo.Read(".tasks/task_2.json").Should().Be(bytes);
    }

    [Fact]
    public void A_task_whose_state_only_a_newer_version_knows_is_not_put_back_to_an_older_one()
    {
        var task = JsonNode.Parse(_repo.Read(".tasks/task_2.json"))!;
        (task["version"], task["status"]) = (2, "archived");
        _repo.Write(".tasks/task_2.json", task.ToJsonString());
        var bytes = _repo.Read(".tasks/task_2.json");

        using var repository = _repo.Open();
        repository.Board.List(Listing.All).Damaged.Should().ContainSingle();
        repository.Repair();
        repository.Task("Third");

        _repo.Read(".tasks/task_2.json").Should().Be(bytes);
    }

    private static Action[] Calls(Repository repository) =>
    [
        () => repository.Board.Update(2, new TaskEdit { Note = "x" }, Steps.By),
        () => repository.Make("b"),
        () => repository.Shell("a", "true"),
        () => repository.Drop("a", force: true),
        () => repository.Worktrees.Keep("a", null, completeTask: false, Steps.By),
        () => repository.Worktrees.Bind(2, "a", null, Steps.By),
    ];

    private JsonNode Entry() => JsonNode.Parse(_repo.Read(".worktrees/index.json"))!["worktrees"]![0]!;

    private void Edit(Action<JsonNode> edit)
    {
        var index = JsonNode.Parse(_repo.Read(".worktrees/index.json"))!;
        edit(index);
        _repo.Write(".worktrees/index.json", index.ToJsonString());
    }
}
