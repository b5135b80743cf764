using System.Diagnostics;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>What in the trash is not deleted with the rest: the only copy of somebody's commits, and what cannot be deleted.</summary>
public sealed class OnlyCopiesTests : IDisposable
{
    private const string Inner = "git init -q build/tool && cd build/tool && git -c user.name=T -c user.email=t@e commit -q --allow-empty -m inner";

    private readonly TempRepository _repo = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(Inner)]
    [InlineData("git init -q --bare build/tool && git push -q build/tool HEAD:refs/heads/inner")]
    [InlineData(Inner + " && git checkout -q --detach && git update-ref -d refs/heads/main; git update-ref -d refs/heads/master; true")]
    public void Commits_that_only_the_trash_has_are_deleted_when_somebody_says_so_and_not_before(string command)
    {
        var repository = Removed(command);
        _time.Advance(TimeSpan.FromDays(8));

        repository.Trash().Sweep("test", CancellationToken.None).Should().BeEmpty();

        var item = repository.Trash().Items(measure: true).Should().ContainSingle().Which;
        repository.Trash().OnlyCopies(item).Should().ContainSingle().Which.Should().Contain("build/tool");
        repository.Trash().Empty([item], "test").Should().BeEmpty();
        repository.Worktrees.Restore("a", null, null, Steps.By);
        _repo.GitIn(".worktrees/a/build/tool", "log", "--all", "--format=%s").Should().NotBeEmpty();
        repository.Drop("a", force: true);
        repository.Trash().Empty(repository.Trash().Items(measure: true), "test", onlyCopiesToo: true).Should().ContainSingle();
        Directory.GetFileSystemEntries(_repo.Layout.Trash).Should().BeEmpty();
    }

    [Theory]
    [InlineData("git clone -q . build/clone && echo x > build/clone/new")]
    [InlineData("git init -q build/new && echo x > build/new/f")]
    [InlineData("echo x > draft")]
    public void What_holds_no_commits_of_its_own_is_deleted_when_its_time_is_over(string command)
    {
        var repository = Removed(command);
        _time.Advance(TimeSpan.FromDays(8));

        repository.Trash().Sweep("test", CancellationToken.None).Should().ContainSingle();

        Directory.GetFileSystemEntries(_repo.Layout.Trash).Should().BeEmpty();
    }

    [Fact]
    public void A_repository_whose_files_are_committed_does_not_hold_the_trash()
    {
        _repo.Git("init", "-q", "--bare", "fixtures/one.git");
        _repo.Git("push", "-q", "fixtures/one.git", "HEAD:refs/heads/main");
        _repo.Commit("a repository as files");
        var repository = Removed("true");
        _time.Advance(TimeSpan.FromDays(8));

        repository.Trash().Sweep("test", CancellationToken.None).Should().ContainSingle();
    }

    [Theory]
    [InlineData("build/dist/out")]
    [InlineData("build/dist")]
    public void What_cannot_be_deleted_is_listed_and_named_with_what_to_do(string kept)
    {
        var repository = Removed("mkdir -p build/dist && echo x > build/dist/out && echo y > draft");
        var path = Path.Join(_repo.Layout.Trash, "1", kept);
        Assert.SkipUnless(Attribute("+i", path), "files cannot be made immutable here");
        try
        {
            _time.Advance(TimeSpan.FromDays(8));
            repository.Trash().Sweep("test", CancellationToken.None).Should().BeEmpty();

            repository.Trash().Items(measure: false).Should().ContainSingle().Which.Should().Match<TrashItem>(item => item.Begun && item.Problem != null);
            repository.Worktrees.List(WorktreeState.Removed, 9, null).Worktrees.Should().ContainSingle().Which.Drift.Should().ContainSingle().Which.Should().StartWith("its files could not all be deleted");
            var finding = repository.Examine().Should().ContainSingle(f => f.Code == "trash_not_deleted").Which;
            finding.Message.Should().Contain(Path.Join(_repo.Layout.Trash, "1"));
            finding.Step.ToString().Should().Contain("chattr");
        }
        finally
        {
            foreach (var left in Directory.EnumerateFileSystemEntries(_repo.Layout.Trash, "*", SearchOption.AllDirectories).ToList())
            {
                Attribute("-i", left);
            }
        }

        repository.Trash().Sweep("test", CancellationToken.None).Should().ContainSingle();
        repository.Examine().Should().NotContain(f => f.Code == "trash_not_deleted");
        Directory.GetFileSystemEntries(_repo.Layout.Trash).Should().BeEmpty();
    }

    private Repository Removed(string command)
    {
        var repository = _repo.Open(time: _time);
        repository.Make("a");
        var run = repository.Shell("a", command).Run;
        run.ExitCode.Should().Be(0, run.Error.Text);
        repository.Drop("a", force: true);
        return repository;
    }

    private static bool Attribute(string change, string path)
    {
        try
        {
            using var chattr = Process.Start(new ProcessStartInfo("chattr", [change, path]) { RedirectStandardError = true })!;
            chattr.WaitForExit();
            return chattr.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
