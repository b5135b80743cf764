using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Spares;

/// <summary>What a checkout depends on beside its commit may change at any moment; a worktree is then what a fresh checkout would be.</summary>
public sealed class OtherConditionsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_spare_that_was_made_under_other_attributes_is_not_renewed(bool ofTheUser)
    {
        var repository = Open();
        repository.Tend(1);
        _repo.Write(ofTheUser ? "../.config/git/attributes" : ".git/info/attributes", "*.md text eol=crlf\n");
        _repo.Write("new.txt", "new\n");
        _repo.Commit("second");

        repository.Tend(1);
        var made = repository.Make("a");

        made.IsFromSpare().Should().BeTrue();
        File.ReadAllText(Path.Join(made.Directory, "README.md")).Should().Be("hello\r\n");
    }

    [Theory]
    [InlineData("include.path", "extra")]
    [InlineData("includeIf.gitdir:/.path", "extra")]
    [InlineData("include.path", "../extra")]
    public void An_included_file_that_appears_later_counts(string key, string file)
    {
        _repo.Git("config", key, file);
        var repository = Open();
        repository.Tend(1);
        _repo.Write(Path.Join(".git", file), "[core]\nautocrlf = true\n");

        var made = repository.Make("a");

        made.IsFromSpare().Should().BeFalse();
        File.ReadAllText(Path.Join(made.Directory, "README.md")).Should().Be("hello\r\n");
    }

    [Fact]
    public void An_included_file_of_the_user_that_appears_later_counts()
    {
        _repo.Git("config", "include.path", "~/mine.gitconfig");
        var repository = Open();
        repository.Tend(1);
        _repo.Write("../mine.gitconfig", "[core]\nautocrlf = true\n");

        repository.Make("a").IsFromSpare().Should().BeFalse();
    }

    [Theory]
    [InlineData("includeIf.onbranch:wt/**.path", "extra")]
    [InlineData("core.attributesFile", "attributes")]
    public void Settings_that_a_detached_checkout_cannot_foretell_mean_no_spares(string key, string value)
    {
        _repo.Git("config", key, value);

        Open().Tend(1);

        _repo.SpareFolders().Should().BeEmpty();
        _repo.SpareRecords().Should().BeEmpty();
    }

    [Fact]
    public void Where_objects_are_replaced_no_spare_is_used_or_made()
    {
        var repository = Open();
        repository.Tend(1);
        _repo.Write("other.txt", "other\n");
        _repo.Git("replace", "HEAD:README.md", _repo.Git("hash-object", "-w", "other.txt"));
        File.Delete(Path.Join(_repo.Root, "other.txt"));

        var made = repository.Make("a");

        made.IsFromSpare().Should().BeFalse();
        File.ReadAllText(Path.Join(made.Directory, "README.md")).Should().Be("other\n");
        _repo.Git("pack-refs", "--all");
        repository.Tend(1);
        _repo.SpareRecords().Should().BeEmpty();
    }

    [Fact]
    public void A_server_that_looks_for_settings_elsewhere_uses_no_spare_of_another()
    {
        _repo.Write("../.gitconfig", "[core]\nautocrlf = true\n");
        Open().Tend(1);
        var variables = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")! };
        var other = _repo.Open(environment: variables);

        var made = other.Make("a");

        made.IsFromSpare().Should().BeFalse();
        File.ReadAllText(Path.Join(made.Directory, "README.md")).Should().Be("hello\n");
    }

    [Fact]
    public void A_folder_of_spares_that_is_a_link_gets_none()
    {
        var elsewhere = Directory.CreateDirectory(Path.Join(_repo.Base, "elsewhere")).FullName;
        Directory.CreateDirectory(_repo.Layout.Worktrees);
        File.CreateSymbolicLink(_repo.Layout.Spares, elsewhere);

        ((Action)(() => Open().Tend(1))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.CorruptFile);

        Directory.EnumerateFileSystemEntries(elsewhere).Should().BeEmpty();
        _repo.SpareRecords().Should().BeEmpty();
    }

    // With a home of its own.
    private Repository Open() => _repo.Open(environment: new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = _repo.Base });
}
