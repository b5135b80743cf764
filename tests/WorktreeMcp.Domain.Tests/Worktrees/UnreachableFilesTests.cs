using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>What no file tool reaches, however it is named and whatever comes and goes meanwhile.</summary>
public sealed class UnreachableFilesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    private string A => Path.Join(_repo.Layout.Worktrees, "a");

    private string Outside => Path.Join(_repo.Base, "outside");

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("../b/README.md")]
    [InlineData("src/../../b/README.md")]
    [InlineData("src/..")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\u007f")]
    [InlineData("src\\app.txt")]
    [InlineData(".git")]
    [InlineData("./.git")]
    [InlineData(".GIT/config")]
    [InlineData("src/.git/config")]
    [InlineData(".g\u200Cit/config")]
    [InlineData(".git. /x")]
    [InlineData(".git::$INDEX_ALLOCATION/x")]
    [InlineData("GIT~1/config")]
    public void A_path_that_leads_elsewhere_or_to_git_is_refused(string path)
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Make("b");

        Refused(repository, path);
        _repo.By(RefusalCode.InvalidArgument, () => repository.Read("main", path));
    }

    [Fact]
    public void Names_that_are_too_long_or_no_text_are_refused()
    {
        var repository = _repo.Open();
        repository.Make("a");
        Refused(repository, new string((char)0xD800, 1)).Message.Should().Contain("half a character");

        Refused(repository, new string('x', 256));
        Refused(repository, string.Join('/', Enumerable.Repeat("folder", 700)));
    }

    [Theory]
    [InlineData(".tasks/task_1.json")]
    [InlineData(".TASKS/task_1.json")]
    [InlineData(".worktrees/index.json")]
    [InlineData(".worktrees/a/README.md")]
    [InlineData(".git/config")]
    public void The_main_checkout_shows_nothing_of_the_board_the_worktrees_or_git(string path)
    {
        var repository = _repo.Open();
        repository.Make("a", repository.Task());

        _repo.By(RefusalCode.InvalidArgument, () => repository.Read("main", path));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Read("main", ".")).Message.Should().Contain("README.md").And.NotContainAny(".tasks", ".worktrees", ".git/");
    }

    [Theory]
    [InlineData("link.txt")]
    [InlineData("folder/secret.txt")]
    [InlineData("src/inner/secret.txt")]
    public void No_link_is_followed_wherever_on_the_way_it_lies(string path)
    {
        var repository = _repo.Open();
        repository.Make("a");
        Directory.CreateDirectory(Outside);
        File.WriteAllText(Path.Join(Outside, "secret.txt"), "secret\n");
        File.CreateSymbolicLink(Path.Join(A, "link.txt"), Path.Join(Outside, "secret.txt"));
        Directory.CreateSymbolicLink(Path.Join(A, "folder"), Outside);
        Directory.CreateSymbolicLink(Path.Join(A, "src/inner"), Outside);

        Refused(repository, path).Message.Should().Contain("link").And.NotContain("secret\n");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Edit("a", path.Replace("secret", "new", StringComparison.Ordinal), null, "x", create: true));
        Directory.GetFiles(Outside).Should().ContainSingle();
    }

    [Fact]
    public void A_link_that_takes_the_files_place_meanwhile_is_not_followed_and_not_replaced()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var secret = Path.Join(_repo.Base, "secret.txt");
        File.WriteAllText(secret, "hello\n");
        var file = Path.Join(A, "README.md");
        repository.Worktrees.Content.BeforePlacing = () =>
        {
            File.Delete(file);
            File.CreateSymbolicLink(file, secret);
        };

        repository.Invoking(r => r.Replace("a", "README.md", "hello", "x")).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.WorktreeBusy);

        File.ReadAllText(secret).Should().Be("hello\n");
        new FileInfo(file).LinkTarget.Should().Be(secret);
    }

    [Fact]
    public void A_folder_that_becomes_a_link_meanwhile_leads_no_edit_elsewhere()
    {
        var repository = _repo.Open();
        repository.Make("a");
        Directory.CreateDirectory(Outside);
        File.WriteAllText(Path.Join(Outside, "app.txt"), "one\ntwo\nthree\n");
        repository.Worktrees.Content.BeforePlacing = () =>
        {
            Directory.Move(Path.Join(A, "src"), Path.Join(A, "was"));
            Directory.CreateSymbolicLink(Path.Join(A, "src"), Outside);
        };

        repository.Replace("a", "src/app.txt", "two", "2");

        File.ReadAllText(Path.Join(Outside, "app.txt")).Should().Be("one\ntwo\nthree\n");
        File.ReadAllText(Path.Join(A, "was/app.txt")).Should().Be("one\n2\nthree\n");
    }

    [Fact]
    public void What_somebody_writes_meanwhile_is_not_lost()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Worktrees.Content.BeforePlacing = () => File.WriteAllText(Path.Join(A, "README.md"), "theirs\n");
        repository.Invoking(r => r.Replace("a", "README.md", "hello", "x")).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.WorktreeBusy);
        File.ReadAllText(Path.Join(A, "README.md")).Should().Be("theirs\n");

        repository.Worktrees.Content.BeforePlacing = () => File.WriteAllText(Path.Join(A, "new.txt"), "theirs\n");
        repository.Invoking(r => r.Edit("a", "new.txt", null, "x", create: true)).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.WorktreeBusy);
        File.ReadAllText(Path.Join(A, "new.txt")).Should().Be("theirs\n");
    }

    [Fact]
    public void Pipes_folders_binary_and_huge_files_are_refused_at_once()
    {
        var repository = _repo.Open();
        repository.Make("a");
        Process.Start("mkfifo", Path.Join(A, "pipe"))!.WaitForExit();
        File.WriteAllBytes(Path.Join(A, "binary"), [1, 2, 0, 3]);
        File.WriteAllBytes(Path.Join(A, "latin"), [.. "caf"u8, 0xE9, .. "\n"u8]);
        File.WriteAllBytes(Path.Join(A, "utf16"), [0xFF, 0xFE, 0x41, 0]);
        using (var huge = File.Create(Path.Join(A, "huge")))
        {
            huge.SetLength(50 << 20);
        }

        Refused(repository, "pipe").Message.Should().Contain("pipe");
        Refused(repository, "src").Message.Should().Contain("is a folder; in it: app.txt");
        Refused(repository, "binary").Message.Should().Contain("NUL byte at 2");
        Refused(repository, "latin").Message.Should().Contain("not UTF-8: byte 3");
        Refused(repository, "utf16").Message.Should().Contain("UTF-16");
        Refused(repository, "huge").Message.Should().Contain("50 MB");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Read("a", "README.md/x")).Message.Should().Contain("README.md");
    }

    [Fact]
    public void A_name_that_is_no_text_is_listed_and_cannot_be_given()
    {
        var repository = _repo.Open();
        repository.Make("a");
        Process.Start("sh", ["-c", "printf x > \"$0/$(printf 'caf\\351')\"", A])!.WaitForExit();

        var given = repository.Invoking(r => r.Read("a", "caf\uFFFD")).Should().Throw<Refusal>().Which;
        var listed = repository.Invoking(r => r.Read("a", ".")).Should().Throw<Refusal>().Which;
        Process.Start("sh", ["-c", "rm \"$0\"/caf*", A])!.WaitForExit();

        (given.Code, listed.Code).Should().Be((RefusalCode.NotFound, RefusalCode.InvalidArgument));
        given.Message.Should().Contain("not UTF-8");
        listed.Message.Should().Contain("caf");
    }

    [Fact]
    public void A_name_nearby_is_told()
    {
        var repository = _repo.Open();
        repository.Make("a");

        var refusal = _repo.By(RefusalCode.NotFound, () => repository.Read("a", "src/ap.txt"));

        refusal.Message.Should().Contain("There is src/app.txt.");
        refusal.Next.Should().Be(new NextStep.ReadFile("a", "src/app.txt"));
    }

    [Fact]
    public void What_is_hidden_from_commands_is_hidden_here_under_every_name()
    {
        var repository = _repo.Open(settings: new RepositorySettings { Run = new RunSettings { SecretPaths = [Path.Join(A, "keys"), Path.Join(_repo.Root, "local.env")] } });
        repository.Make("a");
        _repo.Write("local.env", "TOKEN=1\n");
        Directory.CreateDirectory(Path.Join(A, "keys"));
        File.WriteAllText(Path.Join(A, "keys/id"), "TOKEN=1\n");
        Process.Start("ln", [Path.Join(A, "keys/id"), Path.Join(A, "harmless.txt")])!.WaitForExit();

        Refused(repository, "keys/id").Message.Should().Contain("hidden");
        Refused(repository, "keys/none").Message.Should().Contain("hidden", "whether it is there is not said");
        Refused(repository, "harmless.txt").Message.Should().Contain("under another name");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Edit("a", "keys/new", null, "x", create: true));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Read("main", "local.env")).Message.Should().Contain("hidden");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Read("main", ".")).Message.Should().NotContain("local.env");
    }

    [Fact]
    public void While_nobody_can_tell_what_is_hidden_nothing_is_read()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var settings = new RepositorySettings { Problems = [new SettingProblem("config.json", 1, 1, "a comma is missing")] };
        using var doubtful = Repository.Open(_repo.Root, settings);

        _repo.By(RefusalCode.RunDisabled, () => doubtful.Read("a", "README.md")).Message.Should().Contain("a comma is missing");
        _repo.By(RefusalCode.RunDisabled, () => doubtful.Replace("a", "README.md", "hello", "x"));
    }

    [Fact]
    public void What_a_plain_user_may_not_read_or_write_is_refused()
    {
        Assert.SkipWhen(PlainUser.Refusal is not null, PlainUser.Refusal ?? string.Empty);
        var repository = _repo.Open(environment: PlainUser.Git(_repo.Base));
        repository.Make("a");
        File.WriteAllText(Path.Join(A, "unreadable"), "x\n");
        File.SetUnixFileMode(Path.Join(A, "unreadable"), UnixFileMode.UserWrite);
        File.WriteAllText(Path.Join(A, "read-only"), "x\n");
        File.SetUnixFileMode(Path.Join(A, "read-only"), UnixFileMode.UserRead);

        PlainUser.Do(() => repository.Invoking(r => r.Read("a", "unreadable")).Should().Throw<Refusal>().Which).Message.Should().Contain("may not do that");
        PlainUser.Do(() => repository.Invoking(r => r.Replace("a", "read-only", "x", "y")).Should().Throw<Refusal>().Which).Message.Should().Contain("read-only (mode 400)");
        repository.Invoking(r => r.Replace("a", "read-only", "x", "y")).Should().Throw<Refusal>("who may write everywhere is told, too").Which.Message.Should().Contain("read-only");
        File.SetUnixFileMode(Path.Join(A, "src"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        PlainUser.Do(() => repository.Invoking(r => r.Replace("a", "src/app.txt", "two", "2")).Should().Throw<Refusal>().Which).Message.Should().Contain("may not do that");
        File.ReadAllText(Path.Join(A, "src/app.txt")).Should().Be("one\ntwo\nthree\n");
    }

    [Fact]
    public void What_a_kill_leaves_is_out_of_gits_sight_and_gone_with_the_next_edit()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var left = Path.Join(_repo.Layout.Private, ".edit.tmp");
        var during = Array.Empty<string>();
        repository.Worktrees.Content.BeforePlacing = () =>
        {
            during = [_repo.GitIn(A, "status", "--porcelain", "-uall", "--ignored"), File.ReadAllText(left)];

            // As a kill at this moment would leave it.
            File.Copy(left, left + ".kept");
        };
        repository.Replace("a", "README.md", "hello", "x");
        during.Should().Equal(string.Empty, "x\n");
        File.Exists(left).Should().BeFalse();

        File.Move(left + ".kept", left);
        repository.Examine().Should().Contain(finding => finding.Code == "leftover_temporary");
        repository.Worktrees.Content.BeforePlacing = () => { };
        repository.Replace("a", "README.md", "x", "y");

        File.Exists(left).Should().BeFalse();
        _repo.GitIn(A, "status", "--porcelain", "-uall", "--ignored").Should().Be(" M README.md");
        _repo.Git("status", "--porcelain", "-uall").Should().BeEmpty();
    }

    // Neither to read nor to edit.
    private Refusal Refused(Repository repository, string path)
    {
        _repo.By(RefusalCode.InvalidArgument, () => repository.Replace("a", path, "secret", "changed"));
        return _repo.By(RefusalCode.InvalidArgument, () => repository.Read("a", path));
    }
}
