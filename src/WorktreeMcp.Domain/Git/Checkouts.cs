using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Git;

/// <summary>What fills a checkout with files. A filter that must not run is never left out in silence: the checkout fails and says which.</summary>
/// <param name="git">Starts git.</param>
/// <param name="filters">Which filters must not run.</param>
/// <param name="inside">A call of git inside a checkout.</param>
internal sealed class Checkouts(GitCommand git, OwnFilters filters, Func<AdminEntry, string, string[], GitCall> inside)
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
        FilterInTheWay(entry, directory, guard) ?? git.Run(inside(entry, directory, [.. Fill, "HEAD"]) with
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
        // A filter that must not run is looked for in an index that is read anew, and then nothing would differ any more.
        var moved = filters.Forbidden(entry).Count > 0 ? null : git.Run(inside(entry, directory, ["read-tree", "-m", "-u", from, "HEAD"]) with
        {
            Guards = [guard],
            Settings = Settings,
            Limit = Limit,
        });
        return moved is { Succeeded: true } ? moved : Populate(entry, directory, guard, alone: true);
    }

    private GitAnswer? FilterInTheWay(AdminEntry entry, string directory, SafeHandle guard)
    {
        foreach (var name in filters.Forbidden(entry))
        {
            // Which files it is for stands in the attributes, which are read from the index as long as there are no files.
            var index = git.Run(inside(entry, directory, ["read-tree", "HEAD"]) with { Guards = [guard], Limit = Limit });
            var attributes = git.Run(inside(entry, directory, ["check-attr", "--cached", "--stdin", "-z", "filter"]) with
            {
                Input = index.Succeeded ? git.Run(inside(entry, directory, ["ls-files", "-z"])).Require("listing the files of the commit").Output : Array.Empty<byte>(),
            });
            var users = attributes.Require("looking for filters").Members.Chunk(3).Where(one => one is [_, _, var filter] && filter == name).Select(one => one[0]).ToList();
            if (users.Count > 0)
            {
                return new GitAnswer(null, [], $"the repository's own configuration defines the filter \"{name}\" for {users.Count} file{(users.Count == 1 ? string.Empty : "s")} ({users[0]}), and programs of a repository are not run. A person who trusts it adds \"{name}\" to allowed_filters in .worktree-mcp.json");
            }
        }

        return null;
    }
}
