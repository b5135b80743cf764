using System.Net.Sockets;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

/// <summary>
/// Something that is no plain file, or far too large, lies where one is read. No call waits for it or takes it into memory: it is refused or
/// set aside, and named; what does not need it works.
/// </summary>
public sealed class UnplainFilesTests : IDisposable
{
    private const string Run = "run-0123456789abcdef0123456789abcdef";

    // A machine may be slow; a pipe is for ever.
    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(3);

    private readonly TempRepository _repo = new();
    private Socket? _socket;

    public UnplainFilesTests()
    {
        using var server = Open();
        server.Make("a", server.Task());
        server.Task("two");
    }

    public static TheoryData<string, string> Combinations
    {
        get
        {
            var data = new TheoryData<string, string>();
            string[] files =
            [
                ".tasks/task_1.json", ".worktrees/index.json", ".worktrees/events.jsonl", ".git/worktree-mcp/oplog.jsonl", ".git/worktree-mcp/events.jsonl",
                ".git/worktree-mcp/lock", ".git/worktree-mcp/lock-holder.json", ".git/worktree-mcp/landing.lock", ".git/worktree-mcp/landing-holder.json",
                ".git/worktree-mcp/leases/worktree-1", ".git/worktree-mcp/leases/trash", ".git/worktree-mcp/sessions/0123456789abcdef",
                $".git/worktree-mcp/runs/{Run}/run.json", $".git/worktree-mcp/runs/{Run}/watched", $".git/worktree-mcp/runs/{Run}/output-000000000000000",
                ".git/worktree-mcp/spares/spare-0123456789ab.json", ".git/worktree-mcp/trash/1.size",
                ".tasks/.task_1.json.tmp", ".worktrees/.index.json.tmp", ".tasks/stray.json",
                ".worktree-mcp.json", ".worktreeinclude", "../config/worktree-mcp/config.json",
                ".git/worktrees/a/locked", ".git/worktrees/a/gitdir", ".git/worktrees/a/ORIG_HEAD", ".worktrees/a/.git",
            ];
            foreach (var file in files)
            {
                // A pipe is what hangs.
                foreach (var kind in new[] { "pipe", "folder", "socket", "device" }.Where(kind => kind == "pipe" || Thorough.Tries(file + kind, oneIn: 6)))
                {
                    data.Add(file, kind);
                }
            }

            return data;
        }
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _repo.Dispose();
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void No_call_waits_for_what_is_no_file(string file, string kind)
    {
        Put(file, kind);
        WithoutHanging(() =>
        {
            using var server = Open();
            DoAll(server);
            server.Examine().Should().NotBeNull();
        });
    }

    [Theory]
    [InlineData(".worktrees/events.jsonl")]
    [InlineData(".git/worktree-mcp/oplog.jsonl")]
    [InlineData(".git/worktree-mcp/lock")]
    [InlineData(".git/worktree-mcp/lock-holder.json")]
    [InlineData(".git/worktree-mcp/landing.lock")]
    [InlineData(".git/worktree-mcp/landing-holder.json")]
    [InlineData(".worktrees/index.json")]
    public void A_pipe_in_the_place_of_a_file_of_ours_is_named_by_the_doctor_and_in_passing(string file)
    {
        var path = Put(file, "pipe");
        WithoutHanging(() =>
        {
            using var server = Open();

            server.Examine().Should().Contain(finding => finding.Code == "control_file_link" && finding.IsOpen && finding.Subject == path && finding.Message.Contains("pipe"));
            server.Drift().Should().Contain(line => line.StartsWith($"{file} is a pipe", StringComparison.Ordinal));
        });
    }

    [Theory]
    [InlineData(".git/worktree-mcp/oplog.jsonl")]
    [InlineData(".git/worktree-mcp/lock")]
    [InlineData(".worktrees/events.jsonl")]
    public void A_change_is_refused_by_the_name_of_the_pipe(string file)
    {
        Put(file, "pipe");
        WithoutHanging(() =>
        {
            using var server = Open();

            var refusal = ((Action)(() => server.Board.Create(new NewTask("x"), Steps.By))).Should().Throw<Refusal>().Which;

            refusal.Code.Should().Be(RefusalCode.CorruptFile, refusal.Message);
            refusal.Message.Should().Contain(file).And.Contain("pipe");
        });
    }

    [Theory]
    [InlineData("pipe", "it is a pipe")]
    [InlineData("socket", "it is a socket")]
    [InlineData("device", "it is a device")]
    public void A_task_that_is_no_file_is_damaged_and_all_others_work(string kind, string words)
    {
        Put(".tasks/task_1.json", kind);
        WithoutHanging(() =>
        {
            using var server = Open();

            server.Board.List(Listing.All).Damaged.Should().ContainSingle().Which.Problem.Should().Contain("it is a");
            server.Board.Update(2, new TaskEdit { Subject = "still" }, Steps.By).Warning.Should().BeNull();
            server.Examine().Should().Contain(finding => finding.Code == "task_file_foreign" && finding.Message.Contains(words.Split(' ')[0]));
        });
    }

    [Fact]
    public void A_task_file_that_is_far_too_large_is_named_and_not_read()
    {
        Sparse(".tasks/task_1.json", 1L << 30);
        using var server = Open();

        var taken = Taken(() => server.Board.List(Listing.All).Damaged.Should().ContainSingle().Which.Problem.Should().Contain("more than 16 MB"));

        taken.Should().BeLessThan(64L << 20);
        server.Board.Update(2, new TaskEdit { Subject = "still" }, Steps.By).Warning.Should().BeNull();
        server.Examine().Should().Contain(finding => finding.Code == "task_file_foreign" && finding.Message.Contains("16 MB"));
        new FileInfo(_repo.Layout.Task(1)).Length.Should().Be(1L << 30);
    }

    [Fact]
    public void A_registry_that_is_far_too_large_is_set_aside_whole_and_rebuilt()
    {
        Sparse(".worktrees/index.json", 1L << 30);
        using var server = Open();

        var taken = Taken(() => server.Worktrees.List(null, 50, null).Worktrees.Should().ContainSingle().Which.Worktree.Name.Should().Be("a"));

        taken.Should().BeLessThan(64L << 20);
        new DirectoryInfo(_repo.Layout.Quarantine).GetFiles("index.json*").Should().ContainSingle().Which.Length.Should().Be(1L << 30);
        _repo.EventLines()[^1].Should().Contain("board.repaired");
    }

    [Theory]
    [InlineData(".worktrees/events.jsonl", true)]
    [InlineData(".worktrees/events.jsonl", false)]
    [InlineData(".git/worktree-mcp/oplog.jsonl", true)]
    [InlineData(".git/worktree-mcp/oplog.jsonl", false)]
    public void A_line_without_an_end_does_not_come_into_memory(string log, bool hasEnd)
    {
        var path = Path.Join(_repo.Root, log);
        using (var stream = File.OpenWrite(path))
        {
            stream.SetLength(stream.Length + (300L << 20));
            stream.Seek(0, SeekOrigin.End);
            stream.Write(hasEnd ? "\n"u8 : "x"u8);
        }

        using var server = Open();
        var taken = Taken(() => server.Board.List(Listing.All).Tasks.Should().HaveCount(2));
        taken += Taken(() => server.Events(new EventQuery(10)).Events.Should().NotBeEmpty());
        server.Board.Create(new NewTask("three"), Steps.By).Warning.Should().BeNull();

        taken.Should().BeLessThan(1L << 30);
        server.Board.List(Listing.All).Tasks.Should().HaveCount(3);
        server.Board.Get(3).Task.Subject.Should().Be("three");
    }

    [Fact]
    public void Settings_that_are_far_too_large_are_named_and_not_read()
    {
        Sparse(".worktree-mcp.json", 1L << 30);
        RepositorySettings? settings = null;

        var taken = Taken(() => settings = new SettingsReader(new System.IO.Abstractions.FileSystem(), new Dictionary<string, string>()).Read(_repo.Root));

        taken.Should().BeLessThan(64L << 20);
        settings!.Warnings.Should().ContainSingle().Which.Should().Contain("more than 1 MB");
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("folder")]
    [InlineData("socket")]
    [InlineData("device")]
    public void Settings_that_are_no_file_are_named(string kind)
    {
        Put(".worktree-mcp.json", kind);
        WithoutHanging(() => new SettingsReader(new System.IO.Abstractions.FileSystem(), new Dictionary<string, string>()).Read(_repo.Root)
            .Warnings.Should().ContainSingle().Which.Should().Contain(".worktree-mcp.json").And.Contain("it is a"));
    }

    [Fact]
    public void Settings_may_lie_behind_a_link_of_a_persons()
    {
        var target = Path.Join(_repo.Base, "dotfiles.json");
        File.WriteAllText(target, """{ "branch_prefix": "mine/" }""");
        File.CreateSymbolicLink(Path.Join(_repo.Root, ".worktree-mcp.json"), target);

        var settings = new SettingsReader(new System.IO.Abstractions.FileSystem(), new Dictionary<string, string>()).Read(_repo.Root);

        settings.BranchPrefix.Should().Be("mine/");
        settings.Warnings.Should().BeEmpty();
    }

    [Theory]
    [InlineData(".tasks/task_1.json", "{\"id\":1,\"x\":")]
    [InlineData(".worktrees/index.json", "{\"worktrees\":")]
    public void Json_that_is_nested_without_end_is_damaged(string file, string begin)
    {
        _repo.Write(file, begin + new string('[', 2_000_000));
        WithoutHanging(() =>
        {
            using var server = Open();
            DoAll(server);
            server.Board.Get(2).Task.Subject.Should().Be("two");
        });
    }

    private static void DoAll(Repository server)
    {
        Action[] calls =
        [
            () => server.Board.List(Listing.All),
            () => server.Board.Create(new NewTask("x"), Steps.By),
            () => server.Board.Claim(2, null, "agent"),
            () => server.Overview.Look(new GlanceLimits()),
            () => server.Worktrees.List(null, 50, null),
            () => server.Make("c"),
            () => server.Shell("a", "head -c 200000 /dev/zero | tr '\\0' x"),
            () => server.Land("a"),
            () => server.Drop("a", force: true),
            () => server.Trash().Empty(server.Trash().Items(measure: true), Steps.By),
            () => server.Repair(),
        ];
        foreach (var call in calls)
        {
            try
            {
                call();
            }
            catch (Exception fault) when (fault is Refusal or NotPlainException)
            {
            }
        }
    }

    private Repository Open() => Repository.Open(
        _repo.Root,
        environment: new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = _repo.Base, ["XDG_CONFIG_HOME"] = Path.Join(_repo.Base, "config") },
        endsWithThisProcess: by => by == "agent");

    private static void WithoutHanging(Action act)
    {
        var done = new TaskCompletionSource();
        new Thread(() =>
        {
            try
            {
                act();
                done.SetResult();
            }
            catch (Exception fault)
            {
                done.SetException(fault);
            }
        })
        { IsBackground = true }.Start();
        done.Task.Wait(HangLimit, TestContext.Current.CancellationToken).Should().BeTrue("a call waits for what lies there");
    }

    private static long Taken(Action act)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        act();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void Sparse(string file, long length)
    {
        using var stream = File.Create(Path.Join(_repo.Root, file));
        stream.SetLength(length);
    }

    private string Put(string file, string kind)
    {
        var path = Path.GetFullPath(file, _repo.Root);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        switch (kind)
        {
            case "pipe":
                Make("mkfifo", path);
                break;
            case "socket":
                Assert.SkipWhen(path.Length > 107, "The name of a socket cannot be as long.");
                _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                _socket.Bind(new UnixDomainSocketEndPoint(path));
                break;
            case "device":
                Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only the super user makes devices.");
                Make("mknod", path, "c", "1", "5");
                break;
            default:
                Directory.CreateDirectory(path);
                break;
        }

        return path;
    }

    private static void Make(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        process.WaitForExit();
        Assert.SkipUnless(process.ExitCode == 0, $"{program} is not allowed here");
    }
}
