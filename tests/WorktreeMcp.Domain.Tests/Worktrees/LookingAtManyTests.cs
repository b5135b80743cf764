using FluentAssertions;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class LookingAtManyTests : IDisposable
{
    private static readonly TimeSpan Hurry = TimeSpan.FromMilliseconds(50);

    private readonly TempRepository _repo = new();
    private readonly WatchedGit _git;

    public LookingAtManyTests() => _git = new WatchedGit(_repo);

    public void Dispose()
    {
        _git.LetGo();
        _repo.Dispose();
    }

    [Fact]
    public void Worktrees_that_did_not_change_cost_no_process()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Folders are watched on Linux only.");
        var repository = With("a", "b", "c");
        Work("b", "own.txt");
        var first = Rows(repository);
        var calls = _git.Calls.Count;

        var second = Rows(repository);
        var glance = repository.Overview.Look(new GlanceLimits());

        _git.Calls.Skip(calls).Should().BeEmpty();
        second.Should().BeEquivalentTo(first);
        second.Should().OnlyContain(row => row.StatusAge == 0 && !row.IsStatusPending);
        glance.Worktrees.Items.Select(row => (row.Worktree.Name, row.Changes, row.Ahead)).Should().BeEquivalentTo(first.Select(row => (row.Worktree.Name, row.Changes, row.Ahead)));
    }

    [Fact]
    public void Only_the_worktree_that_changed_is_looked_at_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Folders are watched on Linux only.");
        var repository = With("a", "b", "c");
        Rows(repository);
        var statuses = _git.Statuses;

        Write("b", "new.txt");

        Row(repository, "b").Changes!.Untracked.Should().Be(1);
        (_git.Statuses - statuses).Should().Be(1);
    }

    [Theory]
    [InlineData("a file in a folder that was made since", "mkdir -p x/y && echo 1 > x/y/one", 1)]
    [InlineData("an edit in place", "echo more >> src/app.txt", 1)]
    [InlineData("a file of another mode", "chmod +x README.md", 1)]
    [InlineData("a deletion", "rm README.md", 1)]
    [InlineData("a folder that went", "mv src ../../moved", 1)]
    [InlineData("something staged", "echo 1 > one && git add one && rm one", 1)]
    [InlineData("a branch moved from elsewhere", "cd ../.. && git update-ref refs/heads/wt/a $(git commit-tree -m x -p main $(git hash-object -t tree -w /dev/null))", 3)]
    public void What_others_do_is_seen_on_the_next_call(string what, string command, int files)
    {
        var repository = With("a");
        Row(repository, "a").Changes!.Count.Should().Be(0);

        Shell("a", command);

        var row = Row(repository, "a");
        (row.Changes!.Count, row.StatusAge).Should().Be((files, 0), what);
    }

    [Fact]
    public void A_folder_that_came_is_watched_like_the_others()
    {
        var repository = With("a");
        Rows(repository);
        Shell("a", "mkdir -p x/y && echo 1 > x/y/one");
        Row(repository, "a").Changes!.Count.Should().Be(1);
        Shell("a", "echo 1 > x/y/two");
        Row(repository, "a").Changes!.Count.Should().Be(2);

        Shell("a", "mv x .z && mv .z/y x");
        Row(repository, "a").Changes!.Count.Should().Be(2);
        Shell("a", "echo 1 > x/three");

        Row(repository, "a").Changes!.Count.Should().Be(3);
    }

    [Theory]
    [InlineData(".git/info/exclude")]
    [InlineData("../.config/git/ignore")]
    [InlineData("../mine")]
    public void A_pattern_that_hides_a_file_is_seen_on_the_next_call(string patterns)
    {
        _repo.Write("../.gitconfig", "[core]\n\texcludesFile = ~/mine\n");
        if (patterns != "../mine")
        {
            _repo.Write("../.gitconfig", string.Empty);
        }

        var repository = With("a");
        Write("a", "new.txt");
        Row(repository, "a").Changes!.Untracked.Should().Be(1);

        _repo.Write(patterns, "new.txt\n");

        Row(repository, "a").Changes!.Untracked.Should().Be(0);
    }

    [Theory]
    [InlineData("git init -q inner")]
    [InlineData("git init -q --separate-git-dir ../../../elsewhere inner")]
    public void A_repository_within_a_worktree_keeps_it_from_being_trusted_unlooked_at(string command)
    {
        var repository = With("a");
        Shell("a", $"{command} && git -C inner commit -q --allow-empty -m 1");
        Rows(repository);
        var statuses = _git.Statuses;

        Rows(repository);

        (_git.Statuses - statuses).Should().Be(1);
    }

    [Fact]
    public void So_does_one_that_is_made_of_a_folder_that_was_there()
    {
        var repository = With("a");
        Rows(repository);
        Shell("a", "git init -q --separate-git-dir ../../../elsewhere src");
        Rows(repository);
        var statuses = _git.Statuses;

        Rows(repository);

        (_git.Statuses - statuses).Should().Be(1);
    }

    [Fact]
    public void Where_git_takes_long_the_answer_tells_what_was_seen_and_its_age()
    {
        var names = Enumerable.Range(0, 30).Select(i => $"w{i}").ToArray();
        var repository = With(names);
        Rows(repository);
        _git.HoldUp();
        names.ToList().ForEach(name => Write(name, "new.txt"));

        var late = Rows(repository, Hurry);

        late.Should().HaveCount(30).And.OnlyContain(row => row.Changes!.IsClean && row.StatusAge > 0 && row.Drift.Count == 0);
        _git.LetGo();
        Rows(repository).Should().OnlyContain(row => row.Changes!.Untracked == 1 && row.StatusAge == 0);
    }

    [Fact]
    public void What_nobody_has_looked_at_yet_is_told_as_that_and_the_look_goes_on_after_the_answer()
    {
        var repository = With("a");
        _git.HoldUp();

        Rows(repository, Hurry).Should().ContainSingle().Which.Should().Match<WorktreeView>(row => row.IsStatusPending && row.Changes == null && row.Ahead == 0);
        repository.Overview.Look(new GlanceLimits(), Hurry).Worktrees.Items.Should().ContainSingle().Which.IsStatusPending.Should().BeTrue();
        _git.LetGo();

        SpinWait.SpinUntil(() => !Rows(repository, TimeSpan.Zero)[0].IsStatusPending, TimeSpan.FromMinutes(1)).Should().BeTrue();
    }

    [Fact]
    public void No_more_than_two_are_looked_at_at_a_time()
    {
        var repository = With("a", "b", "c", "d", "e");
        _git.HoldUp();
        var before = _git.Statuses;

        Rows(repository, Hurry);
        Rows(repository, Hurry);

        SpinWait.SpinUntil(() => _git.Statuses - before >= 2, TimeSpan.FromMinutes(1)).Should().BeTrue();
        (_git.Statuses - before).Should().Be(2);
    }

    [Fact]
    public void A_look_in_the_background_stands_in_no_removals_way()
    {
        var repository = With("a");
        _git.HoldUp();
        var before = _git.Statuses;
        Rows(repository, Hurry);
        SpinWait.SpinUntil(() => _git.Statuses > before, TimeSpan.FromMinutes(1)).Should().BeTrue();

        repository.Drop("a").Step.Worktree.Status.Should().Be(WorktreeState.Removed);

        _git.LetGo();
        Rows(repository).Should().BeEmpty();
    }

    [Fact]
    public void The_status_of_one_worktree_is_asked_of_git_every_time()
    {
        var repository = With("a");
        Rows(repository);
        var statuses = _git.Statuses;

        repository.Worktrees.Status("a");
        repository.Worktrees.Status("a");

        (_git.Statuses - statuses).Should().Be(2);
    }

    [Fact]
    public void Commits_of_all_branches_are_counted_by_one_process()
    {
        var repository = With("ahead", "behind", "both", "same", "elsewhere");
        _repo.Git("branch", "other", "main");
        Work("ahead", "1", "2", "3");
        Work("both", "1", "2");
        Work("elsewhere", "1");
        _repo.Commit("base");
        Shell("same", "git reset -q --hard main");

        // An upstream of the user's own is another question.
        _repo.Git("config", "branch.wt/elsewhere.remote", ".");
        _repo.Git("config", "branch.wt/elsewhere.merge", "refs/heads/other");
        var calls = _git.Calls.Count;

        var rows = Rows(repository).ToDictionary(row => row.Worktree.Name, row => (row.Ahead, row.Behind));

        rows.Should().BeEquivalentTo(new Dictionary<string, (int?, int?)> { ["ahead"] = (3, 1), ["behind"] = (0, 1), ["both"] = (2, 1), ["same"] = (0, 0), ["elsewhere"] = (1, 1) });
        var asked = _git.Calls.Skip(calls).ToList();
        asked.Count(call => call.Contains("for-each-ref", StringComparison.Ordinal)).Should().Be(1);
        asked.Count(call => call.Contains("rev-list", StringComparison.Ordinal)).Should().Be(1, "only the one with an upstream of its own is counted alone");
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("alone")]
    public void Commits_that_take_long_to_count_are_told_as_that_and_counted_on_after_the_answer(params string[] names)
    {
        var repository = With(names);
        Rows(repository);
        names.ToList().ForEach(name => Work(name, "1"));
        _git.HoldUp("rev-list", "for-each-ref");

        Rows(repository, Hurry).Should().OnlyContain(row => row.Ahead == null && row.Drift.Single().Contains("still being counted"));
        Rows(repository, TimeSpan.Zero).Should().OnlyContain(row => row.Ahead == null);
        _git.LetGo();

        SpinWait.SpinUntil(() => Rows(repository, TimeSpan.Zero).All(row => row.Ahead == 1 && row.Drift.Count == 0), TimeSpan.FromMinutes(1)).Should().BeTrue();
    }

    private Repository With(params string[] names)
    {
        var repository = _repo.Open(environment: _git.Variables);
        foreach (var name in names)
        {
            repository.Make(name);
        }

        return repository;
    }

    private static IReadOnlyList<WorktreeView> Rows(Repository repository, TimeSpan? wait = null) =>
        wait is { } given
            ? repository.Worktrees.Looks.Look([.. repository.Worktrees.Entries.All().Where(w => w.IsLive)], repository.Worktrees.Entries.All(), given)
            : repository.Worktrees.List(null, 50, null).Worktrees;

    private static WorktreeView Row(Repository repository, string name) => Rows(repository).Single(row => row.Worktree.Name == name);

    private void Write(string name, string file) => _repo.Write($".worktrees/{name}/{file}", "new\n");

    private void Work(string name, params string[] messages) => messages.ToList().ForEach(message => _repo.Commit(message, _repo.Layout.Worktree(name)));

    private void Shell(string name, string command)
    {
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = _repo.Layout.Worktree(name) })!;
        shell.WaitForExit();
        shell.ExitCode.Should().Be(0);
    }
}
