using System.Diagnostics;
using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Folders of the state that the server may not write, as an ordinary user meets them.</summary>
public sealed class ReadOnlyFoldersTests : IDisposable
{
    private const UnixFileMode ReadOnly = UnixFileMode.UserRead | UnixFileMode.UserExecute;

    private readonly TempRepository _repository = new();

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Without_a_temporary_folder_it_is_found_out_all_the_same_what_a_branch_is_worth()
    {
        await using var client = await ConnectedClient.Start(_repository.Root, environment: new Dictionary<string, string?> { ["TMPDIR"] = Path.Join(_repository.Base, "gone") });
        foreach (var name in new[] { "own", "landed" })
        {
            await client.Done("worktree_create", $$"""{"name":"{{name}}"}""");
            _repository.Write($".worktrees/{name}/{name}.txt", "work\n");
            _repository.Commit(name, Path.Join(_repository.Root, ".worktrees", name));
        }

        _repository.Git("merge", "-q", "--squash", "wt/landed");
        _repository.Commit("squashed");
        _repository.Write("more.txt", "more\n");
        _repository.Commit("more");

        (await client.Done("worktree_remove", """{"name":"own"}""")).GetProperty("branch_deleted").GetBoolean().Should().BeFalse();
        (await client.Done("worktree_remove", """{"name":"landed"}""")).GetProperty("branch_deleted").GetBoolean().Should().BeTrue();
        _repository.Git("log", "-1", "--format=%s", "wt/own").Should().Be("own");
    }

    [Theory]
    [InlineData(".worktrees", "worktree_create", """{"name":"second"}""")]
    [InlineData(".worktrees", "worktree_remove", """{"name":"lane"}""")]
    [InlineData(".tasks", "task_create", """{"subject":"Two"}""")]
    public async Task A_folder_that_may_not_be_written_is_an_error_and_changes_nothing(string folder, string tool, string arguments)
    {
        await using (var client = await ConnectedClient.Start(_repository.Root))
        {
            await client.Done("task_create", """{"subject":"One"}""");
            await client.Done("worktree_create", """{"name":"lane"}""");
        }

        // The super user may write everywhere, unless it gives that up.
        string[] ordinary = Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--inh-caps=-all"] : ["env"];
        Assert.SkipWhen(Environment.IsPrivilegedProcess && !CanGiveUp(ordinary), "setpriv gives nothing up here");
        var path = Path.Join(_repository.Root, folder);
        Only(path, ReadOnly);
        var before = _repository.Snapshot();
        var events = _repository.EventLines();

        await using (var client = await ConnectedClient.Start(
            ordinary[0], [.. ordinary[1..], "dotnet", BuiltServer.PathOf("worktree-mcp.dll")], _repository.Root, new Dictionary<string, string?>()))
        {
            var result = await client.Call(tool, arguments);

            result.IsError.Should().BeTrue(ConnectedClient.Text(result));
            var error = JsonElement.Parse(ConnectedClient.Text(result)).GetProperty("error");
            error.GetProperty("message").GetString().Should().NotContain("   at ");
            _repository.Snapshot().Should().Be(before, error.ToString());
            _repository.AddedNothingOrOneFailedPair(events).Should().BeTrue(string.Join('\n', _repository.EventLines().Skip(events.Count)));
            (await client.Done("task_list")).GetProperty("total").GetInt32().Should().Be(1);

            Only(path, ReadOnly | UnixFileMode.UserWrite);
            await client.Done(tool, arguments);
        }
    }

    private bool CanGiveUp(string[] ordinary)
    {
        var probe = Directory.CreateDirectory(Path.Join(_repository.Base, "probe")).FullName;
        Only(probe, ReadOnly);
        using var touch = Process.Start(new ProcessStartInfo(ordinary[0], [.. ordinary[1..], "touch", Path.Join(probe, "x")]) { RedirectStandardError = true })!;
        touch.WaitForExit();
        return touch.ExitCode != 0;
    }

    private static void Only(string path, UnixFileMode mode) => File.SetUnixFileMode(path, mode);
}
