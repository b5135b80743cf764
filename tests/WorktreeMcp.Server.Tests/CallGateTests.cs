using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Mcp;

namespace WorktreeMcp.Server.Tests;

public sealed class CallGateTests
{
    [Fact]
    public async Task One_call_too_many_is_refused_and_later_calls_are_served()
    {
        var gate = new CallGate(running: 1, waiting: 1);
        var release = new TaskCompletionSource<int>();
        var running = gate.Run(() => release.Task, TestContext.Current.CancellationToken);
        var waiting = gate.Run(() => Task.FromResult(2), TestContext.Current.CancellationToken);

        var refused = async () => await gate.Run(() => Task.FromResult(3), TestContext.Current.CancellationToken);

        (await refused.Should().ThrowAsync<Refusal>()).Which.Code.Should().Be(RefusalCode.Busy);
        waiting.IsCompleted.Should().BeFalse();
        release.SetResult(1);
        (await running).Should().Be(1);
        (await waiting).Should().Be(2);
        (await gate.Run(() => Task.FromResult(3), TestContext.Current.CancellationToken)).Should().Be(3);
    }
}
