using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

public sealed class NamingWorktreesTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("na\u200bme", @"na\u200bme")]
    [InlineData("\u202eeman", @"\u202eeman")]
    [InlineData("a\nb", @"a\u000ab")]
    [InlineData("a\0b", @"a\u0000b")]
    [InlineData("a\u00a0b", @"a\u00a0b")]
    [InlineData("\ufeffname", @"\ufeffname")]
    [InlineData("n\u00e4me", "n\u00e4me")]
    public void What_nobody_sees_in_a_refused_name_is_shown_as_an_escape(string name, string shown)
    {
        var repository = _repo.Open();

        _repo.By(RefusalCode.InvalidArgument, () => repository.Make(name)).Message.Should().Contain($"\"{shown}\"");
        ((Action)(() => repository.Make("a", baseRef: name))).Should().Throw<Refusal>().Which.Message.Should().Contain($"\"{shown}\"");
    }

    [Theory]
    [InlineData("../../x")]
    [InlineData("/abs/worktree")]
    [InlineData("a/../b")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("-b")]
    [InlineData("--force")]
    [InlineData("a.lock")]
    [InlineData("a.LOCK")]
    [InlineData("a..b")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData(".hidden")]
    [InlineData(".trash")]
    [InlineData("end.")]
    [InlineData("con")]
    [InlineData("NUL.txt")]
    [InlineData("COM1")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("a\n")]
    [InlineData("a\tb")]
    [InlineData("a\0b")]
    [InlineData("x;touch pwn")]
    [InlineData("$(touch pwn)")]
    [InlineData("index.json")]
    [InlineData("Events.jsonl")]
    [InlineData("näme")]
    [InlineData("a@{1}")]
    public void A_name_that_is_more_than_a_plain_word_is_refused_everywhere(string name)
    {
        var repository = _repo.Open();
        var task = repository.Task();

        _repo.By(RefusalCode.InvalidArgument, () => repository.Make(name)).Message.Should().StartWith("name ");
        _repo.By(RefusalCode.InvalidArgument, () => repository.Drop(name, force: true));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Shell(name, "true"));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.Status(name));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.Keep(name, null, completeTask: false, Steps.By));
        _repo.By(RefusalCode.InvalidArgument, () => repository.Worktrees.Bind(task, name, null, Steps.By)).Message.Should().StartWith("worktree ");
        _repo.Has("pwn").Should().BeFalse();
        Directory.GetFileSystemEntries(_repo.Base).Should().Equal(_repo.Root);
    }

    [Fact]
    public void Sixty_three_characters_are_a_name_and_sixty_four_are_not()
    {
        var repository = _repo.Open();
        var longest = new string('n', 63);

        repository.Make(longest).Worktree.Name.Should().Be(longest);
        _repo.By(RefusalCode.InvalidArgument, () => repository.Make(longest + "n")).Message.Should().Contain("64").And.Contain("63");
    }

    [Fact]
    public void A_name_that_differs_from_another_only_in_case_is_refused_and_names_it()
    {
        var repository = _repo.Open();
        repository.Make("Foo");

        _repo.By(RefusalCode.AlreadyExists, () => repository.Make("foo")).Message.Should().Contain("\"Foo\"").And.Contain("\"foo\"");
    }

    [Fact]
    public void A_worktree_without_a_name_is_named_after_its_task()
    {
        var repository = _repo.Open();

        repository.Make(null, repository.Task("Fix the login, now!")).Worktree.Name.Should().Be("task-1-fix-the-login-now");
        repository.Make(null, repository.Task("修复登录")).Worktree.Name.Should().Be("task-2");
    }

    [Theory]
    [InlineData("CSV output: export_csv.py (format c)", "task-7-csv-output-export")]
    [InlineData("csv-output", "task-7-csv-output")]
    [InlineData("Überprüfung", "task-7-ueberpruefung")]
    [InlineData("Straße nach Málaga, cafe\u0301", "task-7-strasse-nach")]
    [InlineData("Don't panic", "task-7-dont-panic")]
    [InlineData("Исправить вход", "task-7-ispravit-vkhod")]
    [InlineData("Διόρθωση εισόδου", "task-7-diorthosi-eisodou")]
    [InlineData("İstanbul'da ağaç", "task-7-istanbulda-agac")]
    [InlineData("修复 login 登录", "task-7-login")]
    [InlineData("🙂 --- !!!", "task-7")]
    [InlineData("Donaudampfschifffahrtsgesellschaft lands", "task-7-donaudampfschifff")]
    [InlineData("../../etc/passwd", "task-7-etc-passwd")]
    [InlineData("--force .lock con", "task-7-force-lock-con")]
    [InlineData("\ud800 half", "task-7-half")]
    public void A_made_name_is_short_and_ends_with_a_whole_word(string subject, string name)
    {
        WorktreeName.Of(7, subject).Should().Be(name);
        foreach (var attempt in new[] { 1, 2, 50 })
        {
            var made = WorktreeName.Of(int.MaxValue, subject, attempt);
            WorktreeName.Require(made).Length.Should().BeLessThanOrEqualTo(24);
            made.Should().NotEndWith("-").And.NotContain("--").And.StartWith("task-2147483647");
        }
    }

    [Fact]
    public void A_name_from_a_subject_steps_aside_for_what_is_there()
    {
        var repository = _repo.Open();
        _repo.Git("branch", "wt/task-1-one");
        _repo.Write(".worktrees/task-2-two/notes.txt", "mine");
        _repo.Git("branch", "wt/task-3-three/deep");
        repository.Make("Task-4-Four");
        _repo.Git("pack-refs", "--all");

        repository.Make(null, repository.Task("One")).Worktree.Name.Should().Be("task-1-one-2");
        repository.Make(null, repository.Task("Two")).Worktree.Name.Should().Be("task-2-two-2");
        repository.Make(null, repository.Task("Three")).Worktree.Name.Should().Be("task-3-three-2");
        repository.Make(null, repository.Task("Four")).Worktree.Name.Should().Be("task-4-four-2");
    }
}
