using System.Text.Json;
using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>What persons and kills do to a repository, seen through the tools of the built program.</summary>
public sealed class DamagedRepositoriesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_git_clean_took_from_the_main_checkout_is_back_and_equal_in_the_next_call(bool newServer)
    {
        await using var first = await ConnectedClient.Start(_repo.Root);
        await WorkOnThreeTasks(first);
        var before = await Everything(first);
        var events = _repo.EventLines();

        _repo.Git("clean", "-fdx");
        _repo.Has(".tasks").Should().BeFalse();
        _repo.Has(".worktrees/index.json").Should().BeFalse();

        await using var other = newServer ? await ConnectedClient.Start(_repo.Root) : null;
        var after = await Everything(other ?? first);

        after.Should().Equal(before);
        _repo.EventLines().Should().Equal(events);
        (await (other ?? first).Done("task_create", """{"subject":"next"}""")).GetProperty("task").GetProperty("id").GetInt32().Should().Be(4);
    }

    [Fact]
    public async Task In_a_repository_that_a_broken_record_of_ours_poisons_tasks_go_on_and_the_doctor_repairs_it()
    {
        await using var client = await ConnectedClient.Start(_repo.Root);
        await WorkOnThreeTasks(client);
        await Poison("lane");

        await TasksGoOn(client);
        (await DriftOf(client)).Should().ContainSingle();
        (await CreationRefused(client)).Should().Contain("worktree-mcp doctor");
        (await Doctor()).Should().Match<(int Code, string Report)>(dry => dry.Code == 1 && dry.Report.Contains("record_broken"));
        (await Doctor("--fix")).Code.Should().Be(0);

        _repo.Git("worktree", "list").Should().Contain("[wt/lane]");
        (await Doctor()).Report.Trim().Should().EndWith("nothing found.");
        (await DriftOf(client)).Should().BeEmpty();
        await client.Done("worktree_create", """{"name":"another"}""");
    }

    [Fact]
    public async Task In_a_repository_that_a_record_of_somebody_else_poisons_tasks_go_on_and_the_doctor_names_it()
    {
        await using var client = await ConnectedClient.Start(_repo.Root);
        await WorkOnThreeTasks(client);
        _repo.Git("worktree", "add", "-q", "-b", "users", Path.Join(_repo.Base, "users"));
        await Poison("users");

        await TasksGoOn(client);
        (await DriftOf(client)).Should().BeEmpty();
        (await CreationRefused(client)).Should().Contain("worktree-mcp doctor");
        var (code, report) = await Doctor("--fix");

        code.Should().Be(1);
        report.Should().Contain("record_broken").And.Contain(Path.Join("worktrees", "users")).And.Contain("commondir");
        (await File.ReadAllTextAsync(CommonDirectoryOf("users"))).Should().BeEmpty("what is not ours is left as it is");
    }

    private static async Task WorkOnThreeTasks(ConnectedClient client)
    {
        await client.Done("task_create", """{"subject":"First","description":"With \"quotes\" and ümlauts","labels":["a"],"priority":"high"}""");
        await client.Done("task_create", """{"subject":"Second","blocked_by":[1]}""");
        await client.Done("task_create", """{"subject":"Third"}""");
        await client.Done("worktree_create", """{"name":"lane","task_id":1}""");
        await client.Done("task_update", """{"task_id":1,"note":"half of it is done"}""");
        await client.Done("task_update", """{"task_id":3,"status":"completed"}""");
    }

    // What comes next is for whoever asks, and the other server's agent is another one.
    private static string Told(JsonElement answer)
    {
        var told = JsonObject.Create(answer)!;
        told.Remove("next");
        return told.ToJsonString();
    }

    private static async Task<IReadOnlyList<string>> Everything(ConnectedClient client)
    {
        var all = new List<string> { Told(await client.Done("task_list")) };
        for (var id = 1; id <= 3; id++)
        {
            all.Add(Told(await client.Done("task_get", $$"""{"task_id":{{id}}}""")));
        }

        all.Add(Told(await client.Done("worktree_list")));
        all.Add(Told(await client.Done("worktree_events")));
        return all;
    }

    private static async Task TasksGoOn(ConnectedClient client)
    {
        var id = (await client.Done("task_create", """{"subject":"Meanwhile"}""")).GetProperty("task").GetProperty("id").GetInt32();
        await client.Done("task_update", $$"""{"task_id":{{id}},"status":"completed"}""");
        (await client.Done("task_get", $$"""{"task_id":{{id}}}""")).GetProperty("task").GetProperty("status").GetString().Should().Be("completed");
        (await client.Done("task_list")).GetProperty("tasks").GetArrayLength().Should().BeGreaterThan(0);
        await client.Done("worktree_events");
    }

    private async Task<string> CreationRefused(ConnectedClient client)
    {
        TempRepository.TryGit(_repo.Root, "worktree", "list").Exit.Should().Be(128);
        var error = await client.Refused("worktree_create", """{"name":"another"}""", "git_failed");
        _repo.Has(".worktrees/another").Should().BeFalse();
        _repo.Git("branch", "--list", "wt/another").Should().BeEmpty();
        return error.GetProperty("hint").GetString()!;
    }

    private static async Task<IReadOnlyList<string>> DriftOf(ConnectedClient client) =>
        (await client.Done("worktree_list")).GetProperty("worktrees")[0].TryGetProperty("drift", out var drift)
            ? [.. drift.EnumerateArray().Select(one => one.GetString()!)]
            : [];

    private Task Poison(string record) => File.WriteAllTextAsync(CommonDirectoryOf(record), string.Empty);

    private string CommonDirectoryOf(string record) => Path.Join(_repo.Root, ".git", "worktrees", record, "commondir");

    private async Task<(int Code, string Report)> Doctor(params string[] arguments)
    {
        await using var doctor = BuiltServer.Start(arguments: ["doctor", "--repo", _repo.Root, .. arguments]);
        var report = await doctor.ReadToEnd();
        return ((await doctor.Exit()).Code, report);
    }
}
