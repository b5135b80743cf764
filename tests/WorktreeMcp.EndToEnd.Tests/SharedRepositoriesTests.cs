using System.Diagnostics;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Several users of one machine on one repository; each has a server of their own.</summary>
public sealed class SharedRepositoriesTests : IDisposable
{
    private readonly TempRepository _repository = new();

    public void Dispose() => _repository.Dispose();

    [Theory]
    [InlineData("group")]
    [InlineData("0660")]
    public async Task What_one_user_makes_in_a_shared_repository_another_one_goes_on_with(string setting)
    {
        Assert.SkipUnless(OtherUsers.CanBecome, OtherUsers.Reason);
        Share(setting);
        await using (var first = await Client(1))
        {
            await first.Done("task_create", """{"subject":"one"}""");
            await first.Done("worktree_create", """{"task_id":1,"name":"lane"}""");
            await first.Done("worktree_run", """{"name":"lane","command":"echo works"}""");
        }

        await using var second = await Client(2);
        (await second.Done("worktree_list")).GetProperty("total").GetInt32().Should().Be(1);
        (await second.Done("task_create", """{"subject":"two"}""")).GetProperty("task").GetProperty("id").GetInt32().Should().Be(2);
        await second.Done("worktree_create", """{"name":"other"}""");
        await second.Done("worktree_remove", """{"name":"lane"}""");

        foreach (var path in Ours().Where(path => new FileInfo(path).LinkTarget is null))
        {
            var isFolder = Directory.Exists(path);
            (File.GetUnixFileMode(path) & UnixFileMode.GroupWrite).Should().Be(UnixFileMode.GroupWrite, path);
            (File.GetUnixFileMode(path) & UnixFileMode.SetGroup).Should().Be(isFolder ? UnixFileMode.SetGroup : UnixFileMode.None, path);
            (File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)).Should().Be(setting == "0660" ? UnixFileMode.None : File.GetUnixFileMode(path) & UnixFileMode.OtherRead, path);
        }
    }

    [Fact]
    public async Task In_a_repository_that_is_not_shared_the_other_is_told_whose_file_stands_in_the_way()
    {
        Assert.SkipUnless(OtherUsers.CanBecome, OtherUsers.Reason);
        Own(1);
        await using (var first = await Client(1))
        {
            await first.Done("task_create", """{"subject":"one"}""");
        }

        await using var second = await Client(2);
        (await second.Done("task_list")).GetProperty("total").GetInt32().Should().Be(1);
        var error = await second.Refused("task_create", """{"subject":"two"}""", "internal");

        error.GetProperty("message").GetString().Should().Contain($"{OtherUsers.Id(1)}").And.Contain($"runs as user {OtherUsers.Id(2)}").And.Contain("Nothing was changed");
        error.GetProperty("hint").GetString().Should().Contain("core.sharedRepository");
    }

    [Fact]
    public async Task So_is_one_who_comes_after_a_start_as_root()
    {
        Assert.SkipUnless(OtherUsers.CanBecome, OtherUsers.Reason);
        Own(1);
        await using (var root = await ConnectedClient.Start(_repository.Root, environment: Variables()))
        {
            await root.Done("task_create", """{"subject":"one"}""");
        }

        await using var user = await Client(1);
        (await user.Refused("task_create", """{"subject":"two"}""", "internal")).GetProperty("message").GetString().Should().Contain("root (0)");
    }

    private IEnumerable<string> Ours() => new[] { _repository.Layout.Tasks, _repository.Layout.Private }
        .SelectMany(folder => Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Prepend(folder))
        .Where(path => !path.StartsWith(_repository.Layout.Trash, StringComparison.Ordinal))
        .Concat([_repository.Layout.Worktrees, _repository.Layout.Index, _repository.Layout.Events]);

    private void Share(string setting)
    {
        _repository.Git("config", "core.sharedRepository", setting);
        Shell($"chown -R {OtherUsers.Id(1)}:{OtherUsers.Group} . && chmod -R g+rwX . && find . -type d -exec chmod g+s {{}} +");
    }

    private void Own(int user) => Shell($"chown -R {OtherUsers.Id(user)}:{OtherUsers.Group} .");

    private void Shell(string command)
    {
        Shell("chmod 755 ..", command);

        void Shell(params string[] commands)
        {
            using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", string.Join(" && ", commands)]) { WorkingDirectory = _repository.Root })!;
            shell.WaitForExit();
            shell.ExitCode.Should().Be(0);
        }
    }

    // The umask of most machines, under which nothing is shared by itself.
    private Task<ConnectedClient> Client(int user)
    {
        var command = OtherUsers.As(user, "/bin/sh", "-c", "umask 022; exec dotnet \"$1\"", "sh", BuiltServer.PathOf("worktree-mcp.dll"));
        return ConnectedClient.Start(command[0], command.Skip(1), _repository.Root, Variables());
    }

    private Dictionary<string, string?> Variables()
    {
        var home = Path.Join(_repository.Base, "home");
        if (!Directory.Exists(home))
        {
            Directory.CreateDirectory(home);
            File.WriteAllText(Path.Join(home, ".gitconfig"), "[safe]\n\tdirectory = *\n[user]\n\tname = Test\n\temail = test@example.org\n");
            Process.Start("chmod", ["-R", "a+rwX", home]).WaitForExit();
        }

        return new Dictionary<string, string?> { ["HOME"] = home };
    }
}
