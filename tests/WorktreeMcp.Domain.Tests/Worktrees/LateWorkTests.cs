using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Between the look at a worktree and its removal lies the wait for the lock; what is done there meanwhile is work like any other.</summary>
public sealed class LateWorkTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("echo late > late.txt", RefusalCode.WorktreeDirty, "late.txt")]
    [InlineData("mkdir -p new/deep && echo late > new/deep/late.txt", RefusalCode.WorktreeDirty, "new/")]
    [InlineData("echo late >> README.md && git add README.md", RefusalCode.WorktreeDirty, "staged: README.md")]
    [InlineData("git worktree lock --reason mine .", RefusalCode.WorktreeLocked, "mine")]
    [InlineData("git checkout -q --detach && git commit -q --allow-empty -m late", RefusalCode.WorktreeDirty, "late")]
    public async Task Work_that_comes_after_the_look_refuses_the_removal(string command, RefusalCode code, string named)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Folders are watched on Linux only.");
        using var held = new HeldGit(_repo, "rev-list");
        using var server = Repository.Open(_repo.Root, new RepositorySettings(), held.Variables);
        using var other = _repo.Open();
        other.Make("a");
        other.Shell("a", "git commit -q --allow-empty -m work");
        var removing = Task.Run(() => FluentActions.Invoking(() => server.Drop("a")).Should().Throw<Refusal>().Which, TestContext.Current.CancellationToken);
        await held.Reached();

        using (var late = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = _repo.Layout.Worktree("a") })!)
        {
            await late.WaitForExitAsync(TestContext.Current.CancellationToken);
            late.ExitCode.Should().Be(0);
        }

        held.Release();
        var refusal = await removing.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        refusal.Code.Should().Be(code);
        refusal.Message.Should().Contain(named);
        _repo.Has(".worktrees/a/README.md").Should().BeTrue();
    }
}
