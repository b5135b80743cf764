using FluentAssertions;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class VerifiedLandingsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_failing_command_changes_nothing_and_its_end_is_shown()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");

        var refusal = _repo.By(RefusalCode.VerifyFailed, () => repository.Land("a", verify: "cat one.txt; echo \"broken\" >&2; exit 3"));

        refusal.Message.Should().Contain("exit code 3").And.Contain("1\nbroken");
        refusal.Next.Should().Be(new NextStep.RunCommand("a", "cat one.txt; echo \"broken\" >&2; exit 3"));
        _repo.EventNames().Should().EndWith(["worktree.merge.before", "worktree.merge.failed"]);
        Leftovers().Should().BeEmpty();
    }

    [Fact]
    public void A_secret_in_a_command_that_verifies_is_not_put_on_record()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");

        var refusal = _repo.By(RefusalCode.VerifyFailed, () => repository.Land("a", verify: "MY_TOKEN=abcdef123456 sh -c 'exit 3'"));

        refusal.Message.Should().Contain("MY_TOKEN=***");
        refusal.Next.Should().Be(new NextStep.RunCommand("a", "..."));

        string.Join('\n', _repo.EventLines()).Should().Contain("MY_TOKEN=***").And.NotContain("abcdef123456");
    }

    [Fact]
    public void The_command_runs_at_the_merged_commit_in_a_checkout_that_git_does_not_list()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        _repo.Write("other.txt", "by hand\n");
        _repo.Commit("by hand");

        var landed = repository.Land("a", verify: "cat one.txt other.txt && git rev-parse HEAD && git status --porcelain && git worktree list | wc -l && git describe --all --contains HEAD~1 && echo junk > junk.txt");

        landed.Verified!.Output.Text.Split('\n').Should().StartWith(["1", "by hand", landed.To, "2"]);
        Leftovers().Should().BeEmpty();
        _repo.Git("status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void A_base_that_advances_while_the_command_runs_is_merged_again()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");

        var landed = repository.Land("a", verify: "cd \"$MAIN_CHECKOUT\" && test -e other.txt || { echo x > other.txt && git add other.txt && git commit -qm 'by hand'; }");

        _repo.Git("log", "-1", "--format=%s", landed.From).Should().Be("by hand");
        _repo.Git("rev-parse", "main").Should().Be(landed.To);
        _repo.Git("status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void A_branch_that_goes_on_while_the_command_runs_does_not_land()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        var main = _repo.Git("rev-parse", "main");

        var land = () => repository.Land("a", verify: $"cd {made.Directory} && git commit -q --allow-empty -m more");

        land.Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.WorktreeBusy);
        _repo.Git("rev-parse", "main").Should().Be(main);
    }

    [Fact]
    public void Two_landings_of_the_same_file_go_one_after_the_other()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");
        repository.Work("a", "src/app.txt", "a");
        repository.Work("b", "src/app.txt", "b");
        var outcomes = new string[2];

        Parallel.Invoke(Land("a", 0), Land("b", 1));

        outcomes.Should().BeEquivalentTo("landed", "MergeConflict");
        _repo.Git("status", "--porcelain").Should().BeEmpty();
        _repo.Read("src/app.txt").Should().Be(outcomes[0] == "landed" ? "a\n" : "b\n");

        Action Land(string name, int place) => () =>
        {
            try
            {
                _repo.Open().Land(name, verify: "true");
                outcomes[place] = "landed";
            }
            catch (Refusal refusal)
            {
                outcomes[place] = refusal.Code.ToString();
            }
        };
    }

    [Fact]
    public void Who_does_not_wait_is_told_who_lands()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        using var other = LandingLock.Acquire(_repo.Layout, TimeSpan.FromSeconds(1), TimeProvider.System, "landing b", _ => { }, CancellationToken.None);

        _repo.By(RefusalCode.Busy, () => repository.Land("a", patience: 0)).Message.Should().Contain("landing b");
    }

    [Fact]
    public void Who_waits_and_who_verifies_hears_how_it_goes()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Work("a", "one.txt", "1");
        var told = new List<string>();
        using (LandingLock.Acquire(_repo.Layout, TimeSpan.FromSeconds(1), TimeProvider.System, "landing b", _ => { }, CancellationToken.None))
        {
            _repo.By(RefusalCode.Busy, () => Land(TimeSpan.FromMilliseconds(50)));
        }

        told.Should().NotBeEmpty().And.OnlyContain(line => line.StartsWith("waiting for") && line.Contains("landing b"));
        told.Clear();

        Land(TimeSpan.FromMinutes(2));

        told.Should().Equal("checking out the merged commit", "verifying: true");

        void Land(TimeSpan patience) =>
            repository.Worktrees.Land(new LandingRequest("a", null, LandingStrategy.Merge, null, "true", patience, CompleteTask: false, Remove: false), Steps.By, told.Add, CancellationToken.None);
    }

    private IEnumerable<string> Leftovers() =>
        Directory.EnumerateDirectories(Path.Join(_repo.Root, ".worktrees"), ".verify*").Concat(Directory.Exists(_repo.Layout.Verification) ? Directory.EnumerateFileSystemEntries(_repo.Layout.Verification) : []);
}
