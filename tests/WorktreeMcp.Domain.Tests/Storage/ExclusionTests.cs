using FluentAssertions;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

/// <summary>Whether our folders stay out of commits is asked of git itself; where they do not, everybody who can mend it is told how.</summary>
public sealed class ExclusionTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("!*/\n", "line 1 of .gitignore (!*/)")]
    [InlineData("*\n!*/\n!*.json\n", "line 3 of .gitignore (!*.json)")]
    [InlineData("!.worktrees\n", "line 1 of .gitignore (!.worktrees)")]
    [InlineData("!/.tasks/\n", "line 1 of .gitignore (!/.tasks/)")]
    public void A_pattern_that_takes_them_in_again_is_said_at_creation_on_the_board_and_by_the_doctor(string patterns, string evidence)
    {
        _repo.Write(".gitignore", patterns);
        _repo.Commit("patterns");
        var repository = _repo.Open();
        repository.Task();

        var made = repository.Make("a");

        Stages().Should().BeTrue();
        made.Warning.Should().Contain(evidence).And.Contain("at the end of .gitignore");
        repository.Overview.Look(new GlanceLimits()).Drift.Should().Contain(line => line.Contains(evidence));
        repository.Examine().Should().ContainSingle(finding => finding.Code == "not_excluded").Which.Message.Should().Contain(evidence);

        _repo.Write(".gitignore", patterns + "/.tasks/\n/.worktrees/\n");
        Stages().Should().BeFalse();
        repository.Make("b").Warning.Should().BeNull();
        repository.Overview.Look(new GlanceLimits()).Drift.Should().BeEmpty();
        repository.Examine().Should().NotContain(finding => finding.Code == "not_excluded");
    }

    [Fact]
    public void A_list_that_is_a_link_is_left_alone_and_said()
    {
        var elsewhere = Path.Join(_repo.Base, "exclude");
        File.WriteAllText(elsewhere, "*.tmp\n");
        File.Delete(_repo.Layout.Exclude);
        Directory.CreateDirectory(Path.GetDirectoryName(_repo.Layout.Exclude)!);
        File.CreateSymbolicLink(_repo.Layout.Exclude, elsewhere);
        var repository = _repo.Open();

        repository.Make("a").Warning.Should().Contain("/.tasks/").And.Contain("/.worktrees/");

        File.ReadAllText(elsewhere).Should().Be("*.tmp\n");
        Stages().Should().BeTrue();
    }

    [Fact]
    public void A_list_that_somebody_wrote_anew_gets_the_lines_again()
    {
        var repository = _repo.Open();
        repository.Make("a").Warning.Should().BeNull();
        File.WriteAllText(_repo.Layout.Exclude, "*.tmp\n");

        repository.Make("b").Warning.Should().BeNull();

        Stages().Should().BeFalse();
        File.ReadAllText(_repo.Layout.Exclude).Should().StartWith("*.tmp\n");
    }

    [Fact]
    public void A_list_that_cannot_be_written_does_not_stand_in_the_way()
    {
        Assert.SkipWhen(PlainProcess.Missing is not null, PlainProcess.Missing ?? string.Empty);
        if (PlainProcess.HasRun(typeof(ExclusionTests)))
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(_repo.Layout.Exclude)!);
        File.WriteAllText(_repo.Layout.Exclude, "*.tmp\n");
        File.SetUnixFileMode(_repo.Layout.Exclude, UnixFileMode.UserRead);
        var repository = _repo.Open();

        repository.Make("a").Warning.Should().Contain("/.tasks/");
    }

    [Fact]
    public void Patterns_of_the_user_that_exclude_everything_are_enough()
    {
        File.WriteAllText(Path.Join(_repo.Base, "everywhere"), ".tasks/\n.worktrees/\n");
        _repo.Git("config", "core.excludesFile", Path.Join(_repo.Base, "everywhere"));
        File.WriteAllText(Path.Join(_repo.Base, "none"), string.Empty);
        File.Delete(_repo.Layout.Exclude);
        Directory.CreateDirectory(Path.GetDirectoryName(_repo.Layout.Exclude)!);
        File.CreateSymbolicLink(_repo.Layout.Exclude, Path.Join(_repo.Base, "none"));
        var repository = _repo.Open();

        repository.Make("a").Warning.Should().BeNull();
    }

    private bool Stages()
    {
        var (_, output, _) = TempRepository.TryGit(_repo.Root, "add", "-A", "--dry-run");
        return output.Contains(".tasks/", StringComparison.Ordinal) || output.Contains(".worktrees/", StringComparison.Ordinal);
    }
}
