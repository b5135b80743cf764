using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class LockingTests : IDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    private readonly StateFolder _folder = new();

    public LockingTests() => _folder.Open().Board.Create(new NewTask("first"), "a");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Another_process_that_holds_the_lock_is_waited_for_and_then_named()
    {
        using var holder = Hold();
        File.WriteAllText(_folder.Layout.LockHolder, """{"pid":4711,"host":"elsewhere","operation":"worktree.create","since":1730000000.5}""");
        var state = _folder.Open(patience: Short);

        var refusal = ((Action)(() => state.Board.Create(new NewTask("x"), "a"))).Should().Throw<Refusal>().Which;

        refusal.Code.Should().Be(RefusalCode.Busy);
        refusal.Message.Should().Contain("4711").And.Contain("elsewhere").And.Contain("worktree.create").And.Contain("2024-10-27 03:33:20Z");
        state.Board.List(Listing.All).Total.Should().Be(1);
        holder.Kill();
        holder.WaitForExit();
        state.Board.Create(new NewTask("x"), "a").View.Task.Id.Should().Be(2);
    }

    [Fact]
    public void A_reader_does_not_wait_for_a_holder_who_stopped_between_the_log_and_the_files()
    {
        for (var at = 1; !IsLogAhead(); at++)
        {
            at.Should().BeLessThan(50);
            try
            {
                _folder.Open(new FaultyFiles(at, Fault.DiesAfter)).Board.Create(new NewTask("second"), "a");
            }
            catch (Exception fault) when (fault is DiedException or Refusal)
            {
            }
        }

        using var holder = Hold();
        var reader = _folder.Open();
        reader.Board.List(Listing.All).Tasks.Should().OnlyContain(row => row.Task.Subject == "first");
        holder.Kill();
        holder.WaitForExit();
        reader.Board.List(Listing.All).Tasks.Should().Contain(row => row.Task.Subject == "second");

        bool IsLogAhead() => File.ReadAllText(_folder.Layout.OperationLog).Contains("\"second\"", StringComparison.Ordinal) && !File.Exists(_folder.Layout.Task(2));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"pid\":\"x\"}")]
    [InlineData("{\"pid\":1,\"host\":\"h\",\"operation\":\"o\",\"since\":1e300}")]
    public void A_holder_file_that_says_nothing_spoils_no_message(string content)
    {
        using var holder = Hold();
        File.WriteAllText(_folder.Layout.LockHolder, content);

        ((Action)(() => _folder.Open(patience: Short).Board.Create(new NewTask("x"), "a"))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.Busy);
        holder.Kill();
        holder.WaitForExit();
    }

    [Fact]
    public async Task A_waiter_goes_on_as_soon_as_a_killed_holder_is_gone()
    {
        using var holder = Hold();
        var state = _folder.Open();
        var waiting = Task.Run(() => state.Board.Create(new NewTask("x"), "a"));
        holder.Kill();

        (await waiting.WaitAsync(TimeSpan.FromSeconds(10))).View.Task.Id.Should().Be(2);
        holder.WaitForExit();
    }

    [Fact]
    public void Two_servers_in_one_process_exclude_each_other_and_so_do_threads_of_one()
    {
        var one = _folder.Open(patience: Short);
        var two = _folder.Open(patience: Short);
        using (one.Store.Begin("long work", "a"))
        {
            foreach (var state in new[] { one, two })
            {
                ((Action)(() => state.Store.Begin("x", "b"))).Should().Throw<Refusal>()
                    .Which.Should().Match<Refusal>(r => r.Code == RefusalCode.Busy && r.Message.Contains("long work"));
            }
        }

        two.Store.Begin("x", "b").Dispose();
        one.Store.Begin("x", "b").Dispose();
    }

    [Fact]
    public void A_waiter_that_gave_up_does_not_keep_the_lock_it_gets_later()
    {
        var one = _folder.Open();
        var two = _folder.Open(patience: Short);
        var held = one.Store.Begin("long work", "a");
        ((Action)(() => two.Store.Begin("x", "b"))).Should().Throw<Refusal>();
        held.Dispose();

        one.Store.Begin("next", "a").Dispose();
        two.Store.Begin("next", "b").Dispose();
    }

    [Fact]
    public void However_many_give_up_while_a_holder_hangs_one_waits_for_it()
    {
        using var holder = Hold();
        for (var call = 0; call < 5; call++)
        {
            ((Action)(() => _folder.Open(patience: Short).Store.Begin("x", "a"))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.Busy);
        }

        OpenHere(_folder.Layout.Lock).Should().Be(OperatingSystem.IsLinux() ? 1 : 0);
        holder.Kill();
        holder.WaitForExit();
        _folder.Open().Store.Begin("x", "a").Dispose();
    }

    [Fact]
    public async Task The_same_is_so_of_landings_and_who_waits_comes_in_order()
    {
        var first = LandingLock.Try(_folder.Layout)!;
        for (var call = 0; call < 5; call++)
        {
            ((Action)(() => Land(Short))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.Busy);
        }

        // Its own descriptor, and that of the one who waits.
        OpenHere(_folder.Layout.LandingLock).Should().Be(OperatingSystem.IsLinux() ? 2 : 0);
        var waiting = Enumerable.Range(0, 3).Select(_ => Task.Run(() => Land(TimeSpan.FromSeconds(60)).Dispose())).ToList();
        first.Dispose();
        await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromSeconds(60));

        LandingLock Land(TimeSpan patience) => LandingLock.Acquire(_folder.Layout, patience, TimeProvider.System, "landing", _ => { }, default);
    }

    [Fact]
    public void A_lock_that_comes_after_its_file_was_replaced_is_that_of_the_new_one()
    {
        var path = _folder.Layout.Lock;
        var held = FileLock.At(_folder.Layout, path).Try()!;
        var pending = FileLock.At(_folder.Layout, path).Ask();
        pending.Came(Short).Should().BeNull();
        File.Move(path, $"{path}-old");
        File.WriteAllText(path, string.Empty);
        Posix.Unlock(held);

        using var late = pending.Came(TimeSpan.FromSeconds(60));

        late.Should().NotBeNull();
        FileLock.At(_folder.Layout, path).Try().Should().BeNull("it is in hand");
    }

    [Fact]
    public void A_lock_in_hand_can_be_given_back_after_its_repository_was_closed()
    {
        var state = _folder.Open();
        var held = state.Store.Begin("late", "a");
        state.Store.Dispose();

        ((Action)held.Dispose).Should().NotThrow();
        _folder.Open(patience: Short).Store.Begin("x", "a").Dispose();
    }

    private static int OpenHere(string path) => OperatingSystem.IsLinux() ? Directory.EnumerateFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget == path) : 0;

    [Fact]
    public void A_refusal_inside_a_change_frees_the_lock()
    {
        var state = _folder.Open(patience: Short);
        ((Action)(() => state.Board.Update(99, new TaskEdit { Note = "x" }, "a"))).Should().Throw<Refusal>();
        Directory.Delete(_folder.Layout.Tasks, recursive: true);
        File.WriteAllText(_folder.Layout.Tasks, "in the way");
        ((Action)(() => state.Board.Create(new NewTask("x"), "a"))).Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.CorruptFile);
        File.Delete(_folder.Layout.Tasks);

        _folder.Open(patience: Short).Board.Create(new NewTask("x"), "a").View.Task.Id.Should().Be(2);
        state.Board.List(Listing.All).Total.Should().Be(2);
    }

    // Says one line when it has the lock, and holds it until it is killed.
    private Process Hold()
    {
        var start = new ProcessStartInfo("flock") { RedirectStandardOutput = true };
        foreach (var argument in new[] { "--no-fork", _folder.Layout.Lock, "sh", "-c", "echo held; exec sleep 600" })
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;

        // What is read from the stream is asked for here, so it is closed here: the process does not close it.
        using var output = process.StandardOutput;
        output.ReadLine().Should().Be("held");
        return process;
    }
}
