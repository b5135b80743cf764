using System.Diagnostics;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Looking;

/// <summary>
/// Tells how many worktrees stand, within a time. Invariants:
/// - what costs no process is read anew for every answer, and commits are counted within its time; the status, which does, is told as of now only if git was asked after
///   the question, or if the worktree was watched since git was asked and nothing has happened in it; else its age is told;
/// - two processes at most ask for statuses at a time, those that were not asked for longest first, and none under a lock;
/// - a status that was begun or waits is finished after the answer, and serves the next question.
/// </summary>
internal sealed class WorktreeStatuses(WorktreeInspection inspection, WorktreePlaces parts) : IDisposable
{
    private const int MostAtOnce = 2;

    // What is not as of now is never told as if it were, however coarse the clock.
    private const double LeastAge = 0.001;

    /// <summary>For an answer that tells what is known, and has nobody asked: no process is started for it.</summary>
    internal static readonly TimeSpan AsKnown = TimeSpan.FromTicks(-1);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly object _gate = new();
    private readonly TreeWatches _watches = new(parts.Store.Faults);
    private readonly DistanceCounting _distances = new(parts.Git.Distances, parts.Store.Faults);
    private readonly Dictionary<int, Seen> _seen = [];
    private readonly Dictionary<int, Worktree> _waiting = [];
    private readonly HashSet<int> _running = [];
    private readonly List<Thread> _lookers = [];
    private readonly CancellationTokenSource _over = new();
    private long _order;
    private bool _isOver;

    /// <summary>These worktrees in the order given.</summary>
    /// <param name="worktrees">Which.</param>
    /// <param name="all">All entries; what is known of others is forgotten.</param>
    /// <param name="budget">How long the answer may wait for statuses; <see cref="AsKnown"/> for what is known.</param>
    internal IReadOnlyList<WorktreeView> Look(IReadOnlyList<Worktree> worktrees, IReadOnlyList<Worktree> all, TimeSpan budget)
    {
        var begun = Stopwatch.GetTimestamp();
        var asked = Interlocked.Increment(ref _order);
        Forget(all);
        var sketches = worktrees.Select(inspection.Sketch).ToList();
        var conditions = sketches.Exists(sketch => sketch.Entry is not null) ? parts.Git.Conditions.Now() : null;
        List<WorktreeSketch> open;
        lock (_gate)
        {
            open = sketches.Where(sketch => sketch.Entry is not null && !IsFresh(sketch, conditions, asked)).ToList();
            if (budget != AsKnown)
            {
                open.ForEach(sketch => _waiting[sketch.View.Worktree.Id] = sketch.View.Worktree);
                Employ();
            }
        }

        if (budget != AsKnown)
        {
            _distances.Within([.. sketches.Select(sketch => sketch.Pair).OfType<CommitPair>()], () => budget - Stopwatch.GetElapsedTime(begun));
        }

        lock (_gate)
        {
            open.RemoveAll(sketch => IsFresh(sketch, conditions, asked));
            while (open.Count > 0 && budget - Stopwatch.GetElapsedTime(begun) is { Ticks: > 0 } left)
            {
                Monitor.Wait(_gate, left);
                open.RemoveAll(sketch => IsFresh(sketch, conditions, asked));
            }
        }

        return [.. sketches.Select(sketch => Told(sketch, conditions, asked))];
    }

    public void Dispose()
    {
        List<Thread> lookers;
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            _over.Cancel();
            lookers = [.. _lookers];
        }

        lookers.ForEach(looker => looker.Join(Patience));
        _watches.Dispose();
        _over.Dispose();
    }

    /// <summary>Marks this moment in a worktree; null where it cannot be watched whole.</summary>
    internal long? Mark(Worktree worktree) => parts.Identify(worktree).Entry is { } entry ? Mark(worktree, entry) : null;

    /// <summary>Whether nothing has happened in it, and in git's record of it, since it was marked.</summary>
    internal bool IsUnchanged(Worktree worktree, long mark) => _watches.IsUnchanged(worktree.Id, mark);

    private long? Mark(Worktree worktree, AdminEntry entry) => _watches.Mark(worktree.Id, parts.DirectoryOf(worktree), entry.Directory);

    private WorktreeView Told(WorktreeSketch sketch, string? conditions, long asked)
    {
        var view = Measured(sketch);
        if (sketch.Entry is null)
        {
            return view;
        }

        lock (_gate)
        {
            if (!_seen.TryGetValue(view.Worktree.Id, out var seen))
            {
                return view with { IsStatusPending = true };
            }

            view = seen.Problem is { } problem ? view.With(problem) : view;
            var age = parts.Store.Time.GetElapsedTime(seen.At).TotalSeconds;
            return view with { Changes = seen.Changes, StatusAge = IsFresh(sketch, conditions, asked) ? 0 : Math.Max(age, LeastAge) };
        }
    }

    private WorktreeView Measured(WorktreeSketch sketch) => sketch.Pair is not { } pair ? sketch.View
        : _distances.Find(pair) is { } distance ? sketch.View with { Ahead = distance.Ahead, Behind = distance.Behind }
        : sketch.View.With(_distances.FaultOf(pair) ?? "how many commits it is ahead and behind is still being counted");

    // Whether what was seen holds for a question; the lock is held.
    private bool IsFresh(WorktreeSketch sketch, string? conditions, long asked)
    {
        if (!_seen.TryGetValue(sketch.View.Worktree.Id, out var seen))
        {
            return false;
        }

        if (seen.Order > asked)
        {
            return true;
        }

        var holds = seen.Mark is { } mark && seen.Key == KeyOf(sketch, conditions) && _watches.IsUnchanged(sketch.View.Worktree.Id, mark);
        if (holds)
        {
            _seen[sketch.View.Worktree.Id] = seen with { At = parts.Store.Time.GetTimestamp() };
        }

        return holds;
    }

    private void Forget(IReadOnlyList<Worktree> all)
    {
        var living = all.Where(worktree => worktree.IsLive).Select(worktree => worktree.Id).ToHashSet();
        _watches.Keep(living);
        inspection.Touched.Keep(living);
        lock (_gate)
        {
            foreach (var gone in _seen.Keys.Where(id => !living.Contains(id)).ToList())
            {
                _seen.Remove(gone);
            }
        }
    }

    // Threads of their own: those of the pool are few, and answer calls.
    private void Employ()
    {
        while (_lookers.Count < Math.Min(MostAtOnce, _waiting.Count) && !_isOver)
        {
            var looker = new Thread(Work) { IsBackground = true, Name = "worktree status" };
            _lookers.Add(looker);
            looker.Start();
        }
    }

    private void Work()
    {
        while (Next() is { } worktree)
        {
            Seen? seen = null;
            try
            {
                seen = LookAt(worktree);
            }
            catch (Exception fault)
            {
                if (fault is not (IOException or UnauthorizedAccessException or Refusal) && !_isOver)
                {
                    parts.Store.Faults.Tell($"looking at {worktree.Name}", fault);
                }

                seen = new Seen(null, fault.Message, string.Empty, null, Interlocked.Increment(ref _order), parts.Store.Time.GetTimestamp());
            }
            finally
            {
                lock (_gate)
                {
                    _running.Remove(worktree.Id);
                    if (seen is not null)
                    {
                        _seen[worktree.Id] = seen;
                    }

                    Monitor.PulseAll(_gate);
                }
            }
        }
    }

    // One worktree is never looked at twice at a time; the older look would replace the younger one.
    private Worktree? Next()
    {
        lock (_gate)
        {
            var next = _isOver ? null
                : _waiting.Values.Where(worktree => !_running.Contains(worktree.Id)).MinBy(worktree => _seen.TryGetValue(worktree.Id, out var seen) ? seen.Order : 0);
            if (next is null)
            {
                _lookers.Remove(Thread.CurrentThread);
                return null;
            }

            _waiting.Remove(next.Id);
            _running.Add(next.Id);
            return next;
        }
    }

    private Seen LookAt(Worktree worktree)
    {
        var order = Interlocked.Increment(ref _order);
        var conditions = parts.Git.Conditions.Now();
        var at = parts.Store.Time.GetTimestamp();
        var sketch = inspection.Sketch(worktree);
        if (sketch.Entry is not { } entry)
        {
            return new Seen(null, null, string.Empty, null, order, at);
        }

        bool alone;
        lock (_gate)
        {
            alone = _running.Count + _waiting.Count < 2;

            // A look that was under way when it was asked for may do, if nothing happened since.
            if (IsFresh(sketch, conditions, order))
            {
                return _seen[worktree.Id] with { Order = order };
            }
        }

        // First the mark, then what the status is of, then the status: whatever changes on the way shows.
        var mark = conditions is null ? null : Mark(worktree, entry);
        sketch = inspection.Sketch(worktree);
        var key = KeyOf(sketch, conditions);
        try
        {
            var files = parts.Git.Status(entry, sketch.View.Directory, alone: alone, cancel: _over.Token);
            inspection.Touched.SeeUncommitted(worktree.Id, sketch.View.Head, files.Names);
            var stayed = KeyOf(inspection.Sketch(worktree), parts.Git.Conditions.Now()) == key;
            return new Seen(files.Counts, null, key, stayed ? mark : null, order, at);
        }
        catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
        {
            return new Seen(null, refusal.Message, key, null, order, at);
        }
    }

    private static string KeyOf(WorktreeSketch sketch, string? conditions) => $"{sketch.View.Directory}\n{sketch.Entry?.Directory}\n{sketch.View.Head}\n{conditions}";

    /// <summary>A status.</summary>
    /// <param name="Changes">What git said; null when it could not.</param>
    /// <param name="Problem">Why it could not.</param>
    /// <param name="Key">What the status is of.</param>
    /// <param name="Mark">The moment from which the worktree was watched; null when it was not.</param>
    /// <param name="Order">Its place among questions and looks.</param>
    /// <param name="At">When it was so last.</param>
    private sealed record Seen(ChangeCounts? Changes, string? Problem, string Key, long? Mark, long Order, long At);
}
