using System.Text.RegularExpressions;
using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Spares;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>
/// The n-th rename of a directory fails, once or from then on: the call does it in another way or refuses, the next one
/// goes on from there, and no file is lost.
/// </summary>
public sealed partial class FailingRenamesTests
{
    private const string GoesOn = "The next call, even one that only reads, goes on from where this one stopped";

    private static readonly Dictionary<string, (Action<TempRepository> Prepare, Action<Repository> Act, int Renames)> Calls = new()
    {
        ["worktree_remove"] = (Fill, server => server.Drop("a", force: true), 2),
        ["worktree_restore"] = (FillAndDrop, server => Restore(server), 2),
        ["worktree_create from a spare"] = (FillAndSpare, server => server.Make("new"), 1),
    };

    private static readonly Dictionary<string, Func<string, Exception>> Errors = new()
    {
        ["an input/output error"] = path => new IOException($"Input/output error : '{path}'"),
        ["no permission"] = path => new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
        ["a sharing violation"] = path => new IOException($"The process cannot access the file '{path}'", unchecked((int)0x80070020)),
    };

    public static MatrixTheoryData<string, string, bool> EveryWay { get; } = new(Calls.Keys, Errors.Keys, [false, true]);

    [Theory]
    [MemberData(nameof(EveryWay))]
    public void Whatever_rename_fails_the_next_call_finishes_it_or_takes_it_back(string call, string error, bool lasts)
    {
        var (prepare, act, renames) = Calls[call];
        using var rewindable = new RewindableRepository(prepare);
        var before = Essence(rewindable);
        var probe = new FailingMoves(0, Errors[error], lasts);
        using (var healthy = Repository.Open(rewindable.Repo.Root, new(), files: probe))
        {
            act(healthy);
        }

        var after = Essence(rewindable);
        probe.Count.Should().Be(renames);
        for (var n = 1; n <= renames; n++)
        {
            rewindable.Rewind();
            var where = $"{call}, rename {n} of {renames}: {error}{(lasts ? " from then on" : string.Empty)}";
            var files = new FailingMoves(n, Errors[error], lasts);
            using var server = Repository.Open(rewindable.Repo.Root, new(), files: files);
            var words = Try(server, act);
            files.Count.Should().BeGreaterThanOrEqualTo(n, where);
            HoldsAllWork(rewindable.Repo, where);
            files.Heal();

            var now = Essence(rewindable);
            now.Should().Be(words is null ? after : words.Contains(GoesOn, StringComparison.Ordinal) && now == after ? after : before, $"{where}: {words}");
            if (now == before)
            {
                Try(server, act).Should().BeNull(where);
                Essence(rewindable).Should().Be(after, where);
            }

            HoldsAllWork(rewindable.Repo, where);
            server.Examine().Where(finding => finding.IsOpen).Should().BeEmpty(where);
        }
    }

    // Whether git's record was a spare's or is a new one makes no difference.
    private static string Essence(RewindableRepository rewindable) => RecordsOfNew().Replace(rewindable.Essence(), "a new");

    [GeneratedRegex(@"^a( new| spare-\w+)+$", RegexOptions.Multiline)]
    private static partial Regex RecordsOfNew();

    private static string? Try(Repository server, Action<Repository> act)
    {
        try
        {
            act(server);
            return null;
        }
        catch (Refusal refusal)
        {
            return refusal.Message;
        }
    }

    private static void Restore(Repository server) => server.Worktrees.Restore("a", null, null, Steps.By).Step.Warning.Should().BeNull();

    private static void HoldsAllWork(TempRepository repo, string where)
    {
        var all = Directory.EnumerateFiles(repo.Root, "*.work", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 });
        all.Select(path => $"{Path.GetFileName(path)} {File.ReadAllText(path)}").Order(StringComparer.Ordinal).Should().Equal(["new.work mine", "staged.work mine too"], where);
    }

    private static void Fill(TempRepository repo)
    {
        using var server = Repository.Open(repo.Root, new());
        server.Make("a", server.Task("first"));
        repo.Write(".worktrees/a/new.work", "mine");
        repo.Write(".worktrees/a/staged.work", "mine too");
        repo.GitIn(".worktrees/a", "add", "staged.work");
    }

    private static void FillAndDrop(TempRepository repo)
    {
        Fill(repo);
        using var server = Repository.Open(repo.Root, new());
        server.Drop("a", force: true);
    }

    private static void FillAndSpare(TempRepository repo)
    {
        Fill(repo);
        using var server = Repository.Open(repo.Root, new());
        server.Tend(1);
        repo.ForgetFingerprints();
    }
}
