using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>What a git leaves that is killed in the middle of a call, and what is made of it.</summary>
public sealed class KilledGitsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    private static string RealGit => WrappedGit.Real;

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_lock_that_a_git_left_which_was_killed_after_it_had_deleted_the_branch_goes_when_the_others_have_ended()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows which git is at work.");
        var (once, left) = (Path.Join(_repo.Base, "killed"), Path.Join(_repo.Root, ".git", "packed-refs.lock"));
        var repository = OpenWith($"case \" $* \" in *' update-ref -d refs/heads/wt/a '*) [ -e '{once}' ] || {{ '{RealGit}' -C '{_repo.Root}' update-ref -d refs/heads/wt/a; touch '{once}' '{left}'; kill -9 $$; }};; esac");
        repository.Make("a");
        using (var other = Process.Start(new ProcessStartInfo(RealGit, ["update-ref", "--stdin"]) { WorkingDirectory = _repo.Root, RedirectStandardInput = true, RedirectStandardOutput = true })!)
        {
            other.StandardInput.WriteLine("start");
            other.StandardInput.Flush();
            other.StandardOutput.ReadLine().Should().Be("start: ok");

            repository.Invoking(r => r.Drop("a")).Should().Throw<Refusal>().Which.Message.Should().Contain("is in the trash").And.Contain(left);

            other.StandardInput.Close();
            other.WaitForExit();
        }

        repository.Drop("a").Step.Already.Should().BeTrue();

        File.Exists(left).Should().BeFalse();
        _repo.Git("pack-refs", "--all");
        _repo.EventNames().Should().EndWith("worktree.remove.after");
    }

    [Theory]
    [InlineData("land")]
    [InlineData("remove")]
    [InlineData("empty")]
    public void A_git_that_is_killed_while_it_lets_a_ref_keep_commits_leaves_no_lock_there(string call)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows which git is at work.");
        var (once, kept) = (Path.Join(_repo.Base, "killed"), Path.Join(_repo.Root, ".git", "refs", "worktree-mcp", "kept"));
        var repository = OpenWith($"case \" $* \" in *' refs/worktree-mcp/kept/'*) [ -e '{once}' ] || {{ for word; do case \"$word\" in refs/worktree-mcp/*) mkdir -p '{kept}'; touch '{once}' \"{_repo.Root}/.git/$word.lock\"; kill -9 $$;; esac; done; }};; esac");
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        var tip = _repo.Git("rev-parse", "wt/a");
        switch (call)
        {
            case "land":
                _repo.Write("more.txt", "more\n");
                _repo.Commit("more");
                repository.Land("a", LandingStrategy.Squash).BranchMoved.Should().BeTrue();
                break;
            case "remove":
                _repo.Git("merge", "-q", "--squash", "wt/a");
                _repo.Commit("squashed");
                repository.Drop("a").BranchDeleted.Should().BeTrue();
                break;
            default:
                repository.Drop("a", force: true);
                _repo.Git("branch", "-D", "wt/a");
                repository.Trash().Empty(repository.Trash().Items(measure: false), Steps.By).Should().ContainSingle();
                break;
        }

        File.Exists(once).Should().BeTrue();
        Directory.GetFiles(kept, "*.lock").Should().BeEmpty();
        _repo.Git("for-each-ref", "--format=%(objectname)", "refs/worktree-mcp/kept/").Should().Be(tip);
    }

    [Fact]
    public void What_a_killed_git_left_running_has_ended_before_what_it_did_is_judged()
    {
        var once = Path.Join(_repo.Base, "killed");
        var repository = OpenWith($"case \" $* \" in *' worktree add '*) [ -e '{once}' ] || {{ touch '{once}'; (sleep 0.3; exec '{RealGit}' \"$@\") & kill -9 $$; }};; esac");

        var made = repository.Make("a");

        File.Exists(once).Should().BeTrue();
        _repo.GitIn(made.Directory, "status", "--porcelain").Should().BeEmpty();
        repository.Examine().Should().BeEmpty();
    }

    [Fact]
    public void A_lock_that_stood_in_the_way_of_a_creation_before_it_began_is_somebody_elses_and_stays()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows which git is at work.");
        var repository = OpenWith("true");
        _repo.Write(".git/refs/heads/wt/a.lock", string.Empty);
        var held = Path.Join(_repo.Root, ".git", "refs", "heads", "wt", "a.lock");
        File.SetLastWriteTimeUtc(held, DateTime.UtcNow.AddSeconds(-30));

        repository.Invoking(r => r.Make("a")).Should().Throw<Refusal>().Which.Message.Should().Contain("a.lock");

        File.Exists(held).Should().BeTrue();
        repository.Worktrees.List(null, 20, null).Worktrees.Should().BeEmpty();
    }

    [Fact]
    public void A_lock_on_packed_refs_goes_that_a_git_left_which_was_killed_when_all_files_were_there()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows which git is at work.");
        var (once, left) = (Path.Join(_repo.Base, "killed"), Path.Join(_repo.Root, ".git", "packed-refs.lock"));
        var repository = OpenWith($"case \" $* \" in *' checkout-index --all '*) [ -e '{once}' ] || {{ '{RealGit}' \"$@\"; touch '{once}' '{left}'; kill -9 $$; }};; esac");

        var made = repository.Make("a");

        File.Exists(once).Should().BeTrue();
        File.Exists(left).Should().BeFalse();
        _repo.GitIn(made.Directory, "status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void A_git_that_is_killed_while_the_repository_is_looked_for_says_nothing_about_the_repository()
    {
        var refusal = ((Action)(() => OpenWith("case \" $* \" in *' --git-common-dir '*) kill -9 $$;; esac").Dispose())).Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.GitFailed);
        refusal.Message.Should().Contain("signal 9");
    }

    [Fact]
    public void A_git_that_reads_and_is_killed_is_asked_again_and_never_taken_for_a_no()
    {
        var once = Path.Join(_repo.Base, "killed");
        var repository = OpenWith($"case \" $* \" in *' check-ref-format '*) [ -e '{once}' ] || {{ touch '{once}'; kill -9 $$; }};; esac");
        repository.Make("a", baseRef: "main");
        repository.Work("a", "one.txt", "1");
        File.Delete(once);

        repository.Land("a", into: "main");

        _repo.Git("show", "main:one.txt").Should().Be("1");
        File.Exists(once).Should().BeTrue();
    }

    private Repository OpenWith(string before) => WrappedGit.Open(_repo, before);
}
