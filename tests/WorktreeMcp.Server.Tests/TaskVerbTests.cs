using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Board;
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

    private void Ask() => _opened.Board.Update(1, new TaskEdit { Question = "Quote?" }, "claude-1");

    private Task<int> Run(params string[] arguments) => Run(arguments, "");

    private async Task<int> Run(string[] arguments, string input)
    {
        using var reader = new StringReader(input);
        var shared = new VerbContext(new StartContext(new Dictionary<string, string>(), _repo.Root), _output, _error) { Input = () => reader };
        return await new ProgramCommands(shared, (_, _) => Task.FromResult(7), verb => TaskVerb.Command(verb)).Run(arguments);
    }
}
