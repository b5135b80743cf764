using FluentAssertions;
using WorktreeMcp.Domain.Tests.Spares;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>
/// What the calls made and what they say of it, confirmed by a second implementation of git: a mistake that we share with git, or that we make in
/// reading what git says, is not shared with that one.
/// </summary>
public sealed class IndependentWitnessTests : IDisposable
{
    private readonly TempRepository _repo = new();

    /// <summary>How a repository keeps its commits and refs.</summary>
    public enum Kept
    {
        /// <summary>Each in a file of its own.</summary>
        Loose,

        /// <summary>All in packs, with a graph of the commits, and refs in one file.</summary>
        Packed,

        /// <summary>Commits that lie in another repository, of which this one only says where it is.</summary>
        Borrowed,

        /// <summary>A history with merges and annotated tags.</summary>
        Merged,
    }

    /// <summary>Every way.</summary>
    public static TheoryData<Kept> Kinds => [.. Enum.GetValues<Kept>()];

    public void Dispose() => _repo.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_new_worktree_is_on_a_new_branch_at_its_base_and_nothing_else_changed(Kept kept)
    {
        var repository = Open(kept);
        var (refs, head) = Main(main => (main.Refs, main.Head));

        var made = repository.Make("a");

        using var inside = new Witness(made.Directory);
        (inside.Branch, inside.Head, inside.IsClean).Should().Be(("wt/a", head, true));
        using var main = new Witness(_repo.Root);
        main.Refs.Should().BeEquivalentTo([.. refs, $"refs/heads/wt/a {head}"]);
        (main.Branch, main.Head, main.IsClean).Should().Be(("main", head, true));
        main.Worktrees.Should().Equal("a");
        made.Worktree.BaseCommit.Should().Be(head);
    }

    [Fact]
    public void A_worktree_of_a_branch_or_of_an_older_commit_is_where_it_was_asked_for()
    {
        var repository = Open(Kept.Merged);
        _repo.Git("branch", "topic", "main~1");

        var (attached, older) = (repository.Make("a", branch: "topic"), repository.Make("b", baseRef: "main~2"));

        using var main = new Witness(_repo.Root);
        using var first = new Witness(attached.Directory);
        using var second = new Witness(older.Directory);
        (first.Branch, first.Head, first.IsClean).Should().Be(("topic", main.At("main~1"), true));
        (second.Branch, second.Head, second.IsClean).Should().Be(("wt/b", main.At("main~2"), true));
        main.Branches.Should().Contain(["main", "topic", "wt/b"]).And.NotContain("wt/a");
        main.Worktrees.Should().Equal("a", "b");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_said_of_a_worktree_in_use_is_so(Kept kept)
    {
        var repository = Open(kept);
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        repository.Shell("a", "git mv src/app.txt 'sub dir ü.txt' && git rm -q .gitignore && echo more >> README.md && git add -A && git commit -qm 'three files'");
        Elsewhere();
        repository.Shell("a", "git merge -q --no-edit main && echo late > late.txt && git add -A && git commit -qm late");
        Elsewhere("second.txt");

        var row = repository.Row("a");
        var status = repository.Worktrees.Status("a");
        var difference = repository.Worktrees.Diff("a", null, patch: false, 1000, null);

        using var seen = new Witness(made.Directory);
        var (ahead, behind, parted) = seen.Between("wt/a", "main");
        (row.Head, row.Ahead, row.Behind).Should().Be((seen.Head, ahead, behind));
        (ahead, behind).Should().Be((4, 1), "three commits and a merge; the last of main was not merged");
        (difference.Base, difference.Head).Should().Be((parted!, seen.Head));
        status.Commits.Select(line => seen.At(line.Hash)).Should().BeEquivalentTo(seen.Commits("wt/a", "main"));
        difference.Files.Select(file => $"{file.Change} {file.Path}").Should().BeEquivalentTo(seen.Changed(parted!, "wt/a")).And.HaveCount(5);
    }

    [Fact]
    public void What_is_said_to_be_uncommitted_is_so()
    {
        var repository = Open(Kept.Loose);
        var made = repository.Make("a");
        repository.Shell("a", "echo staged > staged.txt && git add staged.txt && echo more >> README.md && rm src/app.txt && echo new > 'un tracked.txt' && echo hidden > x.ignored");

        var changes = repository.Worktrees.Status("a").View.Changes!;

        using var seen = new Witness(made.Directory);
        seen.Uncommitted.Should().Equal(
            "README.md ModifiedInWorkdir", "src/app.txt DeletedFromWorkdir", "staged.txt NewInIndex", "un tracked.txt NewInWorkdir");
        (changes.Staged, changes.Modified, changes.Untracked, changes.Conflicted).Should().Be((1, 2, 1, 0));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_merge_has_both_tips_as_its_parents_and_all_that_both_did(Kept kept)
    {
        var (repository, tip, before, refs) = Worked(kept);

        var landed = repository.Land("a");

        using var main = new Witness(_repo.Root);
        (main.Head, main.IsClean).Should().Be((landed.To, true));
        main.Parents(landed.To).Should().Equal(before, tip);
        HasBoth(main, landed, tip);
        Moved(main, refs, ("refs/heads/main", landed.To));
        main.Between(before, landed.To).Should().Be((0, landed.Commits + 1, before));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_squash_is_one_commit_on_the_base_and_the_commits_it_was_made_of_are_kept(Kept kept)
    {
        var (repository, tip, before, refs) = Worked(kept);

        var landed = repository.Land("a", LandingStrategy.Squash);

        using var main = new Witness(_repo.Root);
        (main.Head, main.IsClean).Should().Be((landed.To, true));
        main.Parents(landed.To).Should().Equal(before);
        main.Message(landed.To).Should().EndWith("* one.txt\n* two.txt");
        HasBoth(main, landed, tip);
        Moved(main, refs, ("refs/heads/main", landed.To), ("refs/heads/wt/a", landed.To));
        main.Holds(tip).Should().BeTrue();
        IsOn("a", "wt/a", landed.To);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_rebase_is_each_commit_anew_in_its_order_on_the_base(Kept kept)
    {
        var (repository, tip, before, refs) = Worked(kept);

        var landed = repository.Land("a", LandingStrategy.Rebase);

        using var main = new Witness(_repo.Root);
        (main.Head, main.IsClean).Should().Be((landed.To, true));
        var commits = main.Commits(landed.To, before);
        commits.Select(main.Message).Should().Equal("two.txt", "one.txt");
        commits.Select(commit => main.Parents(commit).Single()).Should().Equal(commits[1], before);
        commits.Select(commit => main.Changed(main.Parents(commit)[0], commit).Single()).Should().Equal("added two.txt", "added one.txt");
        HasBoth(main, landed, tip);
        Moved(main, refs, ("refs/heads/main", landed.To), ("refs/heads/wt/a", landed.To));
        IsOn("a", "wt/a", landed.To);
    }

    [Theory]
    [InlineData(LandingStrategy.Merge)]
    [InlineData(LandingStrategy.Squash)]
    [InlineData(LandingStrategy.Rebase)]
    public void A_base_that_is_checked_out_nowhere_moves_and_no_checkout_with_it(LandingStrategy strategy)
    {
        var repository = Open(Kept.Packed);
        _repo.Git("branch", "release");
        var head = Main(main => main.Head);
        repository.Make("a", baseRef: "release");
        repository.Work("a", "one.txt", "1");

        var landed = repository.Land("a", strategy);

        using var main = new Witness(_repo.Root);
        main.At("release").Should().Be(landed.To);
        main.Changed(head, "release").Should().Equal("added one.txt");
        (main.Branch, main.Head, main.IsClean).Should().Be(("main", head, true));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_removal_of_what_has_nothing_of_its_own_takes_branch_and_record_and_keeps_the_commit(Kept kept)
    {
        var repository = Open(kept);
        var (refs, head) = Main(main => (main.Refs, main.Head));
        repository.Make("a");

        repository.Drop("a").BranchDeleted.Should().BeTrue();

        using var main = new Witness(_repo.Root);
        main.Refs.Should().BeEquivalentTo([.. refs, $"refs/worktree-mcp/trash/1 {head}"]);
        main.Worktrees.Should().BeEmpty();
        (main.Branch, main.Head, main.IsClean).Should().Be(("main", head, true));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_removal_by_force_keeps_every_commit_and_a_restoration_brings_everything_back(Kept kept)
    {
        var repository = Open(kept);
        var made = repository.Make("a");
        repository.Work("a", "one.txt", "1");
        repository.Shell("a", "git checkout -q --detach && git commit -q --allow-empty -m 'on no branch' && echo staged > staged.txt && git add staged.txt && echo more >> README.md && echo new > new.txt");
        var before = Portrait(made.Directory);
        var (refs, tip) = Main(main => (main.Refs, main.At("wt/a")));

        repository.Drop("a", force: true).BranchDeleted.Should().BeFalse();

        using (var main = new Witness(_repo.Root))
        {
            main.At("wt/a").Should().Be(tip);
            main.Worktrees.Should().BeEmpty();
            main.Holds(before.Head).Should().BeTrue("nothing but the removed worktree's HEAD had that commit");
        }

        var back = repository.Worktrees.Restore("a", null, null, Steps.By);

        back.Head.Should().Be(before.Head);
        Portrait(back.Step.Directory).Should().BeEquivalentTo(before);
        Main(main => main.Refs).Should().Contain(refs);
        Main(main => main.Worktrees).Should().Equal("a");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_restoration_makes_a_branch_that_had_nothing_of_its_own_again(Kept kept)
    {
        var repository = Open(kept);
        var made = repository.Make("a");
        var (refs, before) = (Main(main => main.Refs), Portrait(made.Directory));
        repository.Drop("a").BranchDeleted.Should().BeTrue();

        repository.Worktrees.Restore("a", null, null, Steps.By).BranchMade.Should().BeTrue();

        Portrait(made.Directory).Should().BeEquivalentTo(before);
        Main(main => main.Refs).Where(line => !line.StartsWith("refs/worktree-mcp/", StringComparison.Ordinal)).Should().BeEquivalentTo(refs);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_checkout_kept_ready_is_on_no_branch_at_the_base_and_makes_no_ref(Kept kept)
    {
        var repository = Open(kept);
        var (refs, head) = Main(main => (main.Refs, main.Head));

        repository.Tend(2);

        Main(main => main.Refs).Should().BeEquivalentTo(refs);
        foreach (var folder in _repo.SpareFolders())
        {
            using var spare = new Witness(folder);
            (spare.Branch, spare.Head, spare.IsClean).Should().Be((null, head, true));
        }

        _repo.SpareFolders().Should().HaveCount(2);
        Main(main => main.Worktrees).Should().HaveCount(2).And.OnlyContain(name => name.StartsWith("spare-", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_worktree_made_of_a_checkout_kept_ready_is_as_one_made_without_even_when_the_base_went_on(Kept kept)
    {
        var repository = Open(kept);
        repository.Tend(1);
        Elsewhere();
        _repo.Write("src/app.txt", "other\n");
        _repo.Git("rm", "-q", "README.md");
        _repo.Commit("base goes on");
        var (refs, head) = Main(main => (main.Refs, main.Head));

        var made = repository.Make("a");
        var plain = repository.Make("b");

        (made.IsFromSpare(), plain.IsFromSpare()).Should().Be((true, false));
        IsOn("a", "wt/a", head);
        Portrait(made.Directory).Should().BeEquivalentTo(Portrait(plain.Directory) with { Branch = "wt/a" });
        Main(main => main.Refs).Should().BeEquivalentTo([.. refs, $"refs/heads/wt/a {head}", $"refs/heads/wt/b {head}"]);
    }

    private Repository Open(Kept kept)
    {
        switch (kept)
        {
            case Kept.Packed:
                _repo.Git("branch", "other");
                _repo.Commit("second");
                _repo.Git("gc", "-q");
                _repo.Git("pack-refs", "--all");
                _repo.Git("commit-graph", "write", "--reachable");
                break;
            case Kept.Borrowed:
                var lender = Path.Join(_repo.Base, "lender.git");
                _repo.Git("clone", "-q", "--bare", "--no-hardlinks", _repo.Root, lender);
                File.WriteAllText(Path.Join(_repo.Layout.CommonDirectory, "objects", "info", "alternates"), Path.Join(lender, "objects") + "\n");
                _repo.Git("repack", "-adlq");
                _repo.Git("prune-packed");
                break;
            case Kept.Merged:
                _repo.Git("checkout", "-q", "-b", "side");
                _repo.Write("side.txt", "side\n");
                _repo.Commit("side");
                _repo.Git("checkout", "-q", "main");
                Elsewhere("before.txt");
                _repo.Git("merge", "-q", "--no-ff", "--no-edit", "side");
                _repo.Git("tag", "-a", "v1", "-m", "first");
                break;
        }

        return _repo.Open();
    }

    /// <summary>A worktree with two commits, and a base that went on.</summary>
    private (Repository Repository, string Tip, string Before, IReadOnlyList<string> Refs) Worked(Kept kept)
    {
        var repository = Open(kept);
        repository.Make("a", repository.Task("Two steps"));
        repository.Work("a", "one.txt", "1");
        repository.Work("a", "two.txt", "2");
        Elsewhere();
        return Main(main => (repository, main.At("wt/a"), main.Head, main.Refs));
    }

    private void Elsewhere(string file = "other.txt")
    {
        _repo.Write(file, "by hand\n");
        _repo.Commit(file);
    }

    private static void HasBoth(Witness main, LandingResult landed, string tip)
    {
        main.Changed(landed.From, landed.To).Should().Equal("added one.txt", "added two.txt").And.HaveCount(landed.Files);
        main.Changed(tip, landed.To).Should().Equal("added other.txt");
        (main.Text(landed.To, "one.txt"), main.Text(landed.To, "two.txt"), main.Text(landed.To, "other.txt")).Should().Be(("1\n", "2\n", "by hand\n"));
        landed.Commits.Should().Be(2);
    }

    /// <summary>Refs of people that were not to move stand where they stood, and the others where they were to go; ours may have come.</summary>
    private static void Moved(Witness main, IReadOnlyList<string> before, params (string Name, string To)[] moved)
    {
        var expected = before.Select(line => moved.FirstOrDefault(one => line.StartsWith(one.Name + " ", StringComparison.Ordinal)) is { Name: not null } one ? $"{one.Name} {one.To}" : line);
        main.Refs.Where(line => !line.StartsWith("refs/worktree-mcp/", StringComparison.Ordinal)).Should().BeEquivalentTo(expected);
    }

    private void IsOn(string worktree, string branch, string commit)
    {
        using var inside = new Witness(_repo.Layout.Worktree(worktree));
        (inside.Branch, inside.Head, inside.IsClean).Should().Be((branch, commit, true));
    }

    private T Main<T>(Func<Witness, T> ask)
    {
        using var main = new Witness(_repo.Root);
        return ask(main);
    }

    private static WitnessedCheckout Portrait(string directory)
    {
        using var seen = new Witness(directory);
        return new WitnessedCheckout(seen.Branch, seen.Head, seen.Staged, seen.Uncommitted);
    }

    private sealed record WitnessedCheckout(string? Branch, string Head, IReadOnlyList<string> Staged, IReadOnlyList<string> Uncommitted);
}
