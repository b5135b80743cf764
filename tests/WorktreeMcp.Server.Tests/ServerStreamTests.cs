using System.Text;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Server.Mcp.Stdio;

namespace WorktreeMcp.Server.Tests;

public sealed class ServerStreamTests
{
    private const string Ping = """{"jsonrpc":"2.0","id":1,"method":"ping"}""";

    [Fact]
    public async Task A_line_goes_out_whole_though_its_call_is_cancelled_in_between()
    {
        using var raw = new MemoryStream();
        await using var output = new ServerOutput(raw, () => { });
        using var cancelled = new CancellationTokenSource();

        await output.WriteAsync(Encoding.UTF8.GetBytes("{\"id\":1}"), cancelled.Token);
        raw.Length.Should().Be(0);
        await cancelled.CancelAsync();
        await output.WriteAsync("\n"u8.ToArray(), cancelled.Token);

        Encoding.UTF8.GetString(raw.ToArray()).Should().Be("{\"id\":1}\n");
    }

    [Fact]
    public async Task A_broken_output_is_reported()
    {
        var broken = 0;
        await using var raw = new Unwritable();
        await using var output = new ServerOutput(raw, () => broken++);

        var write = async () => await output.WriteAsync("x\n"u8.ToArray());

        await write.Should().ThrowAsync<IOException>();
        broken.Should().Be(1);
    }

    [Fact]
    public async Task The_end_of_the_input_waits_for_what_is_unanswered()
    {
        var traffic = new Traffic();
        var events = new List<string>();
        using var raw = new MemoryStream("one\n"u8.ToArray());
        await using var input = new ServerInput(raw, traffic, () => events.Add("ending"), () => events.Add("ended"));
        var buffer = new byte[100];
        (await input.ReadAsync(buffer, TestContext.Current.CancellationToken)).Should().Be(4);

        var end = input.ReadAsync(buffer, TestContext.Current.CancellationToken);
        events.Should().Equal("ending");
        end.IsCompleted.Should().BeFalse();
        var request = new JsonRpcRequest { Id = new RequestId(1), Method = "tools/call" };
        traffic.Received(request);
        end.IsCompleted.Should().BeFalse();
        traffic.Sent(new JsonRpcResponse { Id = request.Id, Result = null });

        (await end).Should().Be(0);
        events.Should().Equal("ending", "ended");
    }

    [Fact]
    public async Task A_cancelled_request_and_an_open_subscription_are_not_waited_for()
    {
        var traffic = new Traffic();
        traffic.Received(new JsonRpcRequest { Id = new RequestId("a"), Method = "tools/call" });
        traffic.Received(new JsonRpcRequest { Id = new RequestId(2), Method = "subscriptions/listen" });
        traffic.Received(new JsonRpcNotification
        {
            Method = "notifications/cancelled",
            Params = new System.Text.Json.Nodes.JsonObject { ["requestId"] = "a" },
        });

        var quiet = traffic.Quiet(TimeSpan.FromHours(1), TestContext.Current.CancellationToken);

        quiet.IsCompletedSuccessfully.Should().BeTrue();
        await quiet;
    }

    [Fact]
    public async Task No_more_is_read_while_too_many_requests_are_unanswered()
    {
        var traffic = new Traffic();
        using var raw = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 127) + "\n", 1000))));
        await using var input = new ServerInput(raw, traffic, () => { }, () => { });
        var buffer = new byte[64 * 1024];
        (await input.ReadAsync(buffer, TestContext.Current.CancellationToken)).Should().Be(512 * 128);
        var requests = Enumerable.Range(0, 400).Select(id => new JsonRpcRequest { Id = new RequestId(id), Method = "ping" }).ToList();
        requests.ForEach(traffic.Received);

        var more = input.ReadAsync(buffer, TestContext.Current.CancellationToken).AsTask();
        more.IsCompleted.Should().BeFalse();
        requests.GetRange(0, 100).ForEach(request => traffic.Sent(new JsonRpcResponse { Id = request.Id, Result = null }));

        (await more).Should().Be(488 * 128);
    }

    [Fact]
    public async Task An_id_is_taken_until_its_answer_is_about_to_be_written_and_a_refusal_of_a_second_one_is_waited_for()
    {
        var traffic = new Traffic();
        var request = new JsonRpcRequest { Id = new RequestId(1), Method = "tools/call" };
        traffic.TryTake(request.Id).Should().BeTrue();
        traffic.Received(request);
        traffic.TryTake(request.Id).Should().BeFalse();
        var written = new TaskCompletionSource();
        var refusal = traffic.Refuse(() => written.Task);

        traffic.Sending(new JsonRpcResponse { Id = request.Id, Result = null });
        traffic.TryTake(request.Id).Should().BeTrue("who reads the answer may use it again");
        traffic.Sent(new JsonRpcResponse { Id = request.Id, Result = null });
        var quiet = traffic.Quiet(TimeSpan.FromHours(1), TestContext.Current.CancellationToken);
        quiet.IsCompleted.Should().BeFalse();
        written.SetResult();

        await refusal;
        await quiet;
    }

    [Fact]
    public async Task A_last_line_without_its_end_is_a_line()
    {
        using var raw = new MemoryStream("one\ntwo"u8.ToArray());
        await using var input = new ServerInput(raw, new Traffic(), () => { }, () => { });
        using var reader = new StreamReader(input);

        (await reader.ReadLineAsync(TestContext.Current.CancellationToken)).Should().Be("one");
        (await reader.ReadLineAsync(TestContext.Current.CancellationToken)).Should().Be("two");
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"a":"~"}}""", "5")]
    [InlineData("""{"method":"tools/call","params":{"id":7,"a":"~"},"jsonrpc":"2.0","id":"x-1"}""", "\"x-1\"")]
    [InlineData("""{"id" : "\u00e9\" ü","jsonrpc":"2.0","method":"tools/call","params":{"a":"~"}}""", "\"\\u00e9\\\" ü\"")]
    [InlineData("""{"method":"tools/call","params":{"a":"~"},"id":6,"jsonrpc":"2.0"}""", "6")]
    [InlineData("""{"method":"notifications/x","params":{"a":"~","id":7}}""", null)]
    [InlineData("""{"jsonrpc":"2.0","id":5,"result":{"a":"~"}}""", null)]
    public async Task A_line_that_is_too_long_becomes_a_small_request_with_its_id(string line, string? id)
    {
        var read = await Messages($"{Ping}\n{line.Replace("~", new string('y', 5000), StringComparison.Ordinal)}\n{Ping}\n{Ping}");

        read.Should().Equal([Ping, .. id is null ? Array.Empty<string>() : [Refused(id, "too_long")], Ping, Ping]);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"tools/call",""", "5")]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"a":"\u0001"]}""", "5")]
    [InlineData("""{"id":5""", null)]
    [InlineData("hello", null)]
    public async Task A_line_that_is_not_JSON_becomes_a_small_request_if_its_id_can_be_read(string line, string? id) =>
        (await Messages(line)).Should().Equal(id is null ? Array.Empty<string>() : [Refused(id, "not_json")]);

    [Theory]
    [InlineData("""{"id":5,"method":"ping"}""", "5")]
    [InlineData("""{"jsonrpc":"1.0","id":"a","method":"ping"}""", "\"a\"")]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":7}""", "5")]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"ping","result":{}}""", "5")]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"ping","method":"tools/list"}""", "5")]
    [InlineData("""{"jsonrpc":"2.0","id":5,"method":"\ud800"}""", "5")]
    [InlineData("""{"jsonrpc":"2.0","id":null,"method":"ping"}""", null)]
    [InlineData("""{"jsonrpc":"2.0","id":1.5,"method":"ping"}""", null)]
    [InlineData("""{"jsonrpc":"2.0","id":9223372036854775808,"method":"ping"}""", null)]
    [InlineData("""{"jsonrpc":"2.0","id":"\udfff","method":"ping"}""", null)]
    [InlineData("""{"jsonrpc":"2.0","id":5,"error":{},"result":{}}""", null)]
    [InlineData("""{"method":"notifications/initialized"}""", null)]
    [InlineData("{}", null)]
    [InlineData("null", null)]
    public async Task What_was_meant_as_a_request_and_is_none_becomes_one_that_is_refused(string line, string? id) =>
        (await Messages(line)).Should().Equal(id is null ? Array.Empty<string>() : [Refused(id, "not_a_request")]);

    [Fact]
    public async Task A_batch_becomes_its_messages()
    {
        var read = await Messages($$"""[{{Ping}}, 7, {"id":5,"method":"ping"},[{"jsonrpc":"2.0","method":"notifications/x"}], {{Ping}}]""");

        read.Should().Equal(Ping, Refused("5", "not_a_request"), """{"jsonrpc":"2.0","method":"notifications/x"}""", Ping);
    }

    [Theory]
    [InlineData("\uFEFF {0} \r")]
    [InlineData("\t{0}")]
    public async Task White_space_around_a_message_does_not_matter(string line) =>
        (await Messages(line.Replace("{0}", Ping, StringComparison.Ordinal) + "\n\r\n \n")).Should().Equal(Ping);

    [Fact]
    public async Task A_carriage_return_between_two_members_does_not_split_the_line() =>
        (await Messages(Ping.Replace(",", ",\r", StringComparison.Ordinal))).Should().Equal(Ping.Replace(",", ", ", StringComparison.Ordinal));

    private static string Refused(string id, string fault) => $$"""{"jsonrpc":"2.0","id":{{id}},"method":"worktree-mcp/{{fault}}"}""";

    private static async Task<string[]> Messages(string text)
    {
        using var raw = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await using var lines = new BoundedLines(raw, 1000);
        using var reader = new StreamReader(lines);
        return (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private sealed class Unwritable : OneWayStream
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("Broken pipe");
    }
}
