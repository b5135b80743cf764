using System.Diagnostics;
using System.Text.Json;
using ModelContextProtocol.Protocol;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>The built program's fsync calls, counted and made to fail, and its locks, granted to everybody. Needs strace; without it a failure in CI, else skipped.</summary>
public sealed class DurabilityTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("full", 1)]
    [InlineData("relaxed", 0)]
    public async Task Each_operation_is_synced_with_one_system_call_or_with_none_where_that_is_chosen(string durability, int each)
    {
        const int Operations = 5;
        RequireStrace();
        var trace = Path.Join(_repo.Base, "trace");
        await using var client = await Start(new() { ["WORKTREEMCP_DURABILITY"] = durability }, "-o", trace, "-e", "trace=fsync,fdatasync,sync,syncfs,sync_file_range,msync");
        await client.Done("task_create", """{"subject":"Counted"}""");
        await client.Done("task_update", """{"task_id":1,"note":"the first one also syncs the log's name"}""");
        var before = Syncs(trace);

        for (var i = 0; i < Operations; i++)
        {
            await client.Done("task_update", """{"task_id":1,"note":"one more"}""");
        }

        (Syncs(trace) - before).Should().Be(Operations * each);
    }

    // task_get shows the newest notes.
    private const int NotesShown = 5;

    [Theory]
    [InlineData("1+")]
    [InlineData("2+")]
    [InlineData("1+2")]
    [InlineData("2+3")]
    [InlineData("3+2")]
    public async Task An_operation_whose_sync_fails_is_refused_and_nothing_that_was_acknowledged_is_lost(string when)
    {
        RequireStrace();
        await using (var healthy = await ConnectedClient.Start(_repo.Root))
        {
            await healthy.Done("task_create", """{"subject":"Acknowledged before"}""");
        }

        var acknowledged = new List<string>();
        var refused = 0;
        await using (var faulty = await Start([], "-o", "/dev/null", "-e", $"inject=fsync:error=EIO:when={when}"))
        {
            for (var i = 0; i < 8; i++)
            {
                var note = $"note {i}";
                var result = await faulty.Call("task_update", $$"""{"task_id":1,"note":"{{note}}"}""");
                if (result.IsError == true)
                {
                    IsClear(result);
                    refused++;
                }
                else
                {
                    acknowledged.Add(note);
                }

                (await Notes(faulty)).Should().Equal(acknowledged.TakeLast(NotesShown), "a refused change is not there, and reads go on");
            }
        }

        refused.Should().BePositive();
        await using var next = await ConnectedClient.Start(_repo.Root);
        (await Notes(next)).Should().Equal(acknowledged.TakeLast(NotesShown));
        await next.Done("task_update", """{"task_id":1,"note":"afterwards"}""");
        (await Notes(next)).Should().Equal(acknowledged.Append("afterwards").TakeLast(NotesShown));
        Directory.EnumerateFiles(_repo.Root, "*.tmp", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Should().BeEmpty();
    }

    [Fact]
    public async Task Where_locks_are_granted_to_everybody_reading_works_and_every_change_is_refused()
    {
        RequireStrace();
        await using (var healthy = await ConnectedClient.Start(_repo.Root))
        {
            await healthy.Done("task_create", """{"subject":"Made where locks work"}""");
        }

        var before = _repo.Snapshot();
        await using var client = await Start([], [.. NoLocks]);
        (await client.Done("task_get", """{"task_id":1}""")).GetProperty("task").GetProperty("subject").GetString().Should().Be("Made where locks work");
        foreach (var (tool, arguments) in new[] { ("task_create", """{"subject":"x"}"""), ("task_update", """{"task_id":1,"note":"x"}"""), ("worktree_create", """{"name":"a"}""") })
        {
            var result = await client.Call(tool, arguments);
            result.IsError.Should().BeTrue(tool);
            ConnectedClient.Text(result).Should().Contain($"Locks do not work on the file system of {_repo.Layout.Private}").And.Contain("local file system");
        }

        _repo.Snapshot().Should().Be(before);
    }

    [Fact]
    public async Task The_doctor_says_that_a_lock_does_not_lock()
    {
        RequireStrace();
        await using (var healthy = await ConnectedClient.Start(_repo.Root))
        {
            await healthy.Done("task_create", """{"subject":"Makes the lock's file"}""");
        }

        var start = new ProcessStartInfo("strace", ["-f", "-qq", .. NoLocks, "dotnet", BuiltServer.PathOf("worktree-mcp.dll"), "doctor", "--json", "--repo", _repo.Root]) { RedirectStandardOutput = true };
        using var doctor = Process.Start(start)!;
        var report = await doctor.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await doctor.WaitForExitAsync(TestContext.Current.CancellationToken);

        report.Should().Contain("lock_does_not_lock").And.Contain(_repo.Layout.Lock).And.Contain("local file system");
        doctor.ExitCode.Should().NotBe(0);
    }

    // As on a file system that knows no locks and says yes to all.
    private static readonly string[] NoLocks = ["-o", "/dev/null", "-e", "inject=flock:retval=0"];

    private static void IsClear(CallToolResult result)
    {
        var error = JsonElement.Parse(ConnectedClient.Text(result)).GetProperty("error");
        error.GetProperty("code").GetString().Should().Be("internal");
        error.GetProperty("message").GetString().Should().ContainAny("Nothing was changed", "refuses further changes");
        error.GetProperty("hint").GetString().Should().NotBeNullOrEmpty();
    }

    private static async Task<IReadOnlyList<string>> Notes(ConnectedClient client)
    {
        var task = (await client.Done("task_get", """{"task_id":1}""")).GetProperty("task");
        return task.TryGetProperty("notes", out var notes) ? [.. notes.EnumerateArray().Select(note => note.GetProperty("text").GetString()!)] : [];
    }

    private static int Syncs(string trace) => File.ReadLines(trace).Count(line => line.Contains("sync", StringComparison.Ordinal) && !line.Contains("resumed", StringComparison.Ordinal));

    private Task<ConnectedClient> Start(Dictionary<string, string?> environment, params string[] options) =>
        ConnectedClient.Start("strace", ["-f", "-qq", .. options, "dotnet", BuiltServer.PathOf("worktree-mcp.dll")], _repo.Root, environment);

    private static void RequireStrace()
    {
        if (Strace.Refusal is { } reason)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", reason);
            Assert.Fail(reason);
        }
    }
}
