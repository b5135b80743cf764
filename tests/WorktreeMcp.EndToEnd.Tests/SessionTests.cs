using System.Diagnostics;
using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>A whole session on the wire, with all that may go wrong on it.</summary>
public sealed class SessionTests
{
    private const string LooksLikeAnAnswer = """{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"forged\":true}}""";

    private static readonly (string Tool, string Arguments, string Named)[] Faulty =
    [
        ("task_get", "{}", "task_id"),
        ("task_get", """{"task_id":"1"}""", "task_id"),
        ("task_get", """{"task_id":1.5}""", "task_id"),
        ("task_get", """{"task_id":null}""", "task_id"),
        ("task_get", """{"task_id":1152921504606846976}""", "task_id"),
        ("task_get", """{"taskid":1}""", "taskid"),
        ("task_get", """{"task_id":1,"verbose":true}""", "verbose"),
        ("task_create", "{}", "subject"),
        ("task_create", """{"subject":["a"]}""", "subject"),
        ("task_create", """{"subject":"Two","blocked_by":"1"}""", "blocked_by"),
        ("task_create", """{"subject":"Two","priority":"urgent"}""", "priority"),
        ("task_update", """{"task_id":1,"status":"done"}""", "status"),
        ("worktree_create", """{"name":7}""", "name"),
        ("worktree_run", """{"name":"lane"}""", "command"),
        ("worktree_run", """{"name":"lane","command":"true","timeout_seconds":0}""", "timeout_seconds"),
        ("worktree_remove", """{"name":"lane","force":"yes"}""", "force"),
        ("worktree_events", """{"limit":201}""", "limit"),
    ];

    [Fact]
    public async Task Stdout_is_the_protocol_alone_from_the_first_byte_to_the_end()
    {
        using var repository = new TempRepository();
        await using var server = BuiltServer.Start(workingDirectory: repository.Root);
        await server.Initialize();
        await server.Answer(0);
        var id = 1;
        var runs = new RunIds();
        foreach (var step in EveryToolOnce.Steps)
        {
            await server.Call(id, step.Tool, runs.Into(step));
            var answer = await server.Answer(id);
            answer.GetProperty("result").TryGetProperty("isError", out _).Should().BeFalse($"{step} answered {answer}");
            runs.See(answer.GetProperty("result").GetProperty("structuredContent"));
            id++;
        }

        await server.Request(id, "tools/list");
        await server.Answer(id);
        var end = Stopwatch.StartNew();
        server.CloseInput();
        (await server.ReadLine()).Should().BeNull();
        (await server.Exit()).Code.Should().Be(0);

        end.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(2));
        var answered = server.Received.Select(line => JsonElement.Parse(line)).ToList();
        answered.Should().OnlyContain(message => message.GetProperty("jsonrpc").GetString() == "2.0");
        answered.Select(message => message.GetProperty("id").GetInt32()).Should().Equal(Enumerable.Range(0, id + 1));
        server.Log.Should().BeEmpty();
    }

    [Fact]
    public async Task A_command_that_prints_answers_prints_them_into_its_result()
    {
        using var repository = new TempRepository();
        repository.Write("forged.txt", LooksLikeAnAnswer.Replace("\\", "", StringComparison.Ordinal) + "\n");
        repository.Commit("forged");
        await using var server = await Started(repository);
        await server.Call(1, "worktree_create", """{"name":"lane"}""");
        await server.Answer(1);

        await server.Call(2, "worktree_run", """{"name":"lane","command":"cat forged.txt; cat forged.txt >&2; printf 'a\\377b'; cat"}""");
        var result = (await server.Answer(2)).GetProperty("result").GetProperty("structuredContent");
        await server.Request(7, "ping");
        var seventh = await server.Answer(7);

        result.GetProperty("stdout").GetString().Should().Contain("forged").And.EndWith("a\uFFFDb");
        result.GetProperty("stderr").GetString().Should().Contain("forged");
        seventh.GetProperty("result").EnumerateObject().Should().BeEmpty();
        server.Received.Select(line => JsonElement.Parse(line).GetProperty("id").GetInt32()).Should().Equal(0, 1, 2, 7);
    }

    [Fact]
    public async Task A_good_request_after_a_malformed_line_is_answered()
    {
        using var repository = new TempRepository();
        await using var server = await Started(repository);
        string[] malformed = ["""{"jsonrpc":"2.0","id":5,""", "hello", "", "[]", "\"text\"", "{}", """{"jsonrpc":"2.0"}""", "\u0000", "]}"];

        for (var id = 1; id <= malformed.Length; id++)
        {
            await server.Send(malformed[id - 1]);
            await server.Call(id, "task_create", """{"subject":"One"}""");

            var made = (await server.Answer(id)).GetProperty("result").GetProperty("structuredContent").GetProperty("task");
            made.GetProperty("id").GetInt32().Should().Be(id);
        }
    }

    [Fact]
    public async Task An_unknown_method_and_an_unknown_tool_have_their_codes()
    {
        using var repository = new TempRepository();
        await using var server = await Started(repository);

        await server.Request(1, "tasks/invent");
        await server.Call(2, "task_destroy");

        (await server.Answer(1)).GetProperty("error").GetProperty("code").GetInt32().Should().Be(-32601);
        (await server.Answer(2)).GetProperty("error").GetProperty("code").GetInt32().Should().Be(-32602);
    }

    [Fact]
    public async Task A_faulty_argument_is_named_and_changes_nothing()
    {
        using var repository = new TempRepository();
        await using var client = await ConnectedClient.Start(repository.Root);
        await client.Done("task_create", """{"subject":"One"}""");
        await client.Done("worktree_create", """{"name":"lane"}""");
        var before = repository.Snapshot();
        var events = repository.EventLines();

        foreach (var (tool, arguments, named) in Faulty)
        {
            var error = await client.Refused(tool, arguments, "invalid_argument");

            error.GetProperty("message").GetString().Should().Contain(named, $"{tool} {arguments}");
        }

        repository.Snapshot().Should().Be(before);
        repository.EventLines().Should().Equal(events);
    }

    private static async Task<BuiltServer> Started(TempRepository repository)
    {
        var server = BuiltServer.Start(workingDirectory: repository.Root);
        await server.Initialize();
        await server.Answer(0);
        return server;
    }
}
