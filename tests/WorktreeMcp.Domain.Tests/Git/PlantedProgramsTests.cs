using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Spares;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees.Looking;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Git;

/// <summary>No tool runs a program that the settings of a repository name, wherever they stand, and each answers right without it.</summary>
public sealed class PlantedProgramsTests : IDisposable
{
    private const string Text = "src/app.txt";

    private readonly TempRepository _repo = new();
    private readonly Plants _plants;

    public PlantedProgramsTests() => _plants = new Plants(_repo);

    public void Dispose() => _repo.Dispose();

    public static TheoryData<string, string, string> Filters
    {
        get
        {
            var data = new TheoryData<string, string, string> { { "config", "with=equals", "process" }, { "onbranch", "plain", "process" }, { "config", "plain", "required" } };
            foreach (var place in Plants.Places)
            {
                data.Add(place, "with=equals", "commands");
            }

            foreach (var name in new[] { "plain", "a.b", "UPPER", "üñ", "a\\b", "=", "" })
            {
                data.Add("config", name, "commands");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void A_filter_of_the_repository_runs_in_no_tool_and_what_needs_it_is_refused(string place, string name, string kind)
    {
        _repo.Write(".gitattributes", $"*.txt filter={name}\n");
        _repo.Commit("attributes");
        var repository = Prepared();
        _plants.Set(place, _plants.Filter(name, kind));
        Doubt();

        Look(repository).Should().Equal("src/app.txt");
        Ran().Should().BeEmpty();
        var before = _repo.Git("rev-parse", "main");
        foreach (var strategy in Enum.GetValues<LandingStrategy>())
        {
            var refusal = Refused(() => repository.Land("a", strategy));
            refusal.Code.Should().Be(RefusalCode.GitFailed);
            refusal.Message.Should().Contain($"\"{name}\"").And.Contain(Text).And.Contain("allowed_filters").And.Contain("Nothing was changed");
        }

        _repo.Git("rev-parse", "main").Should().Be(before);
        _repo.Read(Text).Should().Be("one\ntwo\nthree\n");
        repository.Land("b").Files.Should().Be(1);
        _repo.Read("other.md").Should().Be("other\n");
        repository.Land("c").Checkout.Should().EndWith("/b");
        if (place != "config.worktree")
        {
            repository.Tend(1);
            _repo.SpareFolders().Should().BeEmpty();
            Refused(() => repository.Make("later")).Message.Should().Contain($"\"{name}\"");
        }

        Leave(repository);
        Ran().Should().BeEmpty();
    }

    [Theory]
    [InlineData("config")]
    [InlineData("onbranch")]
    public void A_program_for_signing_that_the_repository_names_is_not_run_and_what_has_to_be_signed_is_refused(string place)
    {
        var repository = Prepared();
        _plants.Set(place, $"[gpg]\n\tprogram = {_plants.Program("gpg")}\n[commit]\n\tgpgsign = true\n");

        Refused(() => repository.Land("a")).Message.Should().Contain("gpg.program");
        Ran().Should().BeEmpty();
    }

    [Theory]
    [InlineData("config", "planted")]
    [InlineData("config", "with=equals")]
    [InlineData("config", "")]
    [InlineData("config", "text")]
    [InlineData("gitdir", "planted")]
    [InlineData("onbranch", "with=equals")]
    [InlineData("hasconfig", "planted")]
    [InlineData("config.worktree", "planted")]
    [InlineData("include twice", "planted")]
    public void A_merge_driver_runs_in_no_tool(string place, string name)
    {
        _repo.Write(".gitattributes", $"*.txt merge={name}\n");
        _repo.Commit("attributes");
        var repository = Prepared();
        _repo.Write(Text, "one\ntwo\nthree\nfour, by hand\n");
        _repo.Commit("by hand");
        _plants.Set(place, Plants.Section("merge", name, $"driver = {_plants.Program("driver", "true")}", "recursive = binary"));

        Look(repository).Should().Equal("src/app.txt");
        repository.Worktrees.Forecast(null).WithBase.Should().BeEmpty();
        repository.Land("a");

        _repo.Read(Text).Should().Be("one, changed\ntwo\nthree\nfour, by hand\n");
        Ran().Should().BeEmpty();
    }

    [Theory]
    [InlineData("config")]
    [InlineData("onbranch")]
    [InlineData("config.worktree")]
    public void Nothing_else_that_settings_can_name_runs(string place)
    {
        _repo.Write(".gitattributes", "*.txt diff=planted\n");
        _repo.Commit("attributes");
        var repository = Prepared();
        var hooks = Path.Join(_repo.Base, "hooks");
        foreach (var hook in new[] { "post-checkout", "reference-transaction", "post-index-change", "post-merge", "pre-commit", "post-commit", "post-rewrite", "commit-msg", "pre-merge-commit" })
        {
            _plants.Script(Path.Join(hooks, hook));
            _plants.Script(Path.Join(_repo.Layout.CommonDirectory, "hooks", hook));
        }

        var program = _plants.Program("setting");
        _plants.Set(
            place,
            $"[core]\n\thooksPath = {hooks}\n\tfsmonitor = {program}\n\tpager = {program}\n\teditor = {program}\n\tsshCommand = {program}\n\talternateRefsCommand = {program}\n\taskPass = {program}\n"
            + $"[diff]\n\texternal = {program}\n[sequence]\n\teditor = {program}\n[interactive]\n\tdiffFilter = {program}\n[credential]\n\thelper = {program}\n[gpg]\n\tprogram = {program}\n[log]\n\tshowSignature = true\n"
            + $"[uploadpack]\n\tpackObjectsHook = {program}\n[submodule]\n\trecurse = true\n[branch \"main\"]\n\tmergeOptions = --no-commit --strategy=planted\n"
            + $"{Plants.Section("diff", "planted", $"command = {program}", $"textconv = {program}")}{Plants.Section("trailer", "planted", $"command = {program}")}{Plants.Section("pager", "diff", $"x = {program}")}");
        Doubt();

        Look(repository).Should().Equal("src/app.txt");
        repository.Land("a");
        repository.Land("b", LandingStrategy.Squash);
        repository.Land("c", LandingStrategy.Rebase).Checkout.Should().EndWith("/b");
        repository.Tend(1);
        repository.Make("later");
        Leave(repository);

        _repo.Read(Text).Should().Be("one, changed\ntwo\nthree\n");
        Ran().Should().BeEmpty();
    }

    [Fact]
    public void Hooks_that_newer_gits_read_from_settings_are_switched_off_by_name()
    {
        _plants.Set("config", Plants.Section("hook", "pl=anted", "event = reference-transaction", $"command = {_plants.Program("hook")}"));
        var seen = Path.Join(_repo.Base, "seen");
        var repository = WrappedGit.Open(_repo, $"echo \"$GIT_CONFIG_KEY_0 $GIT_CONFIG_VALUE_0 $*\" >> '{seen}'");

        repository.Make("a");

        File.ReadAllLines(seen).Where(line => line.Contains("worktree add", StringComparison.Ordinal)).Should().ContainSingle()
            .Which.Should().StartWith("hook.pl=anted.enabled false ");
        Ran().Should().BeEmpty();
    }

    [Fact]
    public void A_filter_whose_name_is_no_text_cannot_be_switched_off_and_so_nothing_is_looked_at()
    {
        var repository = Prepared();
        File.WriteAllBytes(Path.Join(_repo.Root, ".worktrees/a/.gitattributes"), [.. "*.txt filter=x"u8, 0xFF, (byte)'\n']);
        File.WriteAllBytes(Path.Join(_repo.Layout.CommonDirectory, "odd.cfg"), [.. "[filter \"x"u8, 0xFF, .. System.Text.Encoding.UTF8.GetBytes($"\"]\n\tclean = {_plants.Program("clean")}\n")]);
        File.AppendAllText(Path.Join(_repo.Layout.CommonDirectory, "config"), "[include]\n\tpath = odd.cfg\n");
        Doubt();

        repository.Row("a").Drift.Should().OnlyContain(line => line.Contains("is no text"));
        Refused(() => repository.Worktrees.Diff("a", null, true, 10_000, null)).Message.Should().Contain("is no text");
        Refused(() => repository.Land("a")).Code.Should().Be(RefusalCode.GitFailed);
        Ran().Should().BeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_repository_nested_in_a_worktree_is_looked_at_without_its_settings(bool changed)
    {
        var repository = Prepared();
        var directory = Path.Join(_repo.Root, ".worktrees/a");
        _plants.Nest(directory, "sub");
        _plants.Nest(Path.Join(directory, "sub"), "deeper");
        File.WriteAllText(Path.Join(directory, "sub", ".git", "info", "exclude"), "ignored-there\n");
        File.WriteAllText(Path.Join(directory, "sub", "ignored-there"), "1\n");
        _repo.GitIn(directory, "-c", "core.fsmonitor=false", "-c", "filter.planted.clean=cat", "commit", "-q", "-a", "-m", "both");
        if (changed)
        {
            File.WriteAllText(Path.Join(directory, "sub", "deeper", "f"), "y\n");
        }

        Forget();
        Look(repository).Should().Equal("src/app.txt", "sub");
        repository.Worktrees.Status("a").Files!.Modified.Should().Equal(changed ? ["sub"] : []);
        repository.Row("a").Changes!.IsClean.Should().Be(!changed);
        Ran().Should().BeEmpty();

        repository.Land("b");
        repository.Land("c").Checkout.Should().EndWith("/b");
        if (!changed)
        {
            repository.Land("a").Files.Should().Be(2);
        }

        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().Contain("sub");
        repository.Drop("a", force: true);
        repository.Worktrees.Restore("a", null, null, Steps.By);
        Ran().Should().BeEmpty();
    }

    [Theory]
    [InlineData("link")]
    [InlineData("file to elsewhere")]
    [InlineData("file to nowhere")]
    public void A_nested_repository_that_lies_elsewhere_is_not_entered_and_counts_as_changed(string kind)
    {
        var repository = Prepared();
        var directory = Path.Join(_repo.Root, ".worktrees/a");
        _plants.Nest(directory, "sub");
        var own = Path.Join(directory, "sub", ".git");
        var elsewhere = Path.Join(_repo.Base, "elsewhere.git");
        Directory.Move(own, elsewhere);
        if (kind == "link")
        {
            Directory.CreateSymbolicLink(own, elsewhere);
        }
        else
        {
            File.WriteAllText(own, $"gitdir: {(kind == "file to elsewhere" ? elsewhere : "/nowhere/at/all")}\n");
        }

        repository.Worktrees.Status("a").Files!.Modified.Should().Contain("sub");
        _ = repository.Worktrees.Diff("a", null, true, 100_000, null);
        _ = repository.Worktrees.Forecast(null);
        _repo.By(RefusalCode.WorktreeDirty, () => repository.Drop("a")).Message.Should().Contain("sub");
        Ran().Should().BeEmpty();
    }

    [Fact]
    public void Objects_that_a_partial_clone_lacks_are_fetched_by_nobodys_program()
    {
        var clone = Path.Join(_repo.Base, "clone");
        _repo.Git("config", "uploadpack.allowFilter", "true");
        _repo.Git("clone", "-q", "--no-local", "--filter=blob:none", "--no-checkout", $"file://{_repo.Root}", clone);
        File.AppendAllText(Path.Join(clone, ".git", "config"), $"[remote \"origin\"]\n\tuploadpack = {_plants.Program("uploadpack", "git-upload-pack")}\n[protocol]\n\tallow = always\n[protocol \"file\"]\n\tallow = always\n");
        var seen = Path.Join(_repo.Base, "seen");
        var folder = Path.Join(_repo.Base, "bin");
        Directory.CreateDirectory(folder);
        Programs.Write(Path.Join(folder, "git"), $"#!/bin/sh\nunset GIT_NO_LAZY_FETCH\necho x >> '{seen}'\nexec '{WrappedGit.Real}' \"$@\"\n");
        using var repository = Repository.Open(clone, new RepositorySettings(), new Dictionary<string, string> { ["PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}", ["HOME"] = _repo.Base });

        ((Action)(() => repository.Make("a"))).Should().Throw<Refusal>().Which.Message.Should().Contain("promisor remote");

        File.Exists(seen).Should().BeTrue();
        Ran().Should().BeEmpty();
    }

    // Worktree "a" changed a text that filters and drivers may be set for, "b" and "c" others; "c" goes into the branch of "b".
    private Repository Prepared()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");
        repository.Shell("a", "printf 'one, changed\\ntwo\\nthree\\n' > src/app.txt && git commit -qam changed").Run.ExitCode.Should().Be(0);
        repository.Work("b", "other.md", "other");
        repository.Make("c", baseRef: "wt/b");
        repository.Work("c", "third.md", "third");
        return repository;
    }

    // The test's own git would run what is planted.
    private static Refusal Refused(Action call) => call.Should().Throw<Refusal>().Which;

    private void Doubt() => _plants.Touch(Text, ".worktrees/a/src/app.txt", ".worktrees/b/src/app.txt", ".worktrees/c/src/app.txt", "README.md", ".worktrees/a/README.md");

    // Looks with every tool; the files that worktree "a" changes.
    private static IEnumerable<string> Look(Repository repository)
    {
        var detail = repository.Worktrees.Status("a");
        detail.View.Drift.Should().BeEmpty();
        repository.Row("a").Drift.Should().BeEmpty();
        repository.Overview.Look(new GlanceLimits(10, 10)).Should().NotBeNull();
        repository.Examine().Should().NotBeNull();
        var forecast = repository.Worktrees.Forecast(null);
        forecast.NotRead.Should().BeEmpty();
        forecast.WithBase.Should().BeEmpty();
        forecast.Pairs.Where(pair => pair.Conflicts is not { Count: 0 }).Should().BeEmpty();
        return repository.Worktrees.Diff("a", null, patch: true, 100_000, null).Files.Select(file => file.Path);
    }

    private static void Leave(Repository repository)
    {
        repository.Drop("a", force: true);
        repository.Worktrees.Restore("a", null, null, Steps.By);
        repository.Worktrees.Status("a").View.Drift.Should().BeEmpty();
        repository.Drop("c");
    }

    // What making the plants themselves has run is of no account.
    private void Forget() => File.Delete(Path.Join(_repo.Base, "planted-ran"));

    private IReadOnlyList<string> Ran() => _plants.Ran;
}
