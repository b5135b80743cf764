using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>A server is stopped, not killed, with the lock in hand. Others wait for as long as they do, so this takes a minute.</summary>
public sealed class StoppedHolderTests
{
    private const string Long = "WORKTREEMCP_LONG";
    private const int Calls = 400;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Others_are_told_who_holds_the_lock_and_nobody_steals_it()
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Long)), $"Takes a minute: set {Long} to 1.");
        using var repository = new TempRepository();
        await using var others = await ConnectedClient.Start(repository.Root);
        await others.Done("task_create", """{"subject":"before"}""");
        await using var holder = BuiltServer.Start(workingDirectory: repository.Root);
        await holder.Initialize();
        for (var call = 1; call <= Calls; call++)
        {
            await holder.Call(call, "task_create", $$"""{"subject":"{{call}}"}""");
        }

        await StopWithTheLock(holder, repository);
        var log = await File.ReadAllBytesAsync(repository.Layout.OperationLog);

        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => others.Client.CallToolAsync(
            "task_create", new Dictionary<string, object?> { ["subject"] = "meanwhile" }).AsTask().WaitAsync(Patience)));
        (await others.Done("task_get", """{"task_id":1}""")).GetProperty("task").GetProperty("subject").GetString().Should().Be("before");

        foreach (var answer in answers)
        {
            var error = JsonElement.Parse(ConnectedClient.Text(answer)).GetProperty("error");
            error.GetProperty("code").GetString().Should().Be("busy");
            error.GetProperty("message").GetString().Should().Contain(holder.ProcessId.ToString(CultureInfo.InvariantCulture)).And.Contain("task.create").And.Contain("since ");
        }

        (await File.ReadAllBytesAsync(repository.Layout.OperationLog)).Should().Equal(log, "nobody has written past the holder");
        Signal(holder, "CONT");
        var made = await Made(holder);
        var after = (await others.Done("task_create", """{"subject":"after"}""")).GetProperty("task").GetProperty("id").GetInt32();

        // What waited in the stopped server has waited too long as well, by any clock, and is told so.
        made.Should().Equal(Enumerable.Range(2, made.Count));
        after.Should().Be(made.Count + 2);
        Directory.GetFiles(repository.Layout.Tasks, "task_*.json").Should().HaveCount(after);
    }

    /// <summary>The numbers of the tasks that the holder made, once all its calls are answered.</summary>
    private static async Task<IReadOnlyList<int>> Made(BuiltServer holder)
    {
        while (Answers(holder).Count() < Calls)
        {
            (await holder.ReadLine()).Should().NotBeNull();
        }

        return [.. Answers(holder)
            .Where(answer => !answer.GetProperty("result").TryGetProperty("isError", out var error) || !error.GetBoolean())
            .Select(answer => answer.GetProperty("result").GetProperty("structuredContent").GetProperty("task").GetProperty("id").GetInt32()).Order()];
    }

    private static IEnumerable<JsonElement> Answers(BuiltServer holder) => holder.Received.Select(line => JsonElement.Parse(line))
        .Where(message => message.TryGetProperty("id", out var id) && id.GetInt32() > 0 && message.TryGetProperty("result", out _));

    // It takes and frees the lock all the time: stopped where it has it is stopped where it is wanted.
    private static async Task StopWithTheLock(BuiltServer holder, TempRepository repository)
    {
        await holder.Answer(1);
        for (var attempt = 0; attempt < Calls; attempt++)
        {
            Signal(holder, "STOP");
            if (BoardLock.IsHeld(repository))
            {
                return;
            }

            Signal(holder, "CONT");
            await holder.ReadLine();
        }

        Assert.Fail("The server was never seen with the lock.");
    }

    private static void Signal(BuiltServer server, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{server.ProcessId}"]);
        kill.WaitForExit();
    }
}
