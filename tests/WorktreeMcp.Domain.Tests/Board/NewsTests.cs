using System.Text.Json.Nodes;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.News;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Board;

/// <summary>What an agent is told without having asked, each time once.</summary>
public sealed class NewsTests : IDisposable
{
    private const string Ann = "ann";
    private const string Bob = "bob";

    private readonly TempRepository _repo = new();
    private readonly FakeTimeProvider _time = new();
    private readonly Repository _repository;
    private readonly Repository _other;

    public NewsTests()
    {
        (_repository, _other) = (_repo.Open(time: _time), _repo.Open(time: _time));
        News(Ann).Should().BeEmpty();
        News(Bob).Should().BeEmpty();
    }

    public void Dispose()
    {
        _repository.Dispose();
        _other.Dispose();
        _repo.Dispose();
    }

    [Fact]
    public void A_note_of_another_on_its_task_is_told_once_and_to_nobody_else()
    {
        var id = Owned(Ann);

        _other.Board.Update(id, new TaskEdit { Note = "the parser has moved" }, Bob);

        News(Ann).Should().Equal(new NewsItem.NoteLeft(id, Bob, "the parser has moved"));
        News(Ann).Should().BeEmpty();
        News(Bob).Should().BeEmpty();
    }

    [Fact]
    public void The_answer_of_a_person_is_told_as_that_also_under_the_agents_own_name()
    {
        var id = _repository.Task();
        _repository.Board.Claim(id, null, Ann);
        _repository.Board.Update(id, new TaskEdit { Question = "tabs or spaces?" }, Ann);
        News(Ann).Should().BeEmpty();

        _other.Board.Questions.Answer(id, "tabs", Ann);

        News(Ann).Should().Equal(new NewsItem.NoteLeft(id, Ann, "tabs") { IsAnswer = true });
    }

    [Fact]
    public void What_it_did_itself_and_what_was_before_its_first_call_is_no_news()
    {
        var id = Owned(Ann);
        _repository.Board.Update(id, new TaskEdit { Note = "mine", Description = "more" }, Ann);
        News(Ann).Should().BeEmpty();
        _other.Board.Update(Owned("carl"), new TaskEdit { Note = "before" }, Bob);

        News("carl").Should().BeEmpty();
    }

    [Fact]
    public void Of_much_the_oldest_three_come_first_and_the_rest_with_the_next_answers()
    {
        var id = Owned(Ann);
        for (var i = 1; i <= 5; i++)
        {
            _other.Board.Update(id, new TaskEdit { Note = $"note {i}" }, Bob);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        News(Ann).OfType<NewsItem.NoteLeft>().Select(note => note.Text).Should().Equal("note 1", "note 2", "note 3");
        News(Ann).OfType<NewsItem.NoteLeft>().Select(note => note.Text).Should().Equal("note 4", "note 5");
    }

    [Fact]
    public void A_change_of_its_task_and_its_completion_by_another_are_told()
    {
        var id = Owned(Ann);

        _other.Board.Update(id, new TaskEdit { Description = "now with tests", Priority = TaskPriority.High }, Bob);
        _other.Board.Update(id, new TaskEdit { Status = TaskState.Completed }, Bob);

        News(Ann).Should().BeEquivalentTo(
            new NewsItem[] { new NewsItem.TaskChanged(id, Bob, ["description", "priority"]), new NewsItem.TaskCompleted(id, Bob) },
            options => options.WithStrictOrdering().RespectingRuntimeTypes());
    }

    [Fact]
    public void A_file_that_a_person_edits_is_told_as_that()
    {
        var id = Owned(Ann);
        _repo.Write($".tasks/task_{id}.json", _repo.Read($".tasks/task_{id}.json").Replace("A goal", "Another goal", StringComparison.Ordinal));
        _other.Task("whatever makes somebody look");

        News(Ann).Should().ContainSingle().Which.Should().Match<NewsItem.TaskChanged>(edit => edit.TaskId == id && edit.By == null);
    }

    [Fact]
    public void A_claim_that_comes_to_its_end_ends_and_is_taken_over_is_told_each_time_once()
    {
        var id = _repository.Task();
        _repository.Board.Claim(id, 60, Ann);
        _time.Advance(TimeSpan.FromMinutes(49));
        News(Ann).Should().BeEmpty();

        _time.Advance(TimeSpan.FromMinutes(2));
        News(Ann).Should().Equal(new NewsItem.ClaimEnding(id, 9));
        News(Ann).Should().BeEmpty();
        _time.Advance(TimeSpan.FromMinutes(10));
        News(Ann).Should().Equal(new NewsItem.ClaimEnded(id));
        News(Ann).Should().BeEmpty();
        _other.Board.Claim(id, null, Bob);

        News(Ann).Should().Equal(new NewsItem.ClaimTaken(id, Bob));
        News(Bob).Should().BeEmpty();
    }

    [Fact]
    public void A_claim_that_is_renewed_is_told_of_anew_and_a_short_one_not_from_its_beginning()
    {
        var id = _repository.Task();
        _repository.Board.Claim(id, 5, Ann);
        News(Ann).Should().BeEmpty();
        _time.Advance(TimeSpan.FromMinutes(3));
        News(Ann).Should().Equal(new NewsItem.ClaimEnding(id, 2));

        _repository.Board.Claim(id, null, Ann);
        News(Ann).Should().BeEmpty();
        _time.Advance(TimeSpan.FromMinutes(4));

        News(Ann).Should().Equal(new NewsItem.ClaimEnding(id, 1));
    }

    [Fact]
    public void A_task_that_a_person_takes_away_is_told()
    {
        var id = _repository.Task();
        _repository.Board.Claim(id, null, Ann);

        _other.Board.Release(id, "a person");

        News(Ann).Should().Equal(new NewsItem.ClaimReleased(id, "a person"));
    }

    [Fact]
    public void The_same_file_in_another_active_worktree_is_told_to_both_as_soon_as_somebody_has_looked_and_once()
    {
        Lane("a", Ann);
        Lane("b", Bob);
        _repo.Write(".worktrees/a/src/app.txt", "ann");
        _repo.Write(".worktrees/b/src/app.txt", "bob");
        News(Ann).Should().BeEmpty("nobody has looked");
        _repository.Worktrees.List(null, 10, null);

        News(Ann).Should().ContainSingle().Which.Should().Match<NewsItem.SameFiles>(same => same.Worktree == "a" && same.Other == "b" && same.Owner == Bob && same.Files.Single() == "src/app.txt");
        News(Bob).Should().ContainSingle().Which.Should().Match<NewsItem.SameFiles>(same => same.Worktree == "b" && same.Owner == Ann);
        _repository.Worktrees.List(null, 10, null);
        News(Ann).Should().BeEmpty();
        _repo.Write(".worktrees/a/README.md", "ann");
        _repo.Write(".worktrees/b/README.md", "bob");
        _repository.Worktrees.List(null, 10, null);

        News(Ann).OfType<NewsItem.SameFiles>().Single().Files.Should().Equal("README.md");
    }

    [Fact]
    public void A_file_that_was_committed_meanwhile_still_counts_and_one_that_was_put_back_does_not()
    {
        Lane("a", Ann);
        Lane("b", Bob);
        _repo.Write(".worktrees/a/src/app.txt", "ann");
        _repo.Write(".worktrees/a/README.md", "ann");
        _repository.Worktrees.Status("a");
        _repo.GitIn(".worktrees/a", "checkout", "README.md");
        _repository.Worktrees.Status("a");
        _repo.Commit("ann's", ".worktrees/a");
        _repo.Write(".worktrees/b/src/app.txt", "bob");
        _repo.Write(".worktrees/b/README.md", "bob");
        _repository.Worktrees.List(null, 10, null);

        News(Ann).Should().ContainSingle().Which.Should().BeOfType<NewsItem.SameFiles>().Which.Files.Should().Equal("src/app.txt");
    }

    [Fact]
    public void A_base_that_moves_over_what_it_changed_is_told_with_the_files()
    {
        Lane("a", Ann);
        Lane("b", Bob);
        _repo.Write(".worktrees/a/src/app.txt", "ann");
        _repository.Worktrees.Status("a");
        _repo.Write(".worktrees/b/src/app.txt", "bob");
        _repo.Write(".worktrees/b/other.txt", "bob");
        _repo.Commit("bob's", ".worktrees/b");

        _other.Worktrees.Land(new LandingRequest("b", null, LandingStrategy.Merge, null, null, TimeSpan.FromMinutes(1), false, false), Bob, _ => { }, CancellationToken.None);

        News(Ann).Should().ContainSingle().Which.Should().Match<NewsItem.BaseMoved>(moved => moved.Worktree == "a" && moved.Base == "main" && moved.Landed == "b" && moved.Files.Single() == "src/app.txt");
        News(Bob).Should().BeEmpty();
    }

    [Fact]
    public void A_stash_is_noticed_when_a_command_makes_one_and_not_when_it_takes_one()
    {
        Lane("a", Ann);
        _repo.Write(".worktrees/a/src/app.txt", "one");

        _repository.Shell("a", "git stash").MadeStash.Should().BeTrue();
        _repository.Shell("a", "git stash list").MadeStash.Should().BeFalse();
        _repo.Write(".worktrees/a/README.md", "two");
        _repository.Shell("a", "git stash").MadeStash.Should().BeTrue();
        _repository.Shell("a", "git stash pop").MadeStash.Should().BeFalse();
        _repository.News.NoteStash(Ann, "a");
        _repository.News.NoteStash(Ann, "a");

        News(Ann).Should().Equal(new NewsItem.SharedStash("a"));
    }

    [Fact]
    public void What_a_hand_wrote_into_its_tasks_file_is_told_with_its_next_answer_whatever_that_is_about()
    {
        var id = Owned(Ann);
        ByHand(id, file => file["priority"] = "high");

        var told = News(Ann).Should().ContainSingle().Which.Should().BeOfType<NewsItem.TaskChanged>().Which;
        (told.TaskId, told.By).Should().Be((id, null));
        told.Members.Should().Equal("priority");
        News(Ann).Should().BeEmpty();
        News(Bob).Should().BeEmpty();
    }

    [Fact]
    public void An_answer_that_a_hand_wrote_is_told_as_one_and_with_it_what_else_was_changed()
    {
        var id = Owned(Ann);
        _repository.Board.Update(id, new TaskEdit { Question = "tabs or spaces?" }, Ann);
        News(Ann).Should().BeEmpty();

        ByHand(id, file =>
        {
            (file["attention"], file["subject"]) = ("none", "tabs everywhere");
            file["notes"]!.AsArray().Add(new JsonObject { ["by"] = "eve", ["text"] = "tabs" });
        });
        _other.Board.List(Listing.All);

        var news = News(Ann);
        news.Should().HaveCount(2);
        news[0].Should().Be(new NewsItem.NoteLeft(id, "eve", "tabs") { IsAnswer = true });
        news[1].Should().BeOfType<NewsItem.TaskChanged>().Which.Members.Should().Equal("subject");
    }

    [Fact]
    public void A_line_that_a_hand_wrote_into_the_log_keeps_no_news_away()
    {
        var id = Owned(Ann);
        File.AppendAllText(Path.Join(_repo.Root, ".worktrees", "events.jsonl"), "{\"event\":\"x\",\"seq\":4000000000000}\n{\"seq\":\"no\"}\nnot json\n[1]\n");
        News(Ann).Should().BeEmpty();

        _other.Board.Update(id, new TaskEdit { Note = "still heard" }, Bob);

        News(Ann).Should().Equal(new NewsItem.NoteLeft(id, Bob, "still heard"));
    }

    private void ByHand(int id, Action<JsonObject> edit)
    {
        var file = JsonNode.Parse(File.ReadAllText(_repo.Layout.Task(id)))!.AsObject();
        edit(file);
        File.WriteAllText(_repo.Layout.Task(id), file.ToJsonString());
    }

    private IReadOnlyList<NewsItem> News(string agent) => _repository.News.Take(agent);

    // Without a lease, so that others may write to it.
    private int Owned(string agent)
    {
        var id = _repository.Task();
        _repository.Board.Update(id, new TaskEdit { Owner = agent }, agent);
        return id;
    }

    private void Lane(string name, string agent) => _repository.Worktrees.Create(new NewWorktree(name, _repository.Task()), agent);
}
