using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Tests.Spares;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Looking;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Git;

/// <summary>With a filter that is allowed every tool says what git itself says.</summary>
public sealed class AllowedFiltersTests : IDisposable
{
    // Stands for one that encrypts: what is committed is never what lies in the folder.
    private const string Rot = "tr a-mn-zA-MN-Z n-za-mN-ZA-M";

    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("lfs", false)]
    [InlineData("crypt", true)]
    [InlineData("with=equals", true)]
    public void Untouched_files_are_untouched_in_every_tool(string name, bool named)
    {
        Set("config", name);
        var repository = Open(named ? [name] : ["lfs"]);
        var made = repository.Make("a");
        repository.Make("b");
        repository.Make("c", baseRef: "wt/b");
        File.ReadAllText(Path.Join(made.Directory, "src/app.txt")).Should().Be("one\ntwo\nthree\n");
        _repo.Git("show", "main:src/app.txt").Should().Be("bar\ngjb\nguerr");
        _repo.Write("src/app.txt", "one\ntwo\nthree\nfour\n");
        _repo.Commit("four");
        foreach (var worktree in new[] { "a", "b", "c" })
        {
            new Plants(_repo).Touch($".worktrees/{worktree}/src/app.txt");
            _repo.GitIn($".worktrees/{worktree}", "status", "--porcelain").Should().BeEmpty();
            new Plants(_repo).Touch($".worktrees/{worktree}/src/app.txt");
        }

        repository.Row("a").Changes!.IsClean.Should().BeTrue();
        repository.Worktrees.Status("a").Files!.IsClean.Should().BeTrue();
        repository.Worktrees.Diff("a", null, patch: true, 10_000, null).Files.Should().BeEmpty();
        var forecast = repository.Worktrees.Forecast(null);
        forecast.Pairs.Should().BeEmpty();
        forecast.WithBase.Should().BeEmpty();

        File.WriteAllText(Path.Join(made.Directory, "src/app.txt"), "one\ntwo\nTHREE\n");
        repository.Worktrees.Diff("a", null, patch: true, 10_000, null).Patch.Should().Contain("-guerr\n+GUERR");
        repository.Shell("a", "git checkout -q src/app.txt && git merge -q main && echo five >> src/app.txt && git commit -qam five").Run.ExitCode.Should().Be(0);
        repository.Land("a", LandingStrategy.Squash).Notes.Should().BeEmpty();
        _repo.Read("src/app.txt").Should().Be("one\ntwo\nthree\nfour\nfive\n");
        File.ReadAllText(Path.Join(made.Directory, "src/app.txt")).Should().Be("one\ntwo\nthree\nfour\nfive\n");
        repository.Shell("c", "echo six > src/app.txt && git commit -qam six").Run.ExitCode.Should().Be(0);
        repository.Land("c");
        _repo.Read(".worktrees/b/src/app.txt").Should().Be("six\n");
        repository.Drop("a").BranchDeleted.Should().BeTrue();
        repository.Tend(1);
        File.ReadAllText(Path.Join(repository.Make("d").Directory, "src/app.txt")).Should().Be("one\ntwo\nthree\nfour\nfive\n");
    }

    [Theory]
    [InlineData("user")]
    [InlineData("both")]
    public void A_filter_of_the_user_runs_as_the_user_set_it(string where)
    {
        var ran = Path.Join(_repo.Base, "ran");
        Directory.CreateDirectory(Path.Join(_repo.Base, "home"));
        File.WriteAllText(Path.Join(_repo.Base, "home", ".gitconfig"), Filter("crypt", Rot) + "[user]\n\tname = n\n\temail = n@example.org\n");
        Set("config", "crypt");
        if (where == "both")
        {
            _repo.Git("config", "filter.crypt.clean", $"touch '{ran}'; cat");
            _repo.Git("config", "filter.crypt.smudge", $"touch '{ran}'; cat");
        }
        else
        {
            _repo.Git("config", "--remove-section", "filter.crypt");
        }

        var repository = _repo.Open(environment: new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = Path.Join(_repo.Base, "home") });
        var made = repository.Make("a");
        File.ReadAllText(Path.Join(made.Directory, "src/app.txt")).Should().Be("one\ntwo\nthree\n");
        new Plants(_repo).Touch(".worktrees/a/src/app.txt");

        repository.Worktrees.Status("a").Files!.IsClean.Should().BeTrue();
        repository.Worktrees.Diff("a", null, patch: true, 10_000, null).Files.Should().BeEmpty();
        File.WriteAllText(Path.Join(made.Directory, "src/app.txt"), "one\n");
        repository.Worktrees.Diff("a", null, patch: true, 10_000, null).Patch.Should().Contain("-gjb");
        File.Exists(ran).Should().BeFalse();
    }

    [Fact]
    public void A_setting_that_changes_counts_from_the_next_call_on()
    {
        var repository = Open([]);
        var made = repository.Make("a");
        File.WriteAllText(Path.Join(made.Directory, "src/app.txt"), "changed\n");
        repository.Worktrees.Diff("a", null, patch: true, 10_000, null).Patch.Should().Contain("+changed");
        var ran = Path.Join(_repo.Base, "ran");
        File.WriteAllText(Path.Join(made.Directory, ".gitattributes"), "*.txt filter=first filter=second\n");

        _repo.Git("config", "filter.second.clean", $"touch '{ran}'; cat");

        repository.Worktrees.Diff("a", null, patch: true, 10_000, null).Patch.Should().Contain("+changed");
        repository.Worktrees.Status("a").Files!.Modified.Should().Equal("src/app.txt");
        File.Exists(ran).Should().BeFalse();
    }

    private static string Filter(string name, string program) => Plants.Section("filter", name, $"clean = {program}", $"smudge = {program}", "required = true");

    private void Set(string place, string name)
    {
        new Plants(_repo).Set(place, Filter(name, Rot));
        _repo.Write(".gitattributes", $"*.txt filter={name}\n");
        new Plants(_repo).Touch("src/app.txt");
        _repo.Git("add", "--renormalize", ".");
        _repo.Commit("filtered");
    }

    private Repository Open(IReadOnlyList<string> allowed) => _repo.Open(settings: new RepositorySettings { AllowedFilters = allowed });
}
