using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Git;

public sealed class FindingTheRepositoryTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void It_is_the_same_from_everywhere_inside()
    {
        var made = _repo.Open().Make("a");
        var users = Path.Join(_repo.Base, "users");
        _repo.Git("worktree", "add", "-q", "-b", "users", users);
        var link = Path.Join(_repo.Base, "link");
        Directory.CreateSymbolicLink(link, _repo.Root);

        foreach (var start in new[] { _repo.Root, Path.Join(_repo.Root, "src"), made.Directory, Path.Join(made.Directory, "src"), users, link, Path.Join(link, "src"), Path.Join(_repo.Root, ".git"), _repo.Root + "/" })
        {
            using var repository = Repository.Open(start);
            repository.Place.Root.Should().Be(_repo.Root, start);
            repository.Place.CommonDirectory.Should().Be(Path.Join(_repo.Root, ".git"), start);
            repository.Row("a").Drift.Should().BeEmpty();
        }
    }

    [Fact]
    public void A_directory_outside_or_a_bare_repository_or_nothing_at_all_is_refused_with_words()
    {
        var bare = Path.Join(_repo.Base, "bare.git");
        _repo.Git("clone", "-q", "--bare", _repo.Root, bare);
        var linked = Path.Join(_repo.Base, "linked");
        _repo.GitIn(bare, "worktree", "add", "-q", linked, "main");

        Refused(_repo.Base).Message.Should().Contain(_repo.Base).And.Contain("not a git repository");
        Refused(bare).Message.Should().Contain("bare");
        Refused(linked).Message.Should().Contain("bare");
        Refused(Path.Join(_repo.Base, "nowhere")).Message.Should().Contain("does not exist");
        Refused(Path.Join(_repo.Root, "README.md")).Hint.ToString().Should().Contain("--repo");
    }

    [Theory]
    [InlineData(".bare", true)]
    [InlineData(".bare", false)]
    [InlineData(".git", false)]
    [InlineData("store", true)]
    public void A_git_directory_with_all_checkouts_beside_it_has_its_board_there_too(string name, bool isNamed)
    {
        var project = Path.Join(_repo.Base, "project");
        var store = Path.Join(project, name);
        Directory.CreateDirectory(project);
        _repo.Git("clone", "-q", "--bare", _repo.Root, store);
        if (isNamed)
        {
            File.WriteAllText(Path.Join(project, ".git"), $"gitdir: ./{name}\n");
        }

        var main = Path.Join(project, "main");
        _repo.GitIn(store, "worktree", "add", "-q", main, "main");
        _repo.GitIn(store, "worktree", "add", "-q", "-b", "theirs", Path.Join(project, "theirs"));
        _repo.GitIn(main, "config", "user.name", "Test");
        _repo.GitIn(main, "config", "user.email", "test@example.org");
        using var repository = Repository.Open(Path.Join(main, "src"), settings: new Domain.Configuration.RepositorySettings { ListWait = Patience.List });

        repository.Place.Should().Be(new Domain.Git.RepositoryPlace(project, store, IsBare: true));
        foreach (var start in new[] { main, Path.Join(project, "theirs"), store, project }.Take(isNamed || name == ".git" ? 4 : 3))
        {
            using var same = Repository.Open(start);
            same.Place.Should().Be(repository.Place, start);
        }

        var task = repository.Task();
        var made = repository.Make(null, task);
        made.Directory.Should().Be(Path.Join(project, ".worktrees", made.Worktree.Name));
        File.Exists(Path.Join(project, ".tasks", "task_1.json")).Should().BeTrue();
        repository.Work(made.Worktree.Name, "new.txt", "new");
        repository.Row(made.Worktree.Name).Should().Match<WorktreeView>(row => row.Ahead == 1 && row.Drift.Count == 0);
        repository.Land(made.Worktree.Name, remove: true);

        File.ReadAllText(Path.Join(main, "new.txt")).Should().Be("new\n");
        _repo.GitIn(main, "status", "--porcelain").Should().BeEmpty();
        repository.Examine().Should().BeEmpty();
        repository.Make("again", branch: null).Worktree.BaseRef.Should().Be("main");
        repository.Drop("again").BranchDeleted.Should().BeTrue();
    }

    [Theory]
    [InlineData("line\nbreak")]
    [InlineData("\nfirst")]
    [InlineData("inner\nfolder/repo")]
    public void A_path_with_a_line_break_is_refused_with_exactly_that(string folder)
    {
        var root = Path.Join(_repo.Base, folder);
        _repo.Git("clone", "-q", "--", _repo.Root, root);

        Refused(root).Message.Should().Contain("holds a line break").And.Contain(folder.Replace("\n", "\\u000a", StringComparison.Ordinal));
        Refused(Path.Join(root, "src")).Hint.ToString().Should().Contain("Rename the folder");
    }

    [Fact]
    public void A_repository_that_keeps_its_refs_as_reftable_is_refused_with_the_way_out()
    {
        // Gits before 2.45 cannot make one.
        Directory.CreateDirectory(Path.Join(_repo.Root, ".git", "reftable"));

        var refusal = Refused(_repo.Root);

        refusal.Message.Should().Contain("reftable").And.Contain(Path.Join(_repo.Root, ".git"));
        refusal.Hint.ToString().Should().Contain("git clone --ref-format=files").And.Contain("git refs migrate --ref-format=files");
        Repository.Explain(_repo.Root, refusal).Code.Should().Be("not_a_repository");
    }

    [Theory]
    [InlineData("with spaces and $HOME")]
    [InlineData("ünï-日本")]
    [InlineData("quote'and\"double")]
    [InlineData("semi;colon:and\\back")]
    [InlineData("-dash")]
    [InlineData("%percent#hash")]
    public void A_path_with_odd_characters_works_from_creation_to_removal(string folder)
    {
        var root = Path.Join(_repo.Base, folder);
        _repo.Git("clone", "-q", "--", _repo.Root, root);
        _repo.GitIn(root, "config", "user.name", "Test");
        _repo.GitIn(root, "config", "user.email", "test@example.org");
        using var repository = Repository.Open(Path.Join(root, "src"));

        repository.Place.Root.Should().Be(root);
        var made = repository.Make("a");
        repository.Shell("a", "sed -i s/two/TWO/ src/app.txt && git commit -qam theirs && pwd").Run.Output.Text.Should().Be(made.Directory + "\n");
        File.WriteAllText(Path.Join(root, "src", "app.txt"), "one\nzwei\n");
        _repo.Commit("ours", root);
        repository.Worktrees.Status("a").Conflicts.Should().Equal("src/app.txt");
        using (var inside = Repository.Open(made.Directory))
        {
            inside.Place.Should().Be(repository.Place);
        }

        repository.Drop("a").BranchKept.Should().NotBeNull();
    }

    [Fact]
    public void A_git_directory_that_lies_elsewhere_works_also_from_inside_a_worktree()
    {
        var (root, git) = (Path.Join(_repo.Base, "checkout"), Path.Join(_repo.Base, "store"));
        _repo.Git("clone", "-q", "--separate-git-dir", git, _repo.Root, root);
        using var repository = Repository.Open(root);

        repository.Place.Root.Should().Be(root);
        repository.Place.CommonDirectory.Should().Be(git);
        var made = repository.Make("a");
        using var inside = Repository.Open(made.Directory);
        inside.Place.Should().Be(repository.Place);
        repository.Drop("a").TrashDirectory.Should().StartWith(git);

        var users = Path.Join(_repo.Base, "users");
        _repo.GitIn(root, "worktree", "add", "-q", "-b", "users", users);
        Refused(users).Message.Should().Contain("main checkout");
    }

    [Fact]
    public void A_submodule_is_a_repository_of_its_own()
    {
        using var library = new TempRepository();
        _repo.Git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library.Root, "lib");
        var root = Path.Join(_repo.Root, "lib");
        using var repository = Repository.Open(root, settings: new Domain.Configuration.RepositorySettings { ListWait = Patience.List });

        repository.Place.Root.Should().Be(root);
        var made = repository.Make("a");
        made.Directory.Should().Be(Path.Join(root, ".worktrees", "a"));
        using var inside = Repository.Open(made.Directory);
        inside.Place.Should().Be(repository.Place);
        repository.Row("a").Changes!.IsClean.Should().BeTrue();
        repository.Drop("a");
        _repo.GitIn(root, "status", "--porcelain").Should().BeEmpty();
    }

    [Fact]
    public void A_worktree_of_another_repository_that_lies_inside_belongs_to_the_other()
    {
        using var other = new TempRepository();
        var nested = Path.Join(_repo.Root, "nested");
        other.Git("worktree", "add", "-q", "-b", "nested", nested);

        using var found = Repository.Open(nested);
        using var mine = Repository.Open(_repo.Root);

        found.Place.Root.Should().Be(other.Root);
        mine.Place.Root.Should().Be(_repo.Root);
        mine.Make("a");
        mine.Drop("a");
        other.GitIn(nested, "status", "--porcelain").Should().BeEmpty();
    }

    private static Refusal Refused(string start)
    {
        var refusal = ((Action)(() => Repository.Open(start).Dispose())).Should().Throw<Refusal>().Which;
        refusal.Code.Should().Be(RefusalCode.NotARepository, refusal.Message);
        return refusal;
    }
}
