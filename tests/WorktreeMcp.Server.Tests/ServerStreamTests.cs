using System.Text;
using ModelContextProtocol.Protocol;
using WorktreeMcp.Server.Stdio;

namespace WorktreeMcp.Server.Tests;

public sealed class ServerStreamTests
{
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
    [InlineData("""{"method":"tools/call","params":{"a":"~"},"id":6,"jsonrpc":"2.0"}""", "6")]
    [InlineData("""{"method":"notifications/x","params":{"a":"~","id":7}}""", null)]
    [InlineData("""{"jsonrpc":"2.0","id":5,"result":{"a":"~"}}""", null)]
    public async Task A_line_that_is_too_long_becomes_a_small_request_with_its_id(string line, string? id)
    {
        var text = "one\n" + line.Replace("~", new string('y', 5000), StringComparison.Ordinal) + "\ntwo\nlast";
        using var raw = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await using var lines = new BoundedLines(raw, 1000);
        using var reader = new StreamReader(lines);

        var read = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);

        read.Should().Be("one\n" + (id is null ? "" : LongLine.Request(id)) + "two\nlast");
    }

    private sealed class Unwritable : OneWayStream
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("Broken pipe");
    }
}
