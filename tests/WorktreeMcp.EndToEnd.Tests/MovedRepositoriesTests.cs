using System.Diagnostics;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>A repository that is moved under a running server, and a copy of one.</summary>
public sealed class MovedRepositoriesTests : IDisposable
{
    private readonly TempRepository _repository = new();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task A_moved_repository_works_on_with_a_new_server_and_the_old_one_says_that_it_is_gone()
    {
        await using var old = await ConnectedClient.Start(_repository.Root, arguments: ["--agent", "ann"]);
        await old.Done("task_create", """{"subject":"goes along"}""");
        await old.Done("worktree_create", """{"name":"lane","task_id":1}""");
        var place = Path.Join(_repository.Base, "elsewhere");
        Directory.Move(_repository.Root, place);

        foreach (var (tool, arguments) in new[] { ("task_create", """{"subject":"lost"}"""), ("task_list", "{}"), ("worktree_list", "{}"), ("board_show", "{}"), ("worktree_create", """{"name":"x"}""") })
        {
            (await old.Refused(tool, arguments, "not_a_repository")).GetProperty("message").GetString().Should().Contain(_repository.Root);
        }

        Directory.Exists(_repository.Root).Should().BeFalse("nothing is written where the repository was");
        await using var next = await ConnectedClient.Start(place, arguments: ["--agent", "ann"]);
        var task = (await next.Done("task_update", """{"task_id":1,"note":"here"}""")).GetProperty("task");
        task.GetProperty("subject").GetString().Should().Be("goes along");
        var run = await next.Done("worktree_run", """{"name":"lane","command":"pwd; git status --porcelain; git branch --show-current"}""");
        run.GetProperty("stdout").GetString().Should().Be($"{place}/.worktrees/lane\nwt/lane\n");
        (await next.Done("worktree_list")).GetProperty("worktrees")[0].TryGetProperty("drift", out _).Should().BeFalse();

        Directory.Move(place, _repository.Root);
        (await old.Done("task_get", """{"task_id":1}""")).GetProperty("task").GetProperty("notes")[0].GetProperty("text").GetString().Should().Be("here");
    }

    [Fact]
    public async Task In_a_copy_whatever_would_touch_a_worktree_is_refused_with_both_paths()
    {
        await using (var original = await ConnectedClient.Start(_repository.Root))
        {
            await original.Done("task_create", """{"subject":"one"}""");
            await original.Done("worktree_create", """{"name":"lane","task_id":1}""");
            await original.Done("task_create", """{"subject":"two"}""");
            await original.Done("worktree_create", """{"name":"gone"}""");
            await original.Done("worktree_remove", """{"name":"gone"}""");
        }

        var copy = Path.Join(_repository.Base, "copy");
        using (var copied = Process.Start("cp", ["-a", _repository.Root, copy]))
        {
            await copied.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var before = _repository.Snapshot();
        await using var server = await ConnectedClient.Start(copy);
        foreach (var (tool, arguments) in new[]
        {
            ("worktree_create", """{"name":"new"}"""),
            ("worktree_create", """{"task_id":2}"""),
            ("task_bind_worktree", """{"task_id":2,"worktree":"lane"}"""),
            ("worktree_run", """{"name":"lane","command":"touch ran"}"""),
            ("worktree_keep", """{"name":"lane"}"""),
            ("worktree_remove", """{"name":"lane","force":true}"""),
            ("worktree_restore", """{"name":"gone"}"""),
            ("worktree_merge", """{"name":"lane"}"""),
        })
        {
            var message = (await server.Refused(tool, arguments, "not_a_repository")).GetProperty("message").GetString();
            message.Should().Contain(copy).And.Contain($"{_repository.Root}", $"{tool} names both");
        }

        // The board of the copy is its own, and nothing in it reaches the original.
        var made = await server.Done("task_create", """{"subject":"in the copy"}""");
        made.GetProperty("task").GetProperty("id").GetInt32().Should().Be(3);
        await server.Done("task_update", """{"task_id":2,"status":"completed"}""");
        await server.Done("worktree_list");
        File.Exists(Path.Join(copy, ".tasks/task_3.json")).Should().BeTrue();
        _repository.Snapshot().Should().Be(before);
        _repository.GitIn(".worktrees/lane", "status", "--porcelain").Should().BeEmpty();
    }
}
