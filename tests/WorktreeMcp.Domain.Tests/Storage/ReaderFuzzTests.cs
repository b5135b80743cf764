using System.Diagnostics;
using System.Globalization;
using System.IO.Abstractions;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

/// <summary>
/// Every file that says what we do next, with contents that nobody would write: readers refuse or pass over, and nothing beside
/// the repository and nobody's work changes. WORKTREEMCP_FUZZ_READERS says how many contents of each file,
/// WORKTREEMCP_FUZZ_SEED which; the seed of a run stands in the test's output.
/// </summary>
public sealed class ReaderFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int ContentsByDefault = 60;
    private const int EachSlowCall = 10;
    private const long MostMemory = 512L * 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, byte[]> _sound = [];
    private TempRepository _repo = new();
    private Repository? _server;

    public void Dispose()
    {
        _server?.Dispose();
        _repo.Dispose();
    }

    [Theory]
    [InlineData("index")]
    [InlineData("task")]
    [InlineData("oplog")]
    [InlineData("events")]
    [InlineData("run")]
    [InlineData("holder")]
    [InlineData("approval")]
    public void Whatever_a_file_holds_is_refused_or_passed_over(string kind)
    {
        var count = Number("WORKTREEMCP_FUZZ_READERS") ?? ContentsByDefault;
        var seed = Number("WORKTREEMCP_FUZZ_SEED") ?? Random.Shared.Next();
        output.WriteLine($"{kind}: WORKTREEMCP_FUZZ_READERS={count} WORKTREEMCP_FUZZ_SEED={seed}");
        Prepare();
        var mutations = new Mutations(seed, Outside);
        var (refused, longest, rebuilt) = (0, TimeSpan.Zero, 0);
        for (var at = 0; at < count; at++)
        {
            var file = FileOf(kind);
            var content = mutations.Of(_sound[file], ofLines: file.EndsWith(".jsonl", StringComparison.Ordinal));
            File.WriteAllBytes(file, content);
            var (begin, memory) = (Stopwatch.GetTimestamp(), GC.GetTotalAllocatedBytes());
            foreach (var call in Calls(kind, at))
            {
                refused += Try(call, content, $"{kind} {at} of seed {seed}") ? 0 : 1;
            }

            var took = Stopwatch.GetElapsedTime(begin);
            longest = took > longest ? took : longest;
            took.Should().BeLessThan(Limit, Words(content));
            (GC.GetTotalAllocatedBytes() - memory).Should().BeLessThan(MostMemory, Words(content));
            NothingWasLost(content);
            rebuilt += PutBack() ? 0 : 1;
        }

        output.WriteLine($"{refused} refusals, longest {longest.TotalMilliseconds:0} ms, {rebuilt} repositories made anew");
    }

    private string Outside => Path.Join(_repo.Base, "outside");

    private static bool Try(Action call, byte[] content, string which)
    {
        try
        {
            call();
            return true;
        }
        catch (Refusal)
        {
            return false;
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException($"{which}: {Words(content)}", fault);
        }
    }

    private void Prepare()
    {
        Directory.CreateDirectory(Outside);
        File.WriteAllText(Path.Join(Outside, "key"), "secret");
        File.WriteAllText(Path.Join(Outside, ".git"), "gitdir: nowhere\n");
        _repo.Git("branch", "precious", _repo.Git("commit-tree", "-p", "HEAD", "-m", "only here", "HEAD^{tree}"));
        using (var repository = _repo.Open())
        {
            var task = repository.Task();
            repository.Make("a", task);
            repository.Board.Update(task, new TaskEdit { Note = "noted", Labels = ["one"] }, Steps.By);
            repository.Board.Create(new NewTask("Second", BlockedBy: [task]), Steps.By);
            repository.Make("b");
            repository.Work("b", "landed.txt", "landed");
            repository.Land("b");
            repository.Make("c");
            repository.Work("c", "own.txt", "own");
            repository.Drop("c", force: true);
            _repo.Write(".worktrees/a/work.txt", "work");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(RunFile)!);
        File.WriteAllBytes(RunFile, StateJson.File(new RunRecord
        {
            RunId = RunId,
            Kind = "command",
            Worktree = "a",
            Command = "make",
            By = Steps.By,
            StartedAt = 1,
            TimeoutSeconds = 10,
            WatchedBy = 1,
            Boot = "boot",
            End = new RunEnd(0, null, false, false, null, null, 2, 1, 3, [7]),
        }.ToJson()));
        File.WriteAllText(Path.Join(Path.GetDirectoryName(RunFile)!, "output-0"), "abc");
        Directory.CreateDirectory(Path.GetDirectoryName(Approval)!);
        _repo.Write(".worktree-mcp.json", """{"setup":["make"]}""");
        Trust().Approve(Trust().Wanted());
        _server = _repo.Open();
        Server.Board.List(Listing.All);
        _sound.Clear();
        foreach (var file in Files())
        {
            _sound[file] = File.ReadAllBytes(file);
        }
    }

    private Repository Server => _server!;

    private static string RunId => "run-" + new string('a', 32);

    private string RunFile => Path.Join(_repo.Layout.Runs, RunId, "run.json");

    private string Approval => Directory.Exists(TrustFolder) && Directory.GetFiles(TrustFolder) is [var only, ..] ? only : Path.Join(TrustFolder, "none");

    private string TrustFolder => Path.Join(_repo.Base, "trust");

    private Trust Trust() => new(_repo.Root, TrustFolder, new FileSystem(), new Disk(), TimeProvider.System, _ => []);

    private IEnumerable<string> Files() =>
    [
        .. Directory.GetFiles(_repo.Layout.Tasks), _repo.Layout.Index, _repo.Layout.Events, _repo.Layout.OperationLog, _repo.Layout.LockHolder, RunFile, Approval,
    ];

    private string FileOf(string kind) => kind switch
    {
        "index" => _repo.Layout.Index,
        "task" => _repo.Layout.Task(1),
        "oplog" => _repo.Layout.OperationLog,
        "events" => _repo.Layout.Events,
        "run" => RunFile,
        "holder" => _repo.Layout.LockHolder,
        _ => Approval,
    };

    private IEnumerable<Action> Calls(string kind, int at)
    {
        switch (kind)
        {
            case "run":
                yield return () => Server.Worktrees.Output(RunId, 0, 1000, TimeSpan.Zero, CancellationToken.None);
                yield return () => Server.Worktrees.Stop(RunId, Steps.By);
                yield break;
            case "holder":
                yield return () => LockHolder.From(File.ReadAllBytes(_repo.Layout.LockHolder));
                yield break;
            case "approval":
                yield return () => Trust().IsApproved(Trust().Wanted());
                yield break;
        }

        yield return () => Server.Board.List(Listing.All);
        yield return () => Server.Board.Get(1);
        yield return () => Server.Worktrees.List(null, 50, null);
        yield return () => Server.Worktrees.List(WorktreeState.Removed, 50, null);
        yield return () => Server.Events(new EventQuery(20));
        yield return () => Server.Drift();
        yield return () => Server.Trash().Sweep(Steps.By, CancellationToken.None);
        yield return () => Server.Board.Update(1, new TaskEdit { Note = $"note {at}" }, Steps.By);
        if (at % EachSlowCall == 0)
        {
            yield return () => Server.Overview.Look(new GlanceLimits());
            yield return () => Server.Worktrees.Status("a");
            yield return () => Server.Examine();
            yield return () => FromAnew();
        }
    }

    // As another server reads it.
    private void FromAnew()
    {
        using var store = new StateStore(_repo.Layout, new FileSystem(), new Disk(), TimeProvider.System);
        new TaskBoard(store).List(Listing.All);
        store.Worktrees();
        store.Begin("nothing", Steps.By).Dispose();
    }

    private void NothingWasLost(byte[] content)
    {
        Directory.GetFileSystemEntries(Outside).Order(StringComparer.Ordinal).Should().Equal([Path.Join(Outside, ".git"), Path.Join(Outside, "key")], Words(content));
        File.ReadAllText(Path.Join(Outside, "key")).Should().Be("secret");
        Directory.GetFileSystemEntries(_repo.Base).Should().HaveCount(3, Words(content));
        File.Exists(Path.Join(_repo.Root, ".git", "refs", "heads", "precious")).Should().BeTrue(Words(content));
        File.Exists(Path.Join(_repo.Root, ".git", "refs", "heads", "main")).Should().BeTrue(Words(content));
        _repo.Read("README.md").Should().Be("hello\n", Words(content));
        Holds("work.txt", ".worktrees/a", "1").Should().BeTrue(Words(content));
        Holds("own.txt", ".worktrees/c", "3").Should().BeTrue(Words(content));
    }

    private bool Holds(string file, string place, string trash) => _repo.Has($"{place}/{file}") || File.Exists(Path.Join(_repo.Layout.Trash, trash, file));

    // What a sound reader did on a content's word, such as taking a worktree down that was said to be gone, ends the repository.
    private bool PutBack()
    {
        var isAsBefore = _repo.Has(".worktrees/a/work.txt") && Directory.Exists(Path.Join(_repo.Layout.Trash, "3")) && File.Exists(Path.Join(_repo.Root, ".git", "refs", "heads", "wt", "a"));
        if (!isAsBefore)
        {
            _repo.Dispose();
            _repo = new TempRepository();
            Prepare();
            return false;
        }

        foreach (var file in Directory.GetFiles(_repo.Layout.Tasks).Where(file => !_sound.ContainsKey(file)))
        {
            File.Delete(file);
        }

        if (Directory.Exists(_repo.Layout.Quarantine))
        {
            Directory.Delete(_repo.Layout.Quarantine, recursive: true);
        }

        foreach (var (file, bytes) in _sound)
        {
            File.WriteAllBytes(file, bytes);
        }

        return true;
    }

    private static string Words(byte[] content) => Convert.ToBase64String(content.Length > 20_000 ? content[..20_000] : content);

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
