using FluentAssertions;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Submodules and LFS files, whose content is not in the repository: the one who makes a worktree is told what became of them.</summary>
public sealed class OutsideContentTests : IDisposable
{
    private const string Pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Submodules_are_named_with_the_command_that_checks_them_out()
    {
        using var library = new TempRepository();
        _repo.Git("-c", "protocol.file.allow=always", "submodule", "add", "-q", library.Root, "lib");
        _repo.Commit("with a submodule");
        var repository = _repo.Open();

        var made = repository.Make("a");

        made.FilesNote.Should().Be("Submodules are not checked out (lib): run `git submodule update --init` there if you need them.");
        Directory.GetFileSystemEntries(Path.Join(made.Directory, "lib")).Should().BeEmpty();
        repository.Shell("a", "git -c protocol.file.allow=always submodule --quiet update --init && cat lib/README.md").Run.Output.Text.Should().Be("hello\n");
        repository.Drop("a");
        _repo.Has(".worktrees/a").Should().BeFalse();
    }

    [Fact]
    public void Lfs_files_that_nothing_fetches_are_said_to_be_pointers()
    {
        Commit("*.bin filter=lfs diff=lfs merge=lfs -text\n", "a.bin");
        var repository = Open();

        var made = repository.Make("a");

        made.FilesNote.Should().Be("LFS files were left as pointers (1 of 1: a.bin): run `git lfs pull` there if you need their content.");
        File.ReadAllText(Path.Join(made.Directory, "a.bin")).Should().Be(Pointer);
        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void Lfs_files_that_the_filter_fetches_are_said_to_be_there()
    {
        Commit("*.bin filter=lfs -text\n", "a.bin", "b.bin");
        File.WriteAllText(Path.Join(_repo.Base, "pointer"), Pointer);
        _repo.Git("config", "filter.lfs.smudge", "cat > /dev/null; echo content");
        _repo.Git("config", "filter.lfs.clean", $"cat > /dev/null; cat '{_repo.Base}/pointer'");
        var repository = Open();

        var made = repository.Make("a");

        made.FilesNote.Should().Be("LFS files were fetched (2).");
        File.ReadAllText(Path.Join(made.Directory, "a.bin")).Should().Be("content\n");
        repository.Drop("a").BranchDeleted.Should().BeTrue();
    }

    [Fact]
    public void Attributes_of_a_folder_count_where_lfs_is_in_use()
    {
        Directory.CreateDirectory(Path.Join(_repo.Layout.CommonDirectory, "lfs"));
        _repo.Write("art/.gitattributes", "*.bin filter=lfs\n");
        _repo.Write("art/a.bin", Pointer);
        _repo.Commit("art");

        Open().Make("a").FilesNote.Should().Contain("1 of 1: art/a.bin");
    }

    [Fact]
    public void A_repository_without_either_gets_no_word_of_it() => _repo.Open().Make("a").FilesNote.Should().BeNull();

    private Repository Open() => _repo.Open(environment: new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = _repo.Base });

    private void Commit(string attributes, params string[] names)
    {
        _repo.Write(".gitattributes", attributes);
        foreach (var name in names)
        {
            _repo.Write(name, Pointer);
        }

        _repo.GitIn(_repo.Root, "-c", "filter.lfs.clean=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false", "add", "-A");
        _repo.GitIn(_repo.Root, "-c", "filter.lfs.clean=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false", "commit", "-q", "-m", "with LFS");
    }
}
