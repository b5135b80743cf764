using System.Text;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Files;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class EditingFilesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void A_file_is_read_edited_and_committed_as_if_by_hand()
    {
        var repository = _repo.Open();
        repository.Make("a");

        var read = repository.Read("a", "src/app.txt");
        read.Lines.Should().Equal("one", "two", "three");
        (read.FromLine, read.TotalLines, read.Traits, read.IsMain).Should().Be((1, 3, new FileTraits(LineEnds.Lf, false, false, false), false));

        var edited = repository.Replace("a", "src/app.txt", "two\n", "2\n2.5\n");

        (edited.FromLine, edited.ToLine, edited.TotalLines, edited.Created).Should().Be((2, 3, 4, false));
        Text("a/src/app.txt").Should().Be("one\n2\n2.5\nthree\n");
        _repo.GitIn(".worktrees/a", "status", "--porcelain", "-uall").Should().Be(" M src/app.txt");
        repository.Row("a").Changes!.IsClean.Should().BeFalse();
        _repo.Read("src/app.txt").Should().Be("one\ntwo\nthree\n");
        _repo.EventNames().Should().NotContain(name => name.Contains("edit"), "what is edited is told by git");
    }

    [Theory]
    [InlineData("one\r\ntwo\r\nthree\r\n", "two\nthree", "2\n3", "one\r\n2\r\n3\r\n")]
    [InlineData("one\r\ntwo\r\nthree\r\n", "two\r\nthree", "2\r\n3\n4", "one\r\n2\r\n3\r\n4\r\n")]
    [InlineData("one\r\ntwo", "two", "2\n3", "one\r\n2\r\n3")]
    [InlineData("one\ntwo\n", "one\r\ntwo", "1\r\n2", "1\n2\n")]
    [InlineData("a\nb\r\nc\nd", "b\n", "b\nb\n", "a\nb\r\nb\r\nc\nd")]
    [InlineData("a\nb\r\nc\nd", "c\nd", "x\ny", "a\nb\r\nx\ny")]
    [InlineData("a\r\n", "\n", "", "a")]
    [InlineData("a\rb\rc", "b", "x\ny", "a\rx\ny\rc")]
    [InlineData("one\ntwo", "two", "2", "one\n2")]
    [InlineData("one\ntwo\n", "two\n", "2", "one\n2")]
    [InlineData("\uFEFFone\r\ntwo\r\n", "one\n", "1\n", "\uFEFF1\r\ntwo\r\n")]
    [InlineData("é\n😀 x\n", "😀", "🎈", "é\n🎈 x\n")]
    [InlineData("x", "x", "", "")]
    public void Whatever_is_not_replaced_stays_byte_for_byte(string before, string old, string text, string after)
    {
        var repository = _repo.Open();
        repository.Make("a");
        Write("a/f.txt", before);

        repository.Replace("a", "f.txt", old, text);

        Text("a/f.txt").Should().Be(after);
    }

    [Fact]
    public void What_is_unusual_about_a_file_is_told()
    {
        var repository = _repo.Open();
        repository.Make("a");
        Write("a/f.txt", "\uFEFFone\r\ntwo");
        Write("a/mixed.txt", "one\r\ntwo\n");
        Write("a/x.ignored", "x\n");
        Write("a/empty.txt", "");

        repository.Read("a", "f.txt").Traits.Should().Be(new FileTraits(LineEnds.CrLf, true, true, false));
        repository.Read("a", "f.txt").Lines.Should().Equal("one", "two");
        repository.Read("a", "mixed.txt").Traits.LineEnds.Should().Be(LineEnds.Mixed);
        repository.Read("a", "x.ignored").Traits.IsIgnored.Should().BeTrue();
        repository.Replace("a", "x.ignored", "x", "y").Traits.IsIgnored.Should().BeTrue();
        var empty = repository.Read("a", "empty.txt");
        (empty.Lines.Count, empty.TotalLines).Should().Be((0, 0));
        repository.Edit("a", "build/out.txt", null, "made\n", create: true).Traits.IsIgnored.Should().BeTrue();
    }

    [Theory]
    [InlineData(1, 2, "1 2")]
    [InlineData(3, 10, "3 4 5")]
    [InlineData(5, 1, "5")]
    public void Lines_are_read_from_anywhere(int from, int most, string lines)
    {
        var repository = _repo.Open();
        repository.Make("a");
        Write("a/f.txt", "1\n2\n3\n4\n5");

        var part = repository.Worktrees.Content.Read("a", "f.txt", from, most);

        string.Join(' ', part.Lines).Should().Be(lines);
        (part.FromLine, part.TotalLines).Should().Be((from, 5));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.Content.Read("a", "f.txt", 6, 1)).Message.Should().Contain("5 lines");
    }

    [Fact]
    public void A_new_file_comes_with_its_folders_and_takes_nothings_place()
    {
        var repository = _repo.Open();
        repository.Make("a");
        Write("a/empty.txt", "");

        var made = repository.Edit("a", "deep/er/new.txt", null, "text without an end", create: true);

        (made.Created, made.FromLine, made.ToLine, made.TotalLines).Should().Be((true, 1, 1, 1));
        Text("a/deep/er/new.txt").Should().Be("text without an end");
        _repo.By(RefusalCode.AlreadyExists, () => repository.Edit("a", "deep/er/new.txt", null, "other", create: true));
        repository.Edit("a", "empty.txt", null, "no longer\n", create: true);
        Text("a/empty.txt").Should().Be("no longer\n");
    }

    [Fact]
    public void Text_that_is_not_there_once_is_refused_with_what_is_near()
    {
        var repository = _repo.Open();
        repository.Make("a");
        Write("a/f.cs", "class A\n{\n\tvoid Run(int count) { }\n}\nclass B\n{\n}\n");

        _repo.By(RefusalCode.InvalidArgument, () => repository.Replace("a", "f.cs", "\n{\n", "x")).Message.Should().Contain("2 times, at lines 1, 5");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Replace("a", "f.cs", "class", "x")).Message.Should().Contain("2 times, at lines 1, 5");
        _repo.By(RefusalCode.NotFound, () => repository.Replace("a", "f.cs", "    void Run(int count) { }\n}", "x")).Message.Should().Contain("Only white space differs: line 3 \"\\tvoid Run(int count) { }\"; line 4 \"}\"");
        _repo.By(RefusalCode.NotFound, () => repository.Replace("a", "f.cs", "\tvoid Run(int number) { }", "x")).Message.Should().Contain("The nearest: line 3 \"\\tvoid Run(int count) { }\"");
        _repo.By(RefusalCode.NotFound, () => repository.Replace("a", "f.cs", "quite something else altogether", "x")).Message.Should().NotContain("nearest");
        Write("a/f.cs", new string('x', 3) + "\n");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Replace("a", "f.cs", "xx", "y")).Message.Should().Contain("2 times");
    }

    [Fact]
    public void A_file_that_somebody_else_changed_since_it_was_read_is_told_so()
    {
        var repository = _repo.Open();
        repository.Make("a");
        repository.Read("a", "src/app.txt");
        Write("a/src/app.txt", "one\nTWO\nthree\n");

        _repo.By(RefusalCode.NotFound, () => repository.Replace("a", "src/app.txt", "two", "2")).Message.Should().Contain("has changed since it was last read");

        repository.Read("a", "src/app.txt");
        _repo.By(RefusalCode.NotFound, () => repository.Replace("a", "src/app.txt", "two", "2")).Message.Should().NotContain("has changed");
    }

    [Theory]
    [InlineData(null, "x", false, "Neither")]
    [InlineData("one", "x", true, "new file")]
    [InlineData("", "x", false, "empty")]
    [InlineData("one", "one", false, "the same")]
    [InlineData("one", "a\0b", false, "NUL")]
    public void An_edit_that_is_not_clear_is_refused(string? old, string text, bool create, string words)
    {
        var repository = _repo.Open();
        repository.Make("a");

        _repo.By(RefusalCode.InvalidArgument, () => repository.Edit("a", "src/app.txt", old, text, create)).Message.Should().Contain(words);
        var half = new string((char)0xD800, 1);
        _repo.By(RefusalCode.InvalidArgument, () => repository.Replace("a", "src/app.txt", "one", half)).Message.Should().Contain("half a character");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Replace("a", "src/app.txt", half, "x")).Message.Should().Contain("half a character");
    }

    [Fact]
    public void Rights_stay_and_new_files_have_those_of_the_user()
    {
        var repository = _repo.Open();
        repository.Make("a");
        Write("a/run.sh", "echo one\n");
        var path = Path.Join(_repo.Layout.Worktrees, "a/run.sh");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_001);
        Write("a/as-by-hand.txt", "x");

        repository.Replace("a", "run.sh", "one", "two");
        repository.Edit("a", "new.txt", null, "x", create: true);

        File.GetUnixFileMode(path).Should().Be((UnixFileMode)0b111_101_001);
        File.GetUnixFileMode(Path.Join(_repo.Layout.Worktrees, "a/new.txt")).Should().Be(File.GetUnixFileMode(Path.Join(_repo.Layout.Worktrees, "a/as-by-hand.txt")));
    }

    [Fact]
    public void Only_who_holds_the_task_edits_and_an_edit_renews_the_claim()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        var repository = _repo.Open(time: time);
        var task = repository.Task();
        repository.Make("a", task);
        var until = repository.Board.Require(task).LeaseUntil;
        time.Advance(TimeSpan.FromMinutes(20));

        _repo.By(RefusalCode.TaskClaimed, () => repository.Worktrees.Content.Edit(new FileEdit("a", "src/app.txt", "two", "2"), "another"));
        repository.Replace("a", "src/app.txt", "two", "2");

        repository.Board.Require(task).LeaseUntil.Should().BeGreaterThan(until!.Value);
    }

    [Fact]
    public void The_main_checkout_is_read_and_never_written_and_a_worktree_of_that_name_comes_first()
    {
        var repository = _repo.Open();
        _repo.Write("local.txt", "not committed\n");

        var read = repository.Read("main", "local.txt");
        (read.Worktree, read.IsMain).Should().Be(("main", true));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Replace("main", "README.md", "hello", "x")).Message.Should().Contain("only read");

        repository.Make("main");
        _repo.By(RefusalCode.NotFound, () => repository.Read("main", "local.txt"));
        repository.Replace("main", "README.md", "hello", "x").Worktree.Should().Be("main");
        Text("main/README.md").Should().Be("x\n");
        _repo.Read("README.md").Should().Be("hello\n");
    }

    [Fact]
    public void Nothing_is_edited_in_a_worktree_that_is_gone_or_being_removed()
    {
        var repository = _repo.Open();
        var made = repository.Make("a");
        using (WorktreeMcp.Domain.Locks.WorktreeLock.Try(_repo.Layout, made.Worktree.Id, shared: false)!)
        {
            _repo.By(RefusalCode.WorktreeBusy, () => repository.Replace("a", "README.md", "hello", "x"));
        }

        repository.Drop("a");
        _repo.By(RefusalCode.NotFound, () => repository.Replace("a", "README.md", "hello", "x"));
    }

    [Fact]
    public void A_removal_finds_the_worktree_in_use_while_an_edit_is_under_way()
    {
        var repository = _repo.Open();
        repository.Make("a");
        var removal = string.Empty;
        repository.Worktrees.Content.BeforePlacing = () =>
        {
            using var other = Repository.Open(_repo.Root);
            removal = other.Invoking(o => o.Drop("a", force: true)).Should().Throw<Refusal>().Which.Code.ToString();
        };

        repository.Replace("a", "README.md", "hello", "x");

        removal.Should().Be("WorktreeBusy");
        Text("a/README.md").Should().Be("x\n");
    }

    private void Write(string path, string text) => _repo.Write(Path.Join(".worktrees", path), text);

    private string Text(string path) => Encoding.UTF8.GetString(File.ReadAllBytes(Path.Join(_repo.Layout.Worktrees, path)));
}

/// <summary>Files through the registry, in few words.</summary>
internal static class FileSteps
{
    internal static FilePart Read(this Repository repository, string name, string path) => repository.Worktrees.Content.Read(name, path, 1, 20_000);

    internal static FileEdited Replace(this Repository repository, string name, string path, string old, string text) => repository.Edit(name, path, old, text);

    internal static FileEdited Edit(this Repository repository, string name, string path, string? old, string text, bool create = false) =>
        repository.Worktrees.Content.Edit(new FileEdit(name, path, old, text, create), Steps.By);
}
