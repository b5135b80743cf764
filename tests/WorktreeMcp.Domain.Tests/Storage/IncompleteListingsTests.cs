using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

// On btrfs and tmpfs a listing may leave out a file that is replaced in that moment.
public sealed class IncompleteListingsTests : IDisposable
{
    private readonly StateFolder _folder = new();
    private readonly HashSet<string> _leftOut = [];
    private readonly UnlistedFiles _files;

    public IncompleteListingsTests() => _files = new UnlistedFiles(path => _leftOut.Contains(Path.GetFileName(path)));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("task_1.json")]
    [InlineData("task_2.json")]
    [InlineData("task_4.json")]
    public void The_first_list_of_a_server_has_a_task_that_the_folders_listing_left_out(string file)
    {
        var other = _folder.Open();
        CreateFour(other);
        _leftOut.Add(file);

        Subjects(_folder.Open(files: _files)).Should().Equal("1", "2", "3", "4");
    }

    [Fact]
    public void A_task_that_another_server_made_meanwhile_is_on_the_list_although_the_folders_listing_left_it_out()
    {
        var state = _folder.Open(files: _files);
        CreateFour(state);
        Subjects(state).Should().HaveCount(4);
        var other = _folder.Open(rotateAt: 1);
        other.Board.Create(new NewTask("5"), "b");
        other.Board.Update(1, new TaskEdit { Note = "later" }, "b");
        other.Store.Begin("rotates", "b").Dispose();
        _leftOut.Add("task_5.json");

        Subjects(state).Should().Equal("1", "2", "3", "4", "5");
    }

    [Fact]
    public void A_task_file_deleted_while_no_server_ran_is_on_the_first_list_and_back_on_the_disk()
    {
        CreateFour(_folder.Open());
        var before = _folder.Read(".tasks/task_2.json");
        File.Delete(_folder.Layout.Task(2));

        Subjects(_folder.Open()).Should().Equal("1", "2", "3", "4");

        _folder.Read(".tasks/task_2.json").Should().Be(before);
    }

    [Fact]
    public void A_task_file_deleted_between_two_lists_is_on_the_second_already()
    {
        var state = _folder.Open();
        CreateFour(state);
        Subjects(state).Should().HaveCount(4);
        File.Delete(_folder.Layout.Task(2));

        Subjects(state).Should().Equal("1", "2", "3", "4");
    }

    [Fact]
    public void Numbers_that_no_task_ever_had_are_not_missed()
    {
        var state = _folder.Open();
        CreateFour(state);
        _folder.Write(".tasks/task_900000000.json", """{"id":900000000,"subject":"by hand"}""");
        _folder.Write(".tasks/task_5.json", """{"id":5,"subject":"5"}""");
        state.Board.Create(new NewTask("after"), "a").View.Task.Id.Should().Be(900_000_001);

        Subjects(_folder.Open()).Should().Equal("1", "2", "3", "4", "5", "by hand", "after");
    }

    [Fact]
    public void A_new_task_never_takes_the_number_of_a_file_that_the_folders_listing_left_out()
    {
        var state = _folder.Open(files: _files);
        state.Board.Create(new NewTask("1"), "a");
        const string Edited = """{"id":3,"subject":"by hand"}""";
        _folder.Write(".tasks/task_2.json", """{"id":2,"subject":"by hand"}""");
        _folder.Write(".tasks/task_3.json", Edited);
        _leftOut.Add("task_3.json");

        state.Board.Create(new NewTask("4"), "a").View.Task.Id.Should().Be(4);

        _folder.Read(".tasks/task_3.json").Should().Be(Edited);
    }

    private static void CreateFour(OpenState state)
    {
        foreach (var subject in new[] { "1", "2", "3", "4" })
        {
            state.Board.Create(new NewTask(subject), "a");
        }
    }

    private static IEnumerable<string> Subjects(OpenState state) => state.Board.List(Listing.All).Tasks.OrderBy(task => task.Task.Id).Select(task => task.Task.Subject);
}
