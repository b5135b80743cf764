using System.Diagnostics;
using System.IO.Abstractions;
using FluentAssertions;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Git;

/// <summary>Lock files of git: which of them nobody holds any more.</summary>
public sealed class LeftLocksTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("refs/heads/wt/a.lock")]
    [InlineData("packed-refs.lock")]
    [InlineData("packed-refs.new")]
    public void A_lock_that_nobody_holds_is_taken_away_and_one_that_a_living_process_holds_stays(string name)
    {
        var path = Lock(name);

        // Not this process: a child that some other test begins at this moment would hold a copy until its program begins.
        using (var holder = Holder(path))
        {
            Free("wt/a", intended: 0).Should().Be(path, "a process has it open");
            File.Exists(path).Should().BeTrue();
            holder.StandardInput.Close();
            holder.WaitForExit();
        }

        Free("wt/a", intended: 0).Should().BeNull();
        File.Exists(path).Should().BeFalse();
    }

    [Theory]
    [InlineData("index.lock", true)]
    [InlineData("HEAD.lock", true)]
    [InlineData("AUTO_MERGE.lock", true)]
    [InlineData("CHERRY_PICK_HEAD.lock", true)]
    [InlineData("config.lock", false)]
    public void Of_a_checkout_the_locks_of_its_index_and_its_pseudo_refs_go_and_no_others(string name, bool goes)
    {
        var path = Lock(name);

        Locks.FreeCheckout(Path.Join(_repo.Root, ".git"), intended: 0).Should().BeNull();

        File.Exists(path).Should().Be(!goes);
    }

    [Fact]
    public void A_lock_stays_while_a_git_that_may_have_made_it_is_at_work_in_the_repository()
    {
        using var git = GitProcess("update-ref", "--stdin");

        // Its answer tells that it is there.
        git.StandardInput.WriteLine("start");
        git.StandardInput.Flush();
        git.StandardOutput.ReadLine().Should().Be("start: ok");
        var path = Lock("refs/heads/wt/a.lock");
        Free("wt/a", intended: 0).Should().Be(path);

        git.StandardInput.Close();
        git.WaitForExit();
        Free("wt/a", intended: 0).Should().BeNull();
        File.Exists(path).Should().BeFalse();
    }

    [Fact]
    public void A_lock_on_a_ref_of_ours_goes_beside_any_git_that_does_not_pack_refs()
    {
        using var git = GitProcess("update-ref", "--stdin");
        git.StandardInput.WriteLine("start");
        git.StandardInput.Flush();
        git.StandardOutput.ReadLine().Should().Be("start: ok");
        var path = Lock("refs/worktree-mcp/trash/58.lock");

        Locks.FreeOurs("refs/worktree-mcp/trash/58");

        File.Exists(path).Should().BeFalse();
        git.StandardInput.Close();
        git.WaitForExit();
    }

    [Fact]
    public async Task A_lock_on_a_ref_of_ours_that_may_be_of_a_git_which_packs_refs_goes_when_that_has_ended()
    {
        using var git = GitProcess("-c", "alias.hold=!echo here; cat #", "hold", "pack-refs");
        (await git.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).Should().Be("here");
        var path = Lock("refs/worktree-mcp/trash/58.lock");

        var freeing = Task.Run(() => Locks.FreeOurs("refs/worktree-mcp/trash/58"), TestContext.Current.CancellationToken);
        File.Exists(path).Should().BeTrue();
        git.StandardInput.Close();
        await freeing;

        File.Exists(path).Should().BeFalse();
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_git_that_began_after_a_lock_was_made_keeps_nobody_from_taking_it_away()
    {
        var path = Lock("refs/heads/wt/a.lock");
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddSeconds(-5));
        using var git = GitProcess("update-ref", "--stdin");
        git.StandardInput.WriteLine("start");
        git.StandardInput.Flush();
        git.StandardOutput.ReadLine().Should().Be("start: ok");

        Free("wt/a", intended: 0).Should().BeNull();

        git.StandardInput.Close();
        git.WaitForExit();
    }

    [Fact]
    public void A_git_that_only_reads_keeps_nobody_from_taking_a_lock_away()
    {
        using var git = GitProcess("cat-file", "--batch");
        git.StandardInput.WriteLine("nothing");
        git.StandardInput.Flush();
        git.StandardOutput.ReadLine().Should().Contain("missing");
        Lock("refs/heads/wt/a.lock");

        Free("wt/a", intended: 0).Should().BeNull();

        git.StandardInput.Close();
        git.WaitForExit();
    }

    [Fact]
    public void A_git_of_another_user_did_not_make_a_lock_of_ours()
    {
        Assert.SkipUnless(OtherUsers.CanBecome, OtherUsers.Reason);
        using var git = Started(OtherUsers.Command("git", "-c", "safe.directory=*", "-C", _repo.Root, "update-ref", "--stdin"));
        git.StandardInput.WriteLine("start");
        git.StandardInput.Flush();
        git.StandardOutput.ReadLine().Should().Be("start: ok");
        var path = Lock("refs/heads/wt/a.lock");

        Free("wt/a", intended: 0).Should().BeNull();
        File.Exists(path).Should().BeFalse();

        git.StandardInput.Close();
        git.WaitForExit();
    }

    [Fact]
    public void A_program_whose_name_only_begins_like_git_is_none()
    {
        var program = Path.Join(_repo.Base, "gitea");
        File.CreateSymbolicLink(program, "/bin/cat");
        using var other = Started([program]);
        other.StandardInput.WriteLine("here");
        other.StandardInput.Flush();
        other.StandardOutput.ReadLine().Should().Be("here");
        Lock("refs/heads/wt/a.lock");

        Free("wt/a", intended: 0).Should().BeNull();

        other.StandardInput.Close();
        other.WaitForExit();
    }

    [Fact]
    public void A_lock_that_is_older_than_our_git_is_somebody_elses()
    {
        var path = Lock("packed-refs.lock");
        var made = new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeMilliseconds() / 1000.0;

        Free("wt/a", intended: made + 1).Should().BeNull();
        File.Exists(path).Should().BeTrue("it is not ours to take");
        Free("wt/a", intended: made - 1).Should().BeNull();
        File.Exists(path).Should().BeFalse();
    }

    private Process Holder(string path)
    {
        var holder = Started(["sh", "-c", "exec 9< \"$1\"; echo held; read _", "sh", path]);
        holder.StandardOutput.ReadLine().Should().Be("held");
        return holder;
    }

    private Process GitProcess(params string[] words) => Started(["git", .. words]);

    private Process Started(IReadOnlyList<string> command) => Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
    {
        WorkingDirectory = _repo.Root,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private LeftLocks Locks => new(Path.Join(_repo.Root, ".git"), _repo.Root, new FileSystem(), new Disk());

    private string? Free(string branch, double intended) => Locks.Free(branch, intended);

    private string Lock(string name)
    {
        _repo.Write($".git/{name}", string.Empty);
        return Path.Join(_repo.Root, ".git", name);
    }
}
