using System.Text.Json.Nodes;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class NoticingEditsTests : IDisposable
{
    private readonly StateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("list")]
    [InlineData("get")]
    [InlineData("change of another")]
    [InlineData("new server")]
    public void An_edit_of_any_task_is_an_event_with_what_it_changed_and_a_new_revision(string look)
    {
        var state = Board(3);
        Edit(1, file =>
        {
            file["subject"] = "by hand";
            file["priority"] = "high";
            file["mine"] = true;
        });

        Look(state, look);

        var task = _folder.Open().Board.Get(1).Task;
        (task.Subject, task.Priority, task.Revision).Should().Be(("by hand", TaskPriority.High, 2));
        var edited = Edited().Should().ContainSingle().Which;
        ((int)edited["task"]!["id"]!, (string)edited["by"]!).Should().Be((1, "hand"));
        edited["changed"]!.AsArray().Select(name => (string)name!).Should().BeEquivalentTo("subject", "priority", "mine");
        File1()["mine"]!.GetValue<bool>().Should().BeTrue();
    }

    [Fact]
    public void A_change_that_was_made_of_the_task_before_the_edit_is_refused()
    {
        var state = Board(2);
        var seen = state.Board.Get(1).Task.Revision;
        Edit(1, file => file["description"] = "by hand");

        var change = () => state.Board.Update(1, new TaskEdit { Description = "mine", ExpectedRevision = seen }, "a");

        change.Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.TaskChanged);
        state.Board.Get(1).Task.Description.Should().Be("by hand");
        Edited().Should().ContainSingle();
    }

    [Fact]
    public void A_change_upon_an_edit_that_nobody_has_looked_at_keeps_both()
    {
        var state = Board(2);
        Edit(1, file => file["subject"] = "by hand");

        state.Board.Update(1, new TaskEdit { Note = "mine" }, "a");

        var task = state.Board.Get(1).Task;
        (task.Subject, task.Notes.Count, task.Revision).Should().Be(("by hand", 1, 3));
        _folder.Events().Select(e => (string)e["event"]!).Should().EndWith(["task.edited", "task.updated"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_older_copy_put_back_is_an_edit_also_right_after_the_change_it_takes_back(bool newServer)
    {
        var state = Board(1);
        var copy = _folder.Read(".tasks/task_1.json");
        state.Board.Update(1, new TaskEdit { Subject = "changed" }, "a");
        _folder.Write(".tasks/task_1.json", copy);

        var next = newServer ? _folder.Open() : state;
        next.Board.List(Listing.All);

        var task = next.Board.Get(1).Task;
        (task.Subject, task.Revision).Should().Be(("task 1", 3));
        Edited().Should().ContainSingle().Which["changed"]!.AsArray().Select(name => (string)name!).Should().Equal("subject");
    }

    [Fact]
    public void The_same_members_in_other_places_and_a_touched_file_are_no_edit()
    {
        var state = Board(2);
        var reversed = new JsonObject(File1().Reverse().Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));
        _folder.Write(".tasks/task_1.json", reversed.ToJsonString());
        File.SetLastWriteTimeUtc(_folder.Layout.Task(2), DateTime.UtcNow.AddMinutes(1));

        state.Board.List(Listing.All);
        _folder.Open().Board.List(Listing.All);

        Edited().Should().BeEmpty();
        _folder.Operations().Should().HaveCount(2);
    }

    [Theory]
    [InlineData("{ half")]
    [InlineData("{\"id\":1,\"subject\":\"x\",\"status\":\"nonsense\"}")]
    [InlineData("{\"id\":7,\"subject\":\"x\"}")]
    public void An_edit_that_cannot_be_understood_is_named_and_noticed_once_it_can(string text)
    {
        var state = Board(2);
        _folder.Write(".tasks/task_1.json", text);

        state.Board.List(Listing.All).Damaged.Should().ContainSingle().Which.Id.Should().Be(1);
        Edited().Should().BeEmpty();
        _folder.Read(".tasks/task_1.json").Should().Be(text);

        _folder.Write(".tasks/task_1.json", "{\"id\":1,\"subject\":\"mended\"}");
        state.Board.List(Listing.All).Damaged.Should().BeEmpty();
        Edited().Should().ContainSingle();
        state.Board.Get(1).Task.Revision.Should().Be(2);
    }

    [Fact]
    public void A_file_that_a_newer_version_wrote_is_left_as_it_is()
    {
        var state = Board(2);
        Edit(1, file => file["version"] = 99);
        var text = _folder.Read(".tasks/task_1.json");

        state.Board.List(Listing.All);

        Edited().Should().BeEmpty();
        _folder.Read(".tasks/task_1.json").Should().Be(text);
    }

    [Fact]
    public void What_only_grows_does_not_shrink()
    {
        var state = Board(1);
        state.Board.Claim(1, null, "a");
        state.Board.Update(1, new TaskEdit { Note = "x" }, "a");
        Edit(1, file => (file["revision"], file["epoch"], file["subject"]) = (0, 0, "by hand"));

        var task = state.Board.Get(1).Task;

        (task.Revision, task.Epoch).Should().Be((4, 1));
    }

    [Fact]
    public void A_note_that_ends_the_attention_answers_the_question()
    {
        var state = Board(1);
        state.Board.Update(1, new TaskEdit { Question = "Which colour?" }, "agent");
        Edit(1, file =>
        {
            file["attention"] = "none";
            file["notes"]!.AsArray().Add(new JsonObject { ["text"] = "Blue." });
        });

        var task = state.Board.Get(1).Task;

        task.Question.Should().BeNull();
        var note = task.Notes.Should().ContainSingle().Which;
        (note.By, note.Text, note.Answers, note.IsPersons).Should().Be(("hand", "Blue.", "Which colour?", false));
        note.At.Should().BeGreaterThan(0);
        var edited = Edited().Should().ContainSingle().Which;
        ((string)edited["text"]!, (string)edited["note_by"]!, (string)edited["asked_by"]!).Should().Be(("Blue.", "hand", "agent"));
    }

    [Fact]
    public async Task Of_three_servers_that_look_at_once_one_notices()
    {
        var first = Board(20);
        var servers = new[] { first, _folder.Open(), _folder.Open() };
        foreach (var server in servers)
        {
            server.Board.List(Listing.All);
        }

        for (var round = 1; round <= 10; round++)
        {
            var id = round;
            Edit(id, file => file["subject"] = $"by hand {id}");
            await Task.WhenAll(servers.Select(server => Task.Run(() => server.Board.List(Listing.All))));
        }

        Edited().Select(e => (int)e["task"]!["id"]!).Should().Equal(Enumerable.Range(1, 10));
        servers.Should().AllSatisfy(server => server.Board.Get(10).Task.Revision.Should().Be(2));
    }

    [Theory]
    [InlineData(Fault.Dies)]
    [InlineData(Fault.DiesHalfWay)]
    [InlineData(Fault.DiesAfter)]
    [InlineData(Fault.Fails)]
    [InlineData(Fault.FailsAfter)]
    public void A_kill_or_a_failing_write_anywhere_in_the_noticing_leaves_one_event(Fault fault)
    {
        for (var at = 1; at <= 30; at++)
        {
            using var folder = new StateFolder();
            var state = folder.Open();
            state.Board.Create(new NewTask("first"), "a");
            state.Board.Create(new NewTask("second"), "a");
            var file = JsonNode.Parse(folder.Read(".tasks/task_1.json"))!.AsObject();
            file["subject"] = "by hand";
            folder.Write(".tasks/task_1.json", file.ToJsonString());

            var disk = new FaultyFiles(at, fault);
            try
            {
                folder.Open(disk).Board.List(Listing.All);
            }
            catch (Exception lost) when (lost is Refusal or IOException)
            {
                // Dead, or the disk was full: the next server goes on.
            }

            foreach (var next in new[] { folder.Open(), state, folder.Open() })
            {
                next.Board.List(Listing.All).Tasks[0].Task.Subject.Should().Be("by hand", $"{fault} at {at}: {disk.Hit}");
            }

            folder.Events().Count(e => (string)e["event"]! == "task.edited").Should().Be(1, $"{fault} at {at}: {disk.Hit}");
            ((long)JsonNode.Parse(folder.Read(".tasks/task_1.json"))!["revision"]!).Should().Be(2, $"{fault} at {at}: {disk.Hit}");
            folder.Leftovers().Should().BeEmpty($"{fault} at {at}: {disk.Hit}");
            if (disk.Hit is null)
            {
                at.Should().BeGreaterThan(4);
                return;
            }
        }
    }

    [Fact]
    public void An_edit_is_noticed_across_a_rotation_of_the_log()
    {
        var state = Board(2);
        var small = _folder.Open(rotateAt: 1);
        small.Board.List(Listing.All);
        Edit(1, file => file["subject"] = "by hand");
        Enumerable.Range(0, 30).ToList().ForEach(n => small.Board.Update(2, new TaskEdit { Note = $"{n}" }, "a"));

        _folder.Operations()[0]["kind"]!.ToString().Should().Be("snapshot");
        state.Board.List(Listing.All);

        Edited().Should().ContainSingle();
        state.Board.Get(1).Task.Revision.Should().Be(2);
    }

    [Fact]
    public void Many_files_at_once_are_noticed_each()
    {
        var state = Board(250);
        for (var id = 1; id <= 250; id++)
        {
            Edit(id, file => file["subject"] = "by hand");
        }

        _folder.Open().Board.List(Listing.All).Total.Should().Be(250);

        Edited().Select(e => (int)e["task"]!["id"]!).Order().Should().Equal(Enumerable.Range(1, 250));
        state.Board.Get(250).Task.Revision.Should().Be(2);
    }

    private OpenState Board(int tasks)
    {
        var state = _folder.Open();
        for (var i = 1; i <= tasks; i++)
        {
            state.Board.Create(new NewTask($"task {i}"), "a");
        }

        return state;
    }

    private void Look(OpenState state, string look)
    {
        switch (look)
        {
            case "list": state.Board.List(Listing.All); break;
            case "get": state.Board.Get(1); break;
            case "change of another":
                state.Board.List(Listing.All);
                state.Board.Update(2, new TaskEdit { Note = "x" }, "a");
                break;
            default: _folder.Open().Board.List(Listing.All); break;
        }
    }

    private void Edit(int id, Action<JsonObject> edit)
    {
        var file = JsonNode.Parse(_folder.Read($".tasks/task_{id}.json"))!.AsObject();
        edit(file);
        _folder.Write($".tasks/task_{id}.json", file.ToJsonString());
    }

    private JsonObject File1() => JsonNode.Parse(_folder.Read(".tasks/task_1.json"))!.AsObject();

    private List<JsonObject> Edited() => [.. _folder.Events().Where(e => (string)e["event"]! == "task.edited")];
}
