using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Overview;

public sealed class BeforeLandingTests : IDisposable
{
    private readonly TempRepository _repo = new();
    public BeforeLandingTests()
    {
        Opened = _repo.Open();
        Opened.Board.Create(new NewTask("Lane"), "ada");
        Opened.Board.Claim(1, 60, "ada");
        Opened.Worktrees.Create(new NewWorktree("lane", 1), "ada");
    }

    private Repository Opened { get; }

    [Fact]
    public void What_blocks_is_listed_and_without_it_the_landing_is_not_refused()
    {
        _repo.Write(".worktrees/lane/README.md", "theirs\n");
        Unmet("Test").Should().Equal(LandingNeed.Free, LandingNeed.Work, LandingNeed.Committed);
        Unmet("ada").Should().Equal(LandingNeed.Work, LandingNeed.Committed);
        _repo.By(RefusalCode.TaskClaimed, () => Land("Test"));
        _repo.By(RefusalCode.WorktreeDirty, () => Land("ada"));

        _repo.Commit("theirs", Path.Join(_repo.Root, ".worktrees/lane"));
        Unmet("ada").Should().BeEmpty();
        _repo.Write("README.md", "ours\n");
        _repo.Commit("ours");
        Unmet("ada").Should().Equal(LandingNeed.NoConflict);

        _repo.Git("reset", "-q", "--hard", "HEAD~1");
        Opened.Board.Release(1, "Test");
        Unmet("Test").Should().BeEmpty();
        Land("Test");
    }

    [Fact]
    public void What_git_is_in_the_middle_of_is_named()
    {
        _repo.Write("README.md", "ours\n");
        _repo.Commit("ours");
        _repo.Write(".worktrees/lane/README.md", "theirs\n");
        _repo.Commit("theirs", Path.Join(_repo.Root, ".worktrees/lane"));
        TempRepository.TryGit(Path.Join(_repo.Root, ".worktrees/lane"), "merge", "main").Exit.Should().NotBe(0);

        Hurdles("ada").Single(hurdle => hurdle.Need == LandingNeed.AtRest).Should().BeEquivalentTo(new { Met = false, Names = new[] { "a merge" } });
    }

    [Fact]
    public void An_open_criterion_is_named_until_somebody_calls_it_met()
    {
        Hurdles("ada").Should().NotContain(hurdle => hurdle.Need == LandingNeed.Criteria, "it has none");
        Opened.Board.Update(1, new TaskEdit { Acceptance = ["sorts by date", "has a test"], Met = [2] }, "ada");
        Hurdles("ada").Single(hurdle => hurdle.Need == LandingNeed.Criteria).Should().BeEquivalentTo(new { Met = false, Names = new[] { "sorts by date" } });

        Opened.Board.Update(1, new TaskEdit { Met = [1] }, "ada");
        Hurdles("ada").Single(hurdle => hurdle.Need == LandingNeed.Criteria).Met.Should().BeTrue();
    }

    public void Dispose() => _repo.Dispose();

    private void Land(string by) => Opened.Worktrees.Land(new LandingRequest("lane", null, LandingStrategy.Merge, null, null, TimeSpan.FromSeconds(5), false, false), by, _ => { }, TestContext.Current.CancellationToken);

    private IEnumerable<LandingNeed> Unmet(string person) => Hurdles(person).Where(hurdle => hurdle.Met == false).Select(hurdle => hurdle.Need);

    private IReadOnlyList<LandingHurdle> Hurdles(string person) =>
        BeforeLanding.Of(Opened.Cards.Of(Opened.Board.Get(1))!, Opened.Worktrees.Status("lane"), person);
}
