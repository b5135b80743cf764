using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Spares;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

/// <summary>
/// A folder or a side file of ours leads elsewhere. Whatever is called then, what lies there stays as it is, nothing is made there, and
/// the doctor and every look at the whole name it.
/// </summary>
public sealed class LinkedFoldersTests : IDisposable
{
    private const string OldSession = "0123456789abcdef";
    private const string OldRun = "run-0123456789abcdef0123456789abcdef";
    private const string OldSpare = "spare-0123456789ab";

    private static readonly DateTime LongAgo = DateTime.UtcNow.AddDays(-30);

    private readonly TempRepository _repo = new();
    private readonly string _elsewhere;

    public LinkedFoldersTests()
    {
        _elsewhere = Path.Join(_repo.Base, "elsewhere");
        using var server = Repository.Open(_repo.Root, new());
        server.Make("a", server.Task());
        server.Make("b");
        server.Drop("b", force: true);
        server.Task("two");
        server.Work("a", "landed.txt", "landed");
    }

    public static TheoryData<string> Places =>
    [
        ".git/worktree-mcp/sessions", ".git/worktree-mcp/runs", ".git/worktree-mcp/leases", ".git/worktree-mcp/spares", ".git/worktree-mcp/verify",
        ".git/worktree-mcp/sandbox", ".git/worktree-mcp/dropped", ".git/worktree-mcp/trash", ".git/worktree-mcp/quarantine", ".worktrees/.spares", ".worktrees/.trash",
        ".worktrees", ".tasks", ".git/worktree-mcp",
    ];

    public void Dispose() => _repo.Dispose();

    [Theory]
    [MemberData(nameof(Places))]
    public void Nothing_behind_a_folder_that_is_a_link_is_changed(string place)
    {
        Bait(_elsewhere);
        Link(place, _elsewhere);
        var before = Portrait(_elsewhere);
        using var server = Open();

        DoAll(server);

        Portrait(_elsewhere).Should().Be(before);
        IsNamed(server, place);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Nothing_is_made_where_a_link_leads_that_leads_nowhere(string place)
    {
        Link(place, _elsewhere);
        using var server = Open();

        DoAll(server);

        Path.Exists(_elsewhere).Should().BeFalse();
        IsNamed(server, place);
    }

    [Theory]
    [InlineData(".git/worktree-mcp/sessions")]
    [InlineData(".git/worktree-mcp/runs")]
    [InlineData(".git/worktree-mcp/verify")]
    [InlineData(".worktrees/.spares")]
    public void A_folder_of_the_repository_itself_is_no_better(string place)
    {
        var inside = Path.Join(_repo.Root, "src", "mine");
        Bait(inside);
        Link(place, inside);
        var before = Portrait(inside);
        using var server = Open();

        DoAll(server);

        Portrait(inside).Should().Be(before);
    }

    [Theory]
    [InlineData(".git/worktree-mcp/landing-holder.json")]
    [InlineData(".git/worktree-mcp/lock-holder.json")]
    [InlineData(".git/worktree-mcp/.landing-holder.json.tmp")]
    [InlineData(".git/worktree-mcp/.lock-holder.json.tmp")]
    [InlineData(".worktrees/.index.json.tmp")]
    [InlineData(".tasks/.task_1.json.tmp")]
    public void A_side_file_that_is_a_link_or_another_name_is_not_written_into(string file)
    {
        foreach (var isSymbolic in new[] { true, false })
        {
            var target = Path.Join(_repo.Base, "precious.txt");
            File.WriteAllText(target, "precious");
            var path = Path.Join(_repo.Root, file);
            File.Delete(path);
            if (isSymbolic)
            {
                File.CreateSymbolicLink(path, target);
            }
            else
            {
                Run("ln", target, path);
            }

            using (var server = Open())
            {
                server.Board.Update(1, new TaskEdit { Subject = $"another {isSymbolic}" }, Steps.By);
                server.Work("a", $"more-{isSymbolic}.txt", "more");
                server.Land("a").Should().NotBeNull();
            }

            File.ReadAllText(target).Should().Be("precious");
        }
    }

    [Fact]
    public void A_claim_takes_no_old_file_away_that_is_no_session()
    {
        var sessions = _repo.Layout.Sessions;
        Directory.CreateDirectory(sessions);
        var target = Path.Join(_repo.Base, "precious.txt");
        File.WriteAllText(target, "precious");
        File.WriteAllText(Path.Join(sessions, "notes.txt"), "notes");
        File.CreateSymbolicLink(Path.Join(sessions, OldSession), target);
        File.SetLastWriteTimeUtc(Path.Join(sessions, "notes.txt"), LongAgo);
        using var server = Repository.Open(_repo.Root, new(), endsWithThisProcess: _ => true);

        server.Board.Claim(2, null, "agent");

        File.ReadAllText(target).Should().Be("precious");
        File.Exists(Path.Join(sessions, "notes.txt")).Should().BeTrue();
        server.Examine().Should().Contain(finding => finding.Code == "control_file_link" && finding.Subject == Path.Join(sessions, OldSession));
    }

    [Theory]
    [InlineData("sessions")]
    [InlineData("leases")]
    [InlineData("runs")]
    public void A_file_in_the_place_of_a_folder_is_named_and_left(string folder)
    {
        var path = Path.Join(_repo.Layout.Private, folder);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        File.WriteAllText(path, "in the way");
        using var server = Open();

        DoAll(server);

        File.ReadAllText(path).Should().Be("in the way");
        IsNamed(server, $".git/worktree-mcp/{folder}");
    }

    [Fact]
    public void The_refusal_names_the_folder()
    {
        Bait(_elsewhere);
        Link(".git/worktree-mcp/leases", _elsewhere);
        Link(".git/worktree-mcp/sessions", _elsewhere);
        using var server = Open();

        Refused(() => server.Make("c")).Message.Should().Contain(".git/worktree-mcp/leases is a link");
        Refused(() => server.Shell("a", "true")).Message.Should().Contain(".git/worktree-mcp/leases is a link");
        Refused(() => server.Board.Claim(2, null, "agent")).Message.Should().Contain(".git/worktree-mcp/sessions is a link");
    }

    [Fact]
    public void A_folder_of_somebody_else_among_the_worktrees_is_no_leftover_of_a_landing()
    {
        _repo.Write(".worktrees/.verify-notes/mine.txt", "mine");
        _repo.Write(".git/worktree-mcp/verify/notes/mine.txt", "mine");
        using var server = Open();

        server.Land("a", verify: "true");

        _repo.Read(".worktrees/.verify-notes/mine.txt").Should().Be("mine");
        _repo.Read(".git/worktree-mcp/verify/notes/mine.txt").Should().Be("mine");
    }

    [Fact]
    public void A_link_above_the_folder_of_the_worktrees_is_refused()
    {
        var settings = new RepositorySettings { WorktreeRoot = "deep/trees" };
        using (var first = Repository.Open(_repo.Root, settings))
        {
            first.Make("c");
        }

        Directory.Move(Path.Join(_repo.Root, "deep"), _elsewhere);
        Directory.CreateSymbolicLink(Path.Join(_repo.Root, "deep"), _elsewhere);
        var before = Portrait(_elsewhere);
        using var server = Repository.Open(_repo.Root, settings);

        Refused(() => server.Make("d")).Message.Should().Contain("deep is a link");

        Portrait(_elsewhere).Should().Be(before);
        IsNamed(server, "deep", settings);
    }

    [Fact]
    public async Task A_folder_that_becomes_a_link_again_and_again_leads_no_claim_elsewhere()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere names are looked at, not held.");
        Bait(_elsewhere);
        foreach (var number in Enumerable.Range(0, 40))
        {
            File.WriteAllText(Path.Join(_elsewhere, $"{number:x16}"), "precious");
            File.SetLastWriteTimeUtc(Path.Join(_elsewhere, $"{number:x16}"), LongAgo);
        }

        var before = Portrait(_elsewhere);
        var (sessions, aside, link) = (_repo.Layout.Sessions, $"{_repo.Layout.Sessions}.aside", $"{_repo.Layout.Sessions}.link");
        Directory.CreateDirectory(sessions);
        Directory.CreateSymbolicLink(link, _elsewhere);
        using var end = new CancellationTokenSource();
        var swapping = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                Rename(sessions, aside);
                Rename(link, sessions);
                Rename(sessions, link);
                Rename(aside, sessions);
            }
        });

        for (var round = 0; round < 300; round++)
        {
            using var presence = new ServerPresence(_repo.Layout);
            Attempt(() => _ = presence.Session);
        }

        await end.CancelAsync();
        await swapping;
        Portrait(_elsewhere).Should().Be(before);
    }

    // A claim may have made a folder in between: that gives way.
    private static void Rename(string from, string to)
    {
        while (!Path.Exists(to))
        {
            Attempt(() => Directory.Move(from, to));
            if (!Path.Exists(from))
            {
                return;
            }
        }

        Directory.Move(to, $"{to}.{Guid.NewGuid():N}");
        Attempt(() => Directory.Move(from, to));
    }

    private Repository Open() => Repository.Open(_repo.Root, new(), endsWithThisProcess: by => by == "agent");

    // Each may refuse; none may go through.
    private void DoAll(Repository server)
    {
        Action[] calls =
        [
            () => server.Board.Create(new NewTask("x"), Steps.By),
            () => server.Board.Claim(2, null, "agent"),
            () => server.Tend(1),
            () => server.Make("c"),
            () => server.Shell("a", "head -c 3000000 /dev/zero | tr '\\0' x"),
            () => server.Worktrees.Restore("b", null, null, Steps.By),
            () => server.Trash().Empty(server.Trash().Items(measure: true), Steps.By),
            () => server.Land("a", verify: "true"),
            () => server.Drop("c", force: true),
            () => server.TryDiscardCheckoutsKeptReady(),
            () => Damage(server),
            () => server.Repair(),
        ];
        foreach (var call in calls)
        {
            Attempt(call);
        }
    }

    private void Damage(Repository server)
    {
        if (Directory.Exists(_repo.Layout.Tasks) && new DirectoryInfo(_repo.Layout.Tasks).LinkTarget is null)
        {
            File.WriteAllText(_repo.Layout.Task(1), "{");
        }

        server.Repair();
    }

    private static void Attempt(Action call)
    {
        try
        {
            call();
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
        }
    }

    private static Refusal Refused(Action call)
    {
        var refusal = call.Should().Throw<Refusal>().Which;
        refusal.Code.Should().Be(RefusalCode.CorruptFile, refusal.Message);
        return refusal;
    }

    private void IsNamed(Repository server, string place, RepositorySettings? settings = null)
    {
        _ = settings;
        server.Examine().Should().Contain(finding => finding.Code == "control_folder_link" && finding.IsOpen && finding.Subject == Path.Join(_repo.Root, place));
        server.Drift().Should().Contain(line => line.StartsWith($"{place} is a ", StringComparison.Ordinal));
    }

    private void Link(string place, string target)
    {
        var path = Path.Join(_repo.Root, place);
        if (Directory.Exists(path))
        {
            Directory.Move(path, Path.Join(_repo.Base, $"was-{Path.GetFileName(path)}"));
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateSymbolicLink(path, target);
    }

    // Named as ours are, and old enough to be swept away.
    private static void Bait(string folder)
    {
        string[] files = ["precious.txt", OldSession, $"{OldRun}/run.json", $"{OldSpare}.json", $"{OldSpare}/kept.txt", "1/kept.txt", "2/kept.txt", "3/kept.txt", "1/run-x/start", "2.size", "task_1.json", ".task_1.json.tmp", "worktree-7", ".verify-1/kept.txt"];
        foreach (var file in files)
        {
            var path = Path.Join(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "precious");
            File.SetLastWriteTimeUtc(path, LongAgo);
        }

        foreach (var inner in Directory.GetDirectories(folder, "*", SearchOption.AllDirectories))
        {
            Directory.SetLastWriteTimeUtc(inner, LongAgo);
        }
    }

    private static string Portrait(string folder) => string.Join(
        '\n',
        Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => $"{path} {(File.Exists(path) ? Convert.ToHexString(File.ReadAllBytes(path)) : "folder")}"));

    private static void Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        process.WaitForExit();
        process.ExitCode.Should().Be(0);
    }
}
