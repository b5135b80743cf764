using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

/// <summary>A git that looks at what a confined command wrote sees no more than the command does, and runs nothing that it named.</summary>
public sealed class SandboxedLooksTests : IDisposable
{
    private const string Secret = "a secret of the user";

    private readonly TempRepository _repo = new();
    private readonly string _home;

    public SandboxedLooksTests()
    {
        Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        _home = Path.Join(_repo.Base, "home");
        Directory.CreateDirectory(Path.Join(_home, ".ssh"));
        File.WriteAllText(Path.Join(_home, ".ssh", "id"), Secret + "\n");
    }

    private string Pwned => Path.Join(_repo.Base, "pwned");

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Programs_of_a_nested_repository_run_in_no_tool()
    {
        var repository = Confined();
        repository.Make("a");
        repository.Make("b");
        repository.Make("c", baseRef: "wt/a");
        repository.Work("b", "b.txt", "b");
        repository.Work("c", "c.txt", "c");

        var run = repository.Shell("a", $"""
            set -e
            git init -q sub; cd sub; git config user.name n; git config user.email n@example.org
            echo x > f; git add f; git commit -qm s; cd ..
            git add sub; git commit -qm nested; cd sub
            git config filter.plant.clean 'touch {Pwned}; cat'; git config filter.plant.process 'touch {Pwned}; false'
            git config core.fsmonitor 'touch {Pwned}; false'; git config diff.external 'touch {Pwned}'
            mkdir -p .git/info; echo '* filter=plant' > .git/info/attributes; sleep 1.1; touch f
            """);

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        repository.Worktrees.Status("a").View.Drift.Should().BeEmpty();
        repository.Row("a").Changes!.IsClean.Should().BeTrue();
        repository.Overview.Look(new GlanceLimits()).Should().NotBeNull();
        repository.Worktrees.Diff("a", null, patch: true, 100_000, null).Files.Select(file => file.Path).Should().Equal("sub");
        repository.Worktrees.Forecast(null).NotRead.Should().BeEmpty();
        repository.Examine();
        repository.Land("c").Checkout.Should().EndWith("/a");
        repository.Land("b");
        repository.Land("a").Into.Should().Be("main");
        repository.Shell("a", "echo y > sub/f").Run.ExitCode.Should().Be(0);
        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().Contain("modified: sub");
        repository.Drop("a", force: true);
        repository.Worktrees.Restore("a", null, null, Steps.By);
        File.Exists(Pwned).Should().BeFalse();
    }

    [Fact]
    public void Every_look_runs_inside_the_sandbox()
    {
        // A filter of the user's own, which is trusted, shows what can be seen where git runs.
        File.WriteAllText(Path.Join(_home, ".gitconfig"), "[filter \"mine\"]\n\tclean = \"cat; cat ~/.ssh/id; touch ~/touched\"\n[user]\n\tname = n\n\temail = n@example.org\n");
        var repository = Confined();
        repository.Make("a");
        repository.Make("b");
        foreach (var name in new[] { "a", "b" })
        {
            repository.Shell(name, $"echo '*.md filter=mine' > .gitattributes; echo new-{name} > new.md; echo changed-{name} > README.md").Run.ExitCode.Should().Be(0);
        }

        repository.Row("a").Drift.Should().BeEmpty();
        _ = repository.Worktrees.Status("a");
        var patch = repository.Worktrees.Diff("a", null, patch: true, 100_000, null).Patch;
        patch.Should().Contain("+new-a").And.Contain("+changed-a").And.NotContain(Secret);
        repository.Worktrees.Forecast(null).Pairs.Should().ContainSingle().Which.Files.Should().Contain("README.md");
        _repo.By(RefusalCode.WorktreeDirty, () => repository.Land("a"));
        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a"));
        File.Exists(Path.Join(_home, "touched")).Should().BeFalse();
    }

    [Fact]
    public async Task A_link_that_comes_and_goes_shows_nothing_that_is_hidden()
    {
        var repository = Confined();
        repository.Make("a");
        using var server = _repo.Open(settings: Required, environment: Environment());
        var loop = Task.Run(() => server.Shell("a", $"mkdir -p d e; echo seen > d/id; end=$(($(date +%s) + 5)); while [ $(date +%s) -lt $end ]; do mv d f; ln -s {_home}/.ssh d; rm d; mv f d; done", 60), TestContext.Current.CancellationToken);
        var patches = new List<string?>();
        while (!loop.IsCompleted)
        {
            try
            {
                patches.Add(repository.Worktrees.Diff("a", null, patch: true, 100_000, null).Patch);
            }
            catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
            {
                // A file went away while git was at it.
            }
        }

        (await loop).Run.ExitCode.Should().Be(0);
        patches.Should().NotBeEmpty();
        patches.Where(patch => patch!.Contains(Secret, StringComparison.Ordinal)).Should().BeEmpty();
    }

    [Theory]
    [InlineData("ln -sf {0} $(git rev-parse --git-dir)/index")]
    [InlineData("rm $(git rev-parse --git-dir)/index; mkfifo $(git rev-parse --git-dir)/index")]
    public void An_index_that_is_no_file_is_not_read(string command)
    {
        var repository = Confined();
        repository.Make("a");
        repository.Shell("a", $"echo changed > README.md; {string.Format(System.Globalization.CultureInfo.InvariantCulture, command, Path.Join(_home, ".ssh", "id"))}");

        var refusal = Record(() => repository.Worktrees.Diff("a", null, patch: true, 100_000, null).Patch!);

        refusal.Should().NotContain(Secret);
    }

    private static string Record(Func<string> call)
    {
        try
        {
            return call();
        }
        catch (Refusal refusal)
        {
            return $"{refusal.Code}: {refusal.Message}";
        }
    }

    private static RepositorySettings Required => new() { Run = new RunSettings { Sandbox = SandboxMode.Required } };

    private Dictionary<string, string> Environment() => new() { ["PATH"] = System.Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = _home };

    private Repository Confined() => _repo.Open(settings: Required, environment: Environment());
}
