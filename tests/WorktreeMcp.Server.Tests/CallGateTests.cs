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

    [Fact]
    public async Task A_call_that_waits_for_others_gives_its_place_away_and_has_one_again_afterwards()
    {
        var gate = new CallGate(running: 1, waiting: 1);
        var (news, release) = (new TaskCompletionSource<int>(), new TaskCompletionSource<int>());
        var outside = gate.Run(async () => await CallGate.StepOut(() => news.Task, TestContext.Current.CancellationToken) + 1, TestContext.Current.CancellationToken);
        (await gate.Run(() => Task.FromResult(2), TestContext.Current.CancellationToken)).Should().Be(2);
        var running = gate.Run(() => release.Task, TestContext.Current.CancellationToken);

        news.SetResult(6);
        outside.IsCompleted.Should().BeFalse("the one place is taken");
        release.SetResult(1);

        (await running).Should().Be(1);
        (await outside).Should().Be(7);
        (await gate.Run(() => Task.FromResult(3), TestContext.Current.CancellationToken)).Should().Be(3);
    }

    [Fact]
    public async Task One_call_too_many_that_waits_for_others_is_refused_and_a_cancelled_one_makes_room()
    {
        var gate = new CallGate(running: 1, waiting: 1);
        using var leave = new CancellationTokenSource();
        var first = Outside(leave.Token);
        var others = Enumerable.Range(0, 31).Select(_ => Outside(CancellationToken.None)).ToList();

        (await FluentActions.Awaiting(() => Outside(CancellationToken.None)).Should().ThrowAsync<Refusal>()).Which.Code.Should().Be(RefusalCode.Busy);
        await leave.CancelAsync();
        await FluentActions.Awaiting(() => first).Should().ThrowAsync<OperationCanceledException>();

        Outside(CancellationToken.None).IsCompleted.Should().BeFalse();
        (await gate.Run(() => Task.FromResult(3), TestContext.Current.CancellationToken)).Should().Be(3);
        others.Should().OnlyContain(wait => !wait.IsCompleted);

        Task<int> Outside(CancellationToken cancel) => gate.Run(() => CallGate.StepOut(() => new TaskCompletionSource<int>().Task.WaitAsync(cancel), cancel), cancel);
    }
}
