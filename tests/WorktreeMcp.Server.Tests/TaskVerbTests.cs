using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Server.CommandLine;
using WorktreeMcp.Server.CommandLine.Verbs;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed class TaskVerbTests : IDisposable
{
    private readonly TempRepository _repo = new();
    private readonly Repository _opened;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private string? _typed;

    public TaskVerbTests()
    {
        _opened = _repo.Open();
        _opened.Board.Create(new NewTask("Write the summary"), "claude-1");
        _opened.Board.Claim(1, null, "claude-1");
    }

    public void Dispose()
    {
        _opened.Dispose();
        _output.Dispose();
        _error.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public async Task An_answer_is_the_note_of_the_person_that_git_knows()
    {
        _repo.Git("config", "user.name", "Ada L");
        Ask();

        (await Run("task", "answer", "1", "only where there is a comma")).Should().Be(0);

        _output.ToString().Should().Contain("Answered task 1").And.Contain("Ada L").And.Contain("claude-1");
        _opened.Board.Get(1).Task.Notes.Should().ContainSingle().Which.Should().BeEquivalentTo(new { By = "Ada L", Text = "only where there is a comma", IsPersons = true, Answers = "Quote?" });
    }

    [Fact]
    public async Task Words_without_quotes_are_one_answer_and_a_dash_reads_standard_input()
    {
        Ask();
        (await Run("task", "answer", "1", "only", "where", "needed")).Should().Be(0);
        Ask();
        (await Run(["task", "answer", "1", "-"], "a long\nanswer\n")).Should().Be(0);

        _opened.Board.Get(1).Task.Notes.Select(note => note.Text).Should().Equal("only where needed", "a long\nanswer");
    }

    [Fact]
    public async Task What_is_not_asked_is_refused_on_stderr_and_a_note_can_be_left()
    {
        (await Run("task", "answer", "1", "yes")).Should().Be(1);
        _error.ToString().Should().Contain("asks nothing").And.Contain("worktree-mcp task note 1");

        (await Run("task", "note", "1", "look again", "--agent", "Ben")).Should().Be(0);
        (await Run("task", "answer", "1")).Should().Be(2);

        _opened.Board.Get(1).Task.Notes.Should().ContainSingle().Which.By.Should().Be("Ben");
    }

    [Fact]
    public async Task Completion_at_the_command_line_is_held_to_the_same_terms_and_says_what_failed()
    {
        HeldTo("echo 'two tests failed'; exit 3");
        Lands().Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.VerifyFailed);

        (await Run("task", "complete", "1", "--agent", "claude-1")).Should().Be(1);

        _error.ToString().Should().Contain("exit code 3").And.Contain("two tests failed").And.Contain("worktree-mcp task waive 1");
        _opened.Board.Get(1).Task.Status.Should().Be(TaskState.InProgress);
    }

    [Fact]
    public async Task A_waiver_is_typed_at_a_terminal_and_stands_in_the_events()
    {
        HeldTo("false");

        (await Run("task", "waive", "1", "--reason", "flaky", "--agent", "Ada")).Should().Be(1, "nothing is typed");
        (await Run(["task", "waive", "1", "--reason", "flaky", "--agent", "Ada"], "y\n")).Should().Be(1, "a pipe is no terminal");
        _error.ToString().Should().Contain("Nothing was waived").And.Contain("terminal");
        _typed = "n";
        (await Run("task", "waive", "1", "--reason", "flaky", "--agent", "Ada")).Should().Be(1);
        _opened.Board.Get(1).Task.Contract.Waiver.Should().BeNull();
        Waived().Should().BeEmpty();

        _typed = "yes";
        (await Run("task", "waive", "1", "--reason", "flaky", "--agent", "Ada")).Should().Be(0);
        _output.ToString().Should().Contain("has not run").And.Contain("Waived by Ada");
        (await Run("task", "complete", "1", "--agent", "claude-1")).Should().Be(0);

        Waived().Should().ContainSingle().Which.Should().Contain("\"Ada\"").And.Contain("flaky").And.Contain("\"person\":true");
        _opened.Board.Get(1).Task.Status.Should().Be(TaskState.Completed);
    }

    [Fact]
    public async Task What_needs_no_waiver_is_told_so()
    {
        _typed = "y";

        (await Run("task", "waive", "1", "--reason", "why not")).Should().Be(1);
        (await Run("task", "waive", "1")).Should().Be(2);

        _error.ToString().Should().Contain("nothing to waive");
    }

    private void HeldTo(string verify)
    {
        _opened.Board.Update(1, new TaskEdit { Verify = verify }, "claude-1");
        _opened.Worktrees.Create(new NewWorktree("a", 1), "claude-1");
        _repo.Write(".worktrees/a/one.txt", "1");
        _repo.Git("-C", ".worktrees/a", "add", "-A");
        _repo.Git("-C", ".worktrees/a", "commit", "-qm", "one");
    }

    private List<string> Waived() => [.. _repo.Read(".worktrees/events.jsonl").Split('\n').Where(line => line.Contains("task.waived", StringComparison.Ordinal))];

    private Action Lands() => () => _opened.Worktrees.Land(
        new LandingRequest("a", null, LandingStrategy.Merge, null, null, TimeSpan.FromSeconds(30), CompleteTask: true, Remove: false), "claude-1", _ => { }, CancellationToken.None);

    private void Ask() => _opened.Board.Update(1, new TaskEdit { Question = "Quote?" }, "claude-1");

    private Task<int> Run(params string[] arguments) => Run(arguments, "");

    private async Task<int> Run(string[] arguments, string input)
    {
        using var reader = new StringReader(input);
        var shared = new VerbContext(new StartContext(new Dictionary<string, string>(), _repo.Root), _output, _error) { Input = () => reader, Typed = () => _typed };
        return await new ProgramCommands(shared, (_, _) => Task.FromResult(7), verb => TaskVerb.Command(verb)).Run(arguments);
    }
}
