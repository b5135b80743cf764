using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A git that is too old for landing, and one that is slower than somebody else.</summary>
public sealed class OtherGitsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_git_older_than_2_38_refuses_to_land_and_to_foretell_and_does_the_rest()
    {
        var repository = OpenWith("case \" $* \" in *' version '*) echo 'git version 2.30.9'; exit 0;; esac");
        repository.Make("a");
        repository.Work("a", "one.txt", "1");

        var landing = _repo.By(RefusalCode.GitFailed, () => repository.Land("a"));
        var forecast = _repo.By(RefusalCode.GitFailed, () => repository.Worktrees.Forecast(null));

        landing.Message.Should().Be("Landing needs git 2.38 or newer; this is git version 2.30.9.");
        forecast.Message.Should().Contain("2.38").And.Contain("2.30.9");
        landing.Hint.ToString().Should().Contain("newer git");
        repository.Worktrees.Diff("a", null, patch: true, 12_000, null).Patch.Should().Contain("+1");
        repository.Drop("a").BranchKept.Should().NotBeNull();
    }

    [Fact]
    public void A_branch_that_advances_between_the_check_and_the_deletion_stays()
    {
        var more = Path.Join(_repo.Base, "more");
        var repository = OpenWith($"case \" $* \" in *' update-ref -d refs/heads/wt/a '*) '{RealGit}' -C '{_repo.Root}' update-ref refs/heads/wt/a \"$(cat '{more}')\";; esac");
        repository.Make("a");
        var commit = _repo.Git("commit-tree", "-m", "more", "-p", "main", "main^{tree}");
        File.WriteAllText(more, commit);

        var removal = repository.Drop("a");

        removal.BranchDeleted.Should().BeFalse();
        removal.BranchKept.Should().NotBeNullOrEmpty();
        _repo.Git("rev-parse", "wt/a").Should().Be(commit);
        _repo.Has(".worktrees/a").Should().BeFalse();
    }

    [Fact]
    public void A_task_that_is_damaged_while_its_branch_lands_does_not_hide_that_it_has_landed()
    {
        var repository = OpenWith($"case \" $* \" in *' --ff-only '*) echo broken > '{_repo.Layout.Task(1)}';; esac");
        repository.Make("a", repository.Task());
        repository.Work("a", "one.txt", "1");

        var refusal = repository.Invoking(r => r.Land("a", complete: true)).Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.CorruptFile);
        refusal.Message.Should().Contain("wt/a has landed").And.Contain(_repo.Layout.Task(1));
        _repo.Read("one.txt").Should().Be("1\n");
    }

    [Fact]
    public void A_git_that_fails_when_the_files_are_in_the_trash_is_told_so_and_the_next_call_goes_on()
    {
        var once = Path.Join(_repo.Base, "failed");
        var repository = OpenWith($"case \" $* \" in *' --exclude=wt/a '*) [ -e '{once}' ] || {{ touch '{once}'; echo 'fatal: no memory' >&2; exit 128; }};; esac");
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.Git("merge", "-q", "--squash", "wt/a");
        _repo.Commit("squashed");

        repository.Invoking(r => r.Drop("a")).Should().Throw<Refusal>().Which.Message.Should().Contain("is in the trash").And.Contain("no memory");

        repository.Drop("a").Should().Match<WorktreeRemoval>(removal => removal.Step.Already && removal.BranchDeleted);
        _repo.EventNames().Should().EndWith("worktree.remove.after");
    }

    [Fact]
    public void A_checkout_that_is_switched_to_the_base_while_it_moves_is_brought_along()
    {
        var repository = LandingDuringASwitch(alsoWrites: string.Empty);

        repository.Land("a").Notes.Should().BeEmpty();

        _repo.Git("symbolic-ref", "HEAD").Should().Be("refs/heads/main");
        _repo.Git("status", "--porcelain").Should().BeEmpty();
        _repo.Read("one.txt").Should().Be("1\n");
    }

    [Fact]
    public void A_checkout_that_is_switched_to_the_base_while_it_moves_and_has_a_file_in_the_way_is_named()
    {
        var repository = LandingDuringASwitch(alsoWrites: $"; echo mine > '{_repo.Root}/one.txt'");

        repository.Land("a").Notes.Should().ContainSingle().Which.ToString().Should().Contain($"{_repo.Root} was switched to main while it moved").And.Contain("git read-tree -m -u");

        _repo.Read("one.txt").Should().Be("mine\n");
        _repo.Git("show", "main:one.txt").Should().Be("1");
    }

    [Fact]
    public void A_checkout_that_is_switched_away_from_the_base_before_it_moves_keeps_its_other_branch_as_it_was()
    {
        _repo.Git("branch", "other");
        var before = _repo.Git("rev-parse", "other");
        var repository = OpenWith($"case \" $* \" in *' --ff-only '*) '{RealGit}' -C '{_repo.Root}' switch -q other;; esac");
        repository.Make("a", baseRef: "main");
        repository.Work("a", "one.txt", "1");

        var refusal = ((Action)(() => repository.Land("a"))).Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.BaseDirty);
        refusal.Message.Should().Contain("switched to other in that moment, which is as it was");
        _repo.Git("rev-parse", "other", "main").Should().Be($"{before}\n{before}");
        _repo.Git("status", "--porcelain", "--branch").Should().Be("## other");
    }

    [Fact]
    public void Files_that_cannot_be_taken_back_because_another_git_is_at_work_there_are_settled_by_the_next_call()
    {
        var (branch, index, once) = (Path.Join(_repo.Root, ".git", "refs", "heads", "main.lock"), Path.Join(_repo.Root, ".git", "index.lock"), Path.Join(_repo.Base, "once"));
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows which git is at work.");
        var repository = OpenWith($"case \" $* \" in *' --ff-only '*) [ -e '{once}' ] || {{ touch '{once}' '{branch}'; '{RealGit}' \"$@\"; code=$?; touch '{index}'; exit $code; }};; esac");
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        using var other = Process.Start(new ProcessStartInfo(RealGit, ["update-ref", "--stdin"]) { WorkingDirectory = _repo.Root, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        other.StandardInput.WriteLine("start");
        other.StandardInput.Flush();
        other.StandardOutput.ReadLine().Should().Be("start: ok");

        var refusal = ((Action)(() => repository.Land("a"))).Should().Throw<Refusal>().Which;

        other.StandardInput.Close();
        other.WaitForExit();

        refusal.Code.Should().Be(RefusalCode.Busy);
        refusal.Message.Should().Contain("cannot be settled now").And.NotContain("Nothing was changed");
        File.Delete(branch);
        File.Delete(index);
        repository.Row("a").Worktree.Landing.Should().BeNull();
        _repo.Git("status", "--porcelain").Should().BeEmpty();
        _repo.Git("show", "main:one.txt").Should().Be("1");
        _repo.EventNames().Should().EndWith(["worktree.merge.before", "worktree.merge.after"]);
    }

    [Theory]
    [InlineData("main")]
    [InlineData("other")]
    public void A_commit_that_a_person_prunes_before_it_has_landed_is_made_anew(string checkedOut)
    {
        _repo.Git("switch", "-q", "-C", checkedOut);
        var once = Path.Join(_repo.Base, "pruned");
        var repository = OpenWith($"case \" $* \" in *' --ff-only '*|*' update-ref '*' refs/heads/main '*) [ -e '{once}' ] || {{ touch '{once}'; '{RealGit}' -C '{_repo.Root}' prune --expire=now; }};; esac");
        repository.Make("a", baseRef: "main");
        repository.Work("a", "one.txt", "1");
        _repo.Git("update-ref", "refs/heads/main", _repo.Git("commit-tree", "-m", "more", "-p", "main", "main^{tree}"));

        repository.Land("a");

        File.Exists(once).Should().BeTrue();
        _repo.Git("show", "main:one.txt").Should().Be("1");
        _repo.Git("fsck", "--no-dangling").Should().BeEmpty();
        _repo.EventNames().Should().EndWith(["worktree.merge.before", "worktree.merge.failed", "worktree.merge.before", "worktree.merge.after"]);
    }

    [Theory]
    [InlineData("HEAD.lock")]
    [InlineData("logs/HEAD.lock")]
    public void A_lock_that_a_gc_holds_while_a_record_is_renamed_does_not_stay_in_it(string name)
    {
        var (records, held) = (Path.Join(_repo.Root, ".git", "worktrees"), 0);
        var files = new FailingMoves(0, _ => new IOException(), lasts: false) { Before = Hold };
        using var repository = Repository.Open(_repo.Root, new RepositorySettings(), files: files);
        repository.Make("a");

        repository.Drop("a");
        Locks().Should().BeEmpty();
        _repo.Git("gc", "--quiet");

        repository.Worktrees.Restore("a", null, null, Steps.By).Step.Worktree.Status.Should().Be(WorktreeState.Active);
        Locks().Should().BeEmpty();
        held.Should().Be(1, "no git looks for it where it waits");
        repository.Work("a", "one.txt", "1");

        string[] Locks() => [.. new[] { records, _repo.Layout.TrashedRecords }.Where(Directory.Exists).SelectMany(folder => Directory.GetFiles(folder, "*.lock", SearchOption.AllDirectories))];

        void Hold(string renamed)
        {
            if (Path.GetDirectoryName(renamed) == records)
            {
                File.WriteAllText(Path.Join(renamed, name), string.Empty);
                held++;
            }
        }
    }

    [Theory]
    [InlineData("checkout --quiet --detach", "")]
    [InlineData("checkout --quiet --detach", "echo 2 > '{a}/two.txt'; touch '{record}/index.lock'")]
    [InlineData("checkout --quiet --detach", "{git} read-tree -m -u HEAD main; touch '{record}/HEAD.lock'")]
    [InlineData("checkout --quiet --detach", "{git} checkout --quiet --detach main")]
    [InlineData("landed in main refs/heads/wt/a", "")]
    [InlineData("landed in main refs/heads/wt/a", "touch '{refs}/a.lock'")]
    [InlineData("landed in main refs/heads/wt/a", "{git} update-ref refs/heads/wt/a main")]
    [InlineData("HEAD refs/heads/wt/a", "")]
    [InlineData("HEAD refs/heads/wt/a", "{git} symbolic-ref HEAD refs/heads/wt/a")]
    public void A_git_that_is_killed_while_a_branch_follows_its_landing_is_begun_again(string words, string done)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows that no other git is at work.");
        var once = Path.Join(_repo.Base, "killed");
        var (folder, record) = (Path.Join(_repo.Root, ".worktrees", "a"), Path.Join(_repo.Root, ".git", "worktrees", "a"));
        done = done.Replace("{a}", folder, StringComparison.Ordinal).Replace("{record}", record, StringComparison.Ordinal)
            .Replace("{git}", $"'{RealGit}' -C '{folder}'", StringComparison.Ordinal).Replace("{refs}", Path.Join(_repo.Root, ".git", "refs", "heads", "wt"), StringComparison.Ordinal);
        var repository = OpenWith($"case \" $* \" in *' {words} '*) [ -e '{once}' ] || {{ touch '{once}'; {(done.Length > 0 ? done : ":")}; kill -9 $$; }};; esac");
        repository.Make("a", baseRef: "main");
        repository.Work("a", "one.txt", "1");
        _repo.Write("two.txt", "2\n");
        _repo.Commit("theirs");

        var landing = repository.Land("a", strategy: LandingStrategy.Squash);

        File.Exists(once).Should().BeTrue();
        landing.Notes.Should().BeEmpty();
        TempRepository.TryGit(folder, "status", "--porcelain", "--branch").Output.Should().Be("## wt/a");
        _repo.Git("rev-parse", "wt/a").Should().Be(_repo.Git("rev-parse", "main"));
        Directory.GetFiles(record, "*.lock").Should().BeEmpty();
        repository.Work("a", "three.txt", "3");
    }

    [Fact]
    public void A_branch_that_goes_on_while_it_follows_keeps_its_commit_and_its_files()
    {
        var more = Path.Join(_repo.Base, "more");
        var repository = OpenWith($"case \" $* \" in *' landed in main refs/heads/wt/a '*) '{RealGit}' -C '{_repo.Root}' update-ref refs/heads/wt/a \"$(cat '{more}')\";; esac");
        repository.Make("a", baseRef: "main");
        repository.Work("a", "one.txt", "1");
        File.WriteAllText(more, _repo.Git("commit-tree", "-m", "more", "-p", "wt/a", "wt/a^{tree}"));
        _repo.Write("two.txt", "2\n");
        _repo.Commit("theirs");

        repository.Land("a", strategy: LandingStrategy.Squash).Notes.Should().ContainSingle().Which.ToString().Should().Contain("its branch went on meanwhile");

        _repo.Git("rev-parse", "wt/a").Should().Be(File.ReadAllText(more));
        TempRepository.TryGit(Path.Join(_repo.Root, ".worktrees", "a"), "status", "--porcelain", "--branch").Output.Should().Be("## wt/a");
        _repo.Has(".worktrees/a/two.txt").Should().BeFalse();
    }

    // git writes files and index before it moves the branch; what comes in between is written here as it leaves it.
    [Theory]
    [InlineData("exit 1")]
    [InlineData("kill -9 $$")]
    public void A_commit_that_comes_between_the_files_and_the_branch_leaves_none_of_the_files_behind(string end)
    {
        var once = Path.Join(_repo.Base, "committed");
        var git = $"'{RealGit}' -C '{_repo.Root}'";
        var repository = OpenWith($"case \" $* \" in *' --ff-only '*) [ -e '{once}' ] || {{ touch '{once}'; for to; do :; done; {git} read-tree -m -u HEAD \"$to\"; {git} update-ref refs/heads/main $({git} commit-tree -m theirs -p main \"$(cat '{_repo.Base}/tree')\"); {end}; }};; esac");
        repository.Make("a", baseRef: "main");
        repository.Work("a", "one.txt", "1");
        repository.Work("a", "README.md", "other");
        _repo.Write("theirs.txt", "theirs\n");
        _repo.Git("add", "theirs.txt");
        File.WriteAllText(Path.Join(_repo.Base, "tree"), _repo.Git("write-tree"));

        if (end == "exit 1")
        {
            repository.Land("a");
        }
        else
        {
            repository.Invoking(r => r.Land("a")).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.GitFailed);
            _repo.Git("status", "--porcelain").Should().BeEmpty();
            repository.Land("a");
        }

        File.Exists(once).Should().BeTrue();
        _repo.Git("status", "--porcelain").Should().BeEmpty();
        _repo.Git("show", "main:one.txt", "main:theirs.txt").Should().Be("1\ntheirs");
        _repo.Git("log", "--format=%s", "main").Split('\n').Should().Contain("theirs");
    }

    // The person's switch comes after the base was judged, and before it is moved.
    private Repository LandingDuringASwitch(string alsoWrites)
    {
        _repo.Git("switch", "-q", "-c", "other");
        var repository = OpenWith($"case \" $* \" in *' refs/heads/main '*) '{RealGit}' -C '{_repo.Root}' switch -q main{alsoWrites};; esac");
        repository.Make("a", baseRef: "main");
        repository.Work("a", "one.txt", "1");
        return repository;
    }

    private static string RealGit => WrappedGit.Real;

    private Repository OpenWith(string before) => WrappedGit.Open(_repo, before);
}
