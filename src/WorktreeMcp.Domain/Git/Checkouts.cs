using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Git;

/// <summary>What fills a checkout with files. A filter that must not run is never left out in silence: the checkout fails and says which.</summary>
internal sealed class Checkouts(CheckoutGit git, FilteredFiles filtered)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Lets the files be those of a commit that is named last, whatever is there. What a reset does besides is left out: newer gits lock the
    /// packed refs of the whole repository for it, and if they are killed then, nobody can delete a branch any more.
    /// </summary>
    internal static readonly string[] Fill = ["read-tree", "--reset", "-u", "--no-recurse-submodules"];

    // Measured on two cores: below this many files the start of workers costs more than they save, above it four save the most.
    private static readonly string[] Settings = ["checkout.workers=4", "checkout.thresholdForParallelism=3000"];

    /// <summary>Checks the files out; not where a filter that must not run would leave them as they are not meant to be.</summary>
    /// <param name="entry">git's record.</param>
    /// <param name="directory">Where.</param>
    /// <param name="guard">What guards it.</param>
    /// <param name="alone">Whether no other is being made: three at once with four workers each take a quarter longer than with one each.</param>
    internal GitAnswer Populate(AdminEntry entry, string directory, SafeHandle guard, bool alone) =>
        filtered.InTheWay(entry, directory, "HEAD") is { } why ? new GitAnswer(null, [], why) : git.Run(git.InOurs(entry, directory, [.. Fill, "HEAD"]) with
        {
            Guards = [guard],
            Settings = alone ? Settings : [],
            Limit = Limit,
        });

    /// <summary>
    /// Brings a checkout in which nobody was at work from one commit to that of its branch. Only what differs between the two is looked at,
    /// which takes two thirds of the time; what stands in the way of that is settled by checking everything out.
    /// </summary>
    internal GitAnswer Advance(AdminEntry entry, string directory, string from, SafeHandle guard)
    {
        // Where there is a filter that must not run all files are looked at.
        var moved = git.ForbiddenFilters(entry).Count > 0 ? null : git.Run(git.InOurs(entry, directory, "read-tree", "-m", "-u", from, "HEAD") with
        {
            Guards = [guard],
            Settings = Settings,
            Limit = Limit,
        });
        return moved is { Succeeded: true } ? moved : Populate(entry, directory, guard, alone: true);
    }
}
