using System.Collections.Concurrent;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Threads and servers that make and remove worktrees at the same time.</summary>
public sealed class ManyAtOnceTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Many_threads_and_servers_make_worktrees_at_once()
    {
        var servers = new[] { _repo.Open(), _repo.Open() };
        var faults = new ConcurrentQueue<Exception>();

        Together(8, i => servers[i % 2].Make($"w{i}"), faults);

        faults.Should().BeEmpty();
        servers[0].Worktrees.List(WorktreeState.Active, 50, null).Total.Should().Be(8);
        servers[1].Worktrees.List(null, 50, null).Worktrees.Should().OnlyContain(row => row.Drift.Count == 0 && row.Changes!.IsClean);
        _repo.Git("for-each-ref", "--format=%(refname)", "refs/heads/wt").Split('\n').Should().HaveCount(8);
        Directory.GetDirectories(Path.Join(_repo.Root, ".git", "worktrees")).Should().HaveCount(8);
    }

    [Fact]
    public void One_of_many_that_want_the_same_name_gets_it_and_the_others_leave_nothing()
    {
        var servers = new[] { _repo.Open(), _repo.Open() };
        var tasks = Enumerable.Range(0, 4).Select(i => servers[0].Task($"task {i}")).ToArray();
        var faults = new ConcurrentQueue<Exception>();

        Together(4, i => servers[i % 2].Make("same", tasks[i]), faults);

        faults.Should().HaveCount(3).And.AllBeOfType<Refusal>().Which.Cast<Refusal>().Should().OnlyContain(r => r.Code == RefusalCode.AlreadyExists);
        _repo.Git("for-each-ref", "--format=%(refname)", "refs/heads/wt").Should().Be("refs/heads/wt/same");
        Directory.GetDirectories(Path.Join(_repo.Root, ".git", "worktrees")).Should().ContainSingle();
        _repo.EventNames().Count(name => name == "worktree.create.before").Should().Be(1);
        tasks.Select(id => servers[1].Board.Get(id).Task.Status).Count(state => state == TaskState.InProgress).Should().Be(1);
    }

    [Fact]
    public void One_name_that_many_create_and_remove_at_once_is_there_whole_or_not_at_all()
    {
        var servers = new[] { _repo.Open(), _repo.Open() };
        var faults = new ConcurrentQueue<Exception>();

        Together(16, i =>
        {
            for (var turn = 0; turn < 4; turn++)
            {
                try
                {
                    _ = ((i / 2) + turn) % 2 == 0 ? (object)servers[i % 2].Make("same") : servers[i % 2].Drop("same");
                }
                catch (Refusal refusal)
                {
                    faults.Enqueue(refusal);
                }
            }
        }, faults);

        faults.Where(fault => fault is not Refusal { Code: RefusalCode.AlreadyExists or RefusalCode.NotFound or RefusalCode.WorktreeBusy }).Should().BeEmpty();
        faults.Where(fault => fault.Message.Contains("identity", StringComparison.Ordinal)).Should().BeEmpty("nobody judges the files of one that is in the making");
        var left = servers[1].Worktrees.List(null, 50, null).Worktrees;
        left.Should().HaveCountLessThan(2);
        left.Where(row => row.Worktree.Status != WorktreeState.Active || row.Drift.Count > 0 || !row.Changes!.IsClean).Should().BeEmpty();
        _repo.Has(".worktrees/same").Should().Be(left.Count == 1);
        _repo.Git("for-each-ref", "--format=%(refname)", "refs/heads/wt").Should().Be(left.Count == 1 ? "refs/heads/wt/same" : string.Empty);
        var names = _repo.EventNames();
        names.Should().NotContain("worktree.create.failed").And.NotContain("worktree.remove.failed");
        names.Count(n => n == "worktree.create.after").Should().Be(names.Count(n => n == "worktree.remove.after") + left.Count);
    }

    private static void Together(int count, Action<int> call, ConcurrentQueue<Exception> faults)
    {
        using var start = new Barrier(count);
        var threads = Enumerable.Range(0, count).Select(i => new Thread(() =>
        {
            start.SignalAndWait();
            try
            {
                call(i);
            }
            catch (Exception fault)
            {
                faults.Enqueue(fault);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
    }
}
