using System.Collections.Concurrent;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Worktrees.Looking;

/// <summary>
/// Has distances counted for an answer that waits no longer than it may: in a long history one takes seconds. What is not ready by
/// then is counted on, and the next question knows it. One count goes on at a time.
/// </summary>
internal sealed class DistanceCounting(BranchDistances distances, BackgroundFaults faults)
{
    private const int MostRemembered = 1_000;

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<(string, string), string> _uncountable = new();
    private Task _counting = Task.CompletedTask;

    /// <summary>Counts what is not known yet, and comes back when that is done or the time is over.</summary>
    internal void Within(IReadOnlyList<CommitPair> pairs, Func<TimeSpan> left)
    {
        // Another question may be at it, and for some of the same.
        if (Unknown(pairs).Count > 0 && Wait(Current(), left()) && Unknown(pairs) is { Count: > 0 } open)
        {
            Wait(Begin(open), left());
        }
    }

    /// <summary>How far they are from each other; null while that is not known.</summary>
    internal (int Ahead, int Behind)? Find(CommitPair pair) => distances.Find(pair.Commit, pair.BaseCommit);

    /// <summary>Why git cannot tell; null when it can, or has not been asked.</summary>
    internal string? FaultOf(CommitPair pair) => _uncountable.GetValueOrDefault((pair.Commit, pair.BaseCommit));

    private List<CommitPair> Unknown(IReadOnlyList<CommitPair> pairs) => [.. distances.Unknown(pairs).Where(pair => FaultOf(pair) is null)];

    private static bool Wait(Task counting, TimeSpan left) => counting.IsCompleted || (left > TimeSpan.Zero && counting.Wait(left));

    private Task Current()
    {
        lock (_gate)
        {
            return _counting;
        }
    }

    private Task Begin(List<CommitPair> open)
    {
        lock (_gate)
        {
            return _counting.IsCompleted
                ? _counting = Task.Factory.StartNew(() => faults.Guard("counting commits", () => Count(open)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                : _counting;
        }
    }

    private void Count(List<CommitPair> open)
    {
        distances.Learn(open);
        foreach (var pair in open)
        {
            try
            {
                distances.Of(pair.Commit, pair.BaseCommit);
            }
            catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
            {
                // Said once more with the next commit; a broken history is not asked about with every question.
                if (_uncountable.Count >= MostRemembered)
                {
                    _uncountable.Clear();
                }

                _uncountable[(pair.Commit, pair.BaseCommit)] = refusal.Message;
            }
        }
    }
}
