using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>A server at the limits that a user may set for it: calls fail with words, and it lives.</summary>
public sealed class MachineLimitsTests : IDisposable
{
    private readonly TempRepository _repository = new();
    private int _calls;

    public void Dispose() => _repository.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(6)]
    public async Task Without_descriptors_calls_fail_and_with_them_the_next_one_works(int spare)
    {
        RequireLimits();
        await using var server = await Started();
        await Call(server, "worktree_create", """{"name":"lane"}""");
        var used = Directory.GetFileSystemEntries($"/proc/{server.ProcessId}/fd").Length;
        Limit(server, $"--nofile={used + spare}:");

        var refusals = new List<string>();
        foreach (var (tool, arguments) in Tools)
        {
            if ((await Call(server, tool, arguments)).TryGetProperty("error", out var error))
            {
                refusals.Add(error.GetProperty("message").GetString()!);
            }
        }

        refusals.Should().NotContain(words => words.Contains("fault of the server"));
        refusals.Should().HaveCountGreaterThan(spare == 0 ? 0 : -1);
        Limit(server, "--nofile=4096:");
        foreach (var (tool, arguments) in Tools)
        {
            (await Call(server, tool, arguments)).TryGetProperty("error", out var error).Should().BeFalse(error.ToString());
        }
    }

    [Fact]
    public async Task A_server_that_could_never_open_enough_files_says_so_at_once()
    {
        RequireLimits();
        var start = new ProcessStartInfo("/bin/sh", ["-c", "ulimit -n 100; exec dotnet \"$1\"", "sh", BuiltServer.PathOf("worktree-mcp.dll")]) { RedirectStandardError = true, RedirectStandardInput = true };
        using var server = Process.Start(start)!;

        var error = await server.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);

        await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        server.ExitCode.Should().Be(1);
        error.Should().Be("worktree-mcp: The limit of open files is 100 here (ulimit -n), and worktree-mcp needs 192. Raise it for whatever starts the server.\n");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(100_000)]
    public async Task Beyond_the_largest_file_calls_fail_and_nothing_is_lost(int bytes)
    {
        RequireLimits();
        await using var server = await Started();
        await Call(server, "worktree_create", """{"name":"lane"}""");
        Limit(server, $"--fsize={bytes}:");

        var made = 0;
        JsonElement answer;
        do
        {
            answer = await Call(server, "task_create", $$"""{"subject":"one","description":"{{new string('d', 4000)}}"}""");
            made += answer.TryGetProperty("error", out _) ? 0 : 1;
        }
        while (made < 200 && !answer.TryGetProperty("error", out _));
        answer.GetProperty("error").GetProperty("message").GetString().Should().NotContain("fault of the server");
        await Call(server, "worktree_run", """{"name":"lane","command":"head -c 1000000 /dev/zero | tr '\\0' a; head -c 1000000 /dev/zero > big.ignored"}""");

        Limit(server, "--fsize=unlimited:");
        (await Call(server, "task_create", """{"subject":"after"}""")).GetProperty("task").GetProperty("id").GetInt32().Should().BeGreaterThan(made);
        (await Call(server, "task_list", """{"limit":100}""")).GetProperty("total").GetInt32().Should().Be(made + 1);
        (await Call(server, "worktree_run", """{"name":"lane","command":"echo works"}""")).GetProperty("stdout").GetString().Should().Be("works\n");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_folder_for_temporary_files_that_is_not_there_or_goes_away_stands_in_no_calls_way(bool goesAway)
    {
        var temporary = Path.Join(_repository.Base, "temporary");
        if (goesAway)
        {
            Directory.CreateDirectory(temporary);
        }

        await using var server = BuiltServer.Start(workingDirectory: _repository.Root, environment: new Dictionary<string, string> { ["TMPDIR"] = temporary });
        await server.Initialize();
        await server.Answer(0);
        await Call(server, "worktree_create", """{"name":"lane"}""");
        _repository.Write(".worktrees/lane/new.txt", "new\n");
        if (goesAway)
        {
            (await Call(server, "worktree_diff", """{"name":"lane"}""")).GetProperty("files").GetInt32().Should().Be(1);
            Directory.Delete(temporary, recursive: true);
        }

        (await Call(server, "worktree_diff", """{"name":"lane"}""")).GetProperty("files").GetInt32().Should().Be(1);
        (await Call(server, "worktree_conflicts", "{}")).TryGetProperty("error", out var error).Should().BeFalse(error.ToString());
        Directory.Exists(temporary).Should().BeFalse();
    }

    private static (string Tool, string Arguments)[] Tools { get; } =
    [
        ("task_create", """{"subject":"x"}"""), ("worktree_list", "{}"), ("board_show", "{}"), ("worktree_run", """{"name":"lane","command":"true"}"""),
        ("worktree_diff", """{"name":"lane"}"""), ("worktree_events", "{}"), ("task_list", "{}"),
    ];

    private async Task<BuiltServer> Started()
    {
        var server = BuiltServer.Start(workingDirectory: _repository.Root);
        await server.Initialize();
        await server.Answer(0);
        return server;
    }

    private async Task<JsonElement> Call(BuiltServer server, string tool, string arguments)
    {
        var id = ++_calls;
        await server.Call(id, tool, arguments);
        return JsonElement.Parse((await server.Answer(id)).GetProperty("result").GetProperty("content")[0].GetProperty("text").GetString()!);
    }

    private static void RequireLimits() => Assert.SkipUnless(OperatingSystem.IsLinux() && Programs.AreThere("prlimit"), "The limits of a running process are set with prlimit.");

    private static void Limit(BuiltServer server, string limit)
    {
        using var set = Process.Start("prlimit", ["--pid", server.ProcessId.ToString(CultureInfo.InvariantCulture), limit]);
        set.WaitForExit();
        set.ExitCode.Should().Be(0);
    }
}
