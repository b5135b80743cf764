using System.Diagnostics;
using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>
/// A branch that was checked out nowhere when it was judged is moved without any files. Whoever switches to it in that moment
/// has read it before, and gets the files of before under the name of after: to git that looks as if he took the landed
/// work away. Such a checkout is brought along, if nothing local is in the way; else it is named.
/// </summary>
internal sealed class MissedCheckouts(WorktreePlaces parts)
{
    private const string NoFile = "000000";

    private readonly InterruptedCheckouts _interrupted = new(parts);

    private static readonly TimeSpan LongestSwitch = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    /// <summary>Brings along whoever switched to a branch while it moved.</summary>
    /// <param name="landing">The move, which is done.</param>
    /// <param name="guard">What git inherits.</param>
    /// <returns>What a person has to do about one that could not be, or null.</returns>
    internal string? BringAlong(PendingLanding landing, SafeHandle guard)
    {
        AwaitSwitches();
        var changed = parts.Git.Trials.Changed(landing.From, landing.To);
        var left = parts.Git.Landing.CheckoutsOf(landing.Into, parts.Git.Refs).Where(checkout => IsBehind(checkout, landing, changed))
            .Select(checkout => Bring(checkout, landing, changed, guard)).OfType<(string Directory, string Why)>().ToList();
        return left.Count == 0 ? null
            : $"{string.Join(", ", left.Select(one => one.Directory))} was switched to {landing.Into} while it moved, holds the files of before and cannot be brought along: `git read-tree -m -u {landing.From[..12]} {landing.To[..12]}` there does that once what is in the way is gone{string.Concat(left.Where(one => one.Why.Length > 0).Select(one => $" ({one.Why})"))}";
    }

    // Null when it is where the branch is; else where it lies and what is in the way.
    private (string Directory, string Why)? Bring(BranchCheckout checkout, PendingLanding landing, IReadOnlyList<ChangedFile> changed, SafeHandle guard)
    {
        try
        {
            var answer = parts.Git.Landing.Carry(checkout, landing.From, landing.To, guard);
            if ((answer.Succeeded && _interrupted.IsThere(checkout, changed)) || _interrupted.Settle(checkout, landing.From, landing.To, guard))
            {
                return null;
            }

            return (checkout.Directory, answer.Error);
        }
        catch (HalfMovedException fault)
        {
            return (checkout.Directory, fault.Message);
        }
    }

    // A switch holds the index from before it writes the first file until its HEAD is set.
    private void AwaitSwitches()
    {
        var start = Stopwatch.GetTimestamp();
        while (Indexes().Any(parts.Exists) && Stopwatch.GetElapsedTime(start) < LongestSwitch)
        {
            Thread.Sleep(Look);
        }
    }

    private IEnumerable<string> Indexes() => parts.Git.Records.All().Where(record => !record.IsTrash).Select(record => record.Directory)
        .Prepend(parts.Layout.CommonDirectory).Select(folder => Path.Join(folder, "index.lock"));

    private bool IsBehind(BranchCheckout checkout, PendingLanding landing, IReadOnlyList<ChangedFile> changed)
    {
        if (parts.Git.Refs.ReadHead(checkout.Entry.Directory) is not { } head || head.ShortBranch != landing.Into || head.Commit != landing.To)
        {
            return false;
        }

        var indexed = parts.Git.Landing.Indexed(checkout);
        return changed.Count > 0 && changed.All(file => file.Before.Mode == NoFile ? !indexed.ContainsKey(file.Raw) : indexed.TryGetValue(file.Raw, out var entry) && entry == file.Before);
    }
}
