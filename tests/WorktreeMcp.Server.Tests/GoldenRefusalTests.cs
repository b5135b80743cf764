using System.Text;
using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>The words of the refusals that agents meet most; who changes one sees all of it in review.</summary>
public sealed class GoldenRefusalTests
{
    [Fact]
    public async Task The_refusals_of_the_board_are_the_ones_that_were_reviewed()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        await agent.Creates("first");
        await agent.Creates("second", new() { ["blocked_by"] = new JsonArray(1) });
        await agent.Creates("over");
        await agent.Updates(3, new() { ["status"] = "completed" });
        await agent.MakesWorktree(1, new() { ["name"] = "one" });

        await Holds("board", agent, repository,
            ("task_create", """{"subject":"x","blocked_by":[9]}"""),
            ("task_create", """{"subject":"x","blockedby":[1]}"""),
            ("task_list", """{"cursor":"x"}"""),
            ("task_get", """{"task_id":9}"""),
            ("task_get", """{"task_id":0}"""),
            ("task_update", """{"task_id":1,"add_blocked_by":[2]}"""),
            ("task_update", """{"task_id":2,"status":"in_progress"}"""),
            ("task_update", """{"task_id":3,"status":"in_progress"}"""),
            ("task_update", """{"task_id":1,"status":"deleted"}"""),
            ("task_update", """{"task_id":1,"note":"x","expected_revision":1}"""),
            ("task_update", """{"task_id":1}"""),
            ("task_update", """{"task_id":1,"note":"x","priority":"high","agent":"another"}"""),
            ("task_claim", """{"task_id":1,"agent":"another"}"""),
            ("task_claim", """{"task_id":2}"""),
            ("task_claim", """{"task_id":3}"""),
            ("task_claim", """{"task_id":9}"""),
            ("task_claim", "{}"),
            ("task_claim", """{"lease_minutes":0}"""),
            ("task_bind_worktree", """{"task_id":2,"worktree":"one"}"""),
            ("task_bind_worktree", """{"task_id":2,"worktree":"none"}"""),
            ("task_bind_worktree", """{"task_id":3,"worktree":"one"}"""));
    }

    [Fact]
    public async Task The_refusals_of_the_registry_are_the_ones_that_were_reviewed()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        await agent.Creates("first");
        await agent.Creates("second", new() { ["blocked_by"] = new JsonArray(1) });
        await agent.MakesWorktree(1, new() { ["name"] = "one" });
        await agent.MakesWorktree("locked");
        repository.Git("worktree", "lock", "--reason", "mine", ".worktrees/locked");
        repository.Git("branch", "wt/taken");
        repository.Write(".worktrees/foreign/file.txt", "x");
        repository.Write(".worktrees/one/new.txt", "x");
        repository.Write(".worktrees/one/README.md", "changed\n");

        await Holds("registry", agent, repository,
            ("worktree_create", """{"name":"one"}"""),
            ("worktree_create", """{"name":"One"}"""),
            ("worktree_create", """{"task_id":1,"name":"two"}"""),
            ("worktree_create", """{"task_id":2}"""),
            ("worktree_create", """{"name":"taken"}"""),
            ("worktree_create", """{"name":"foreign"}"""),
            ("worktree_create", """{"name":"x","base_ref":"nowhere"}"""),
            ("worktree_create", """{"name":"x","branch":"main"}"""),
            ("worktree_create", """{"name":"../x"}"""),
            ("worktree_create", "{}"),
            ("worktree_create", """{"task_id":1,"agent":"another"}"""),
            ("worktree_keep", """{"name":"one","agent":"another"}"""),
            ("worktree_remove", """{"name":"one","force":true,"agent":"another"}"""),
            ("worktree_list", """{"cursor":"x"}"""),
            ("worktree_status", """{"name":"none"}"""),
            ("worktree_run", """{"name":"../../x","command":"true"}"""),
            ("worktree_run", """{"name":"one","command":" "}"""),
            ("worktree_keep", """{"name":"none"}"""),
            ("worktree_remove", """{"name":"one"}"""),
            ("worktree_remove", """{"name":"locked","force":true}"""),
            ("worktree_events", """{"limit":0}"""),
            ("worktree_restore", """{"name":"one"}"""),
            ("worktree_restore", """{"name":"none"}"""),
            ("worktree_run", """{"name":"none","command":"true","background":true}"""),
            ("worktree_output", """{"run_id":"../../x"}"""),
            ("worktree_stop", """{"run_id":"run-00000000000000000000000000000000"}"""));
    }

    [Fact]
    public async Task The_refusals_of_a_landing_are_the_ones_that_were_reviewed()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        repository.Git("tag", "v1");
        await agent.MakesWorktree("one");
        await agent.MakesWorktree("dirty");
        await agent.MakesWorktree("tagged", new() { ["base_ref"] = "v1" });
        repository.Write(".worktrees/one/README.md", "theirs\n");
        repository.Commit("theirs", ".worktrees/one");
        repository.Write(".worktrees/dirty/new.txt", "x");
        repository.Write("README.md", "not committed\n");

        await Holds("landing", agent, repository,
            ("worktree_diff", """{"name":"none"}"""),
            ("worktree_diff", """{"name":"one","path":"../dirty"}"""),
            ("worktree_diff", """{"name":"one","format":"patch","cursor":"x"}"""),
            ("worktree_diff", """{"name":"one","format":"words"}"""),
            ("worktree_conflicts", """{"name":"none"}"""),
            ("worktree_merge", """{"name":"none"}"""),
            ("worktree_merge", """{"name":"dirty"}"""),
            ("worktree_merge", """{"name":"tagged"}"""),
            ("worktree_merge", """{"name":"one","into":"nowhere"}"""),
            ("worktree_merge", """{"name":"one","into":"wt/one"}"""),
            ("worktree_merge", """{"name":"one","message":"x","strategy":"rebase"}"""),
            ("worktree_merge", """{"name":"one","complete_task":true}"""),
            ("worktree_merge", """{"name":"one"}"""));
    }

    [Fact]
    public async Task The_refusals_about_files_are_the_ones_that_were_reviewed()
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);
        await agent.Creates("first");
        await agent.MakesWorktree(1, new() { ["name"] = "one" });
        await agent.MakesWorktree("two");
        repository.Write(".worktrees/one/src/code.cs", "if (a)\n{\n    Call(a);\n}\n\nif (b)\n{\n    Call(b);\n}\n");
        repository.Write(".worktrees/one/binary.bin", "a\0b");
        File.CreateSymbolicLink(Path.Join(repository.Root, ".worktrees/one/link.txt"), "README.md");

        await Holds("files", agent, repository,
            ("worktree_read", """{"name":"none","path":"README.md"}"""),
            ("worktree_read", """{"name":"one","path":"src/codes.cs"}"""),
            ("worktree_read", """{"name":"one","path":"src"}"""),
            ("worktree_read", """{"name":"one","path":"../two/README.md"}"""),
            ("worktree_read", """{"name":"one","path":"/etc/passwd"}"""),
            ("worktree_read", """{"name":"one","path":".git"}"""),
            ("worktree_read", """{"name":"one","path":"link.txt"}"""),
            ("worktree_read", """{"name":"one","path":"binary.bin"}"""),
            ("worktree_read", """{"name":"one","path":"README.md","from_line":9}"""),
            ("worktree_read", """{"name":"main","path":".tasks/task_1.json"}"""),
            ("worktree_read", """{"name":"main","path":".worktrees/two/README.md"}"""),
            ("worktree_edit", """{"name":"main","path":"README.md","old_text":"hello","new_text":"x"}"""),
            ("worktree_edit", """{"name":"one","path":"src/code.cs","new_text":"x"}"""),
            ("worktree_edit", """{"name":"one","path":"src/code.cs","new_text":"x","create":true}"""),
            ("worktree_edit", """{"name":"one","path":"src/code.cs","old_text":"\n{\n","new_text":" {\n"}"""),
            ("worktree_edit", """{"name":"one","path":"src/code.cs","old_text":"\tCall(b);\n}","new_text":"x"}"""),
            ("worktree_edit", """{"name":"one","path":"src/code.cs","old_text":"    Call(d);","new_text":"x"}"""),
            ("worktree_edit", """{"name":"one","path":"README.md","old_text":"hello","new_text":"hello"}"""),
            ("worktree_edit", """{"name":"one","path":"README.md","old_text":"hello","new_text":"x","agent":"another"}"""));
    }

    [Fact]
    public async Task Outside_a_usable_repository_each_tool_says_what_to_do()
    {
        using var repository = new TempRepository(commit: false);
        await using var empty = await AgentClient.Start(repository);
        await Holds("no-commit", empty, repository, ("worktree_create", """{"name":"x"}"""));

        await using var outside = await AgentClient.Start(repository, directory: repository.Base);
        await Holds("no-repository", outside, repository, ("task_create", """{"subject":"x"}"""), ("worktree_list", "{}"));
    }

    private static async Task Holds(string name, AgentClient agent, TempRepository repository, params (string Tool, string Arguments)[] calls)
    {
        var text = new StringBuilder();
        foreach (var (tool, arguments) in calls)
        {
            var answer = await agent.Refuses(tool, (JsonObject)JsonNode.Parse(arguments)!);
            var error = answer.GetProperty("error");
            text.Append(tool).Append(' ').Append(arguments).Append('\n');
            foreach (var member in error.EnumerateObject())
            {
                text.Append("  ").Append(member.Name).Append(": ").Append(member.Value.GetString()).Append('\n');
            }

            text.Append("  next: ").Append(answer.TryGetProperty("next", out var next) ? next.GetString() : "-").Append("\n\n");
        }

        Golden.Holds($"refusals/{name}.txt", Golden.Normal(text.ToString(), repository));
    }
}
