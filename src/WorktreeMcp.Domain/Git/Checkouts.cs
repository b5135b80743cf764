using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Git;

/// <summary>What fills a checkout with files. A filter that must not run is never left out in silence: the checkout fails and says which.</summary>
/// <param name="git">Runs git in checkouts.</param>
/// <param name="filtered">Which files need a filter that must not run.</param>
/// <param name="isSpecial">Whether only some files are checked out, or files come from elsewhere: then git does it in one.</param>
internal sealed class Checkouts(CheckoutGit git, FilteredFiles filtered, Func<AdminEntry, bool> isSpecial)
{
    private const int MostNamed = 5;
    private const string LeftAlone = " already exists, no checkout";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Lets the files be those of a commit that is named last, whatever is there. What a reset does besides is left out: newer gits lock the
    /// packed refs of the whole repository for it, and if they are killed then, nobody can delete a branch any more.
    /// </summary>
    internal static readonly string[] Fill = ["read-tree", "--reset", "-u", "--no-recurse-submodules"];

    // Measured on two cores: below this many files the start of workers costs more than they save, above it four save the most.
    private static readonly string[] Settings = ["checkout.workers=4", "checkout.thresholdForParallelism=3000"];

    /// <summary>
    /// Checks the files out into an empty folder; not where a filter that must not run would leave them as they are not meant to be. A file
    /// that is there by the time its turn comes is somebody's, who writes there already: it stays, and <see cref="Found"/> names it.
    /// </summary>
    /// <param name="entry">git's record.</param>
    /// <param name="directory">Where.</param>
    /// <param name="guard">What guards it.</param>
    /// <param name="alone">Whether no other is being made: three at once with four workers each take a quarter longer than with one each.</param>
    internal GitAnswer Populate(AdminEntry entry, string directory, SafeHandle guard, bool alone)
    {
        if (FilterInTheWay(entry, directory) is { } refused)
        {
            return refused;
        }

        if (isSpecial(entry))
        {
            return Run("read-tree", "-m", "-u", "--no-recurse-submodules", "HEAD");
        }

        var index = Run("read-tree", "HEAD");
        var filled = index.Succeeded ? Run("checkout-index", "--all", "--index") : index;
        return filled.ExitCode is > 0 && Found(filled).Count > 0 && filled.Error.Split('\n').All(line => line.EndsWith(LeftAlone, StringComparison.Ordinal)) ? filled with { ExitCode = 0 } : filled;

        GitAnswer Run(params string[] words) => git.Run(git.InOurs(entry, directory, words) with { Guards = [guard], Settings = alone ? Settings : [], Limit = Limit });
    }

    /// <summary>Files that were there when a checkout came to them, and that it left as they were.</summary>
    internal static IReadOnlyList<string> Found(GitAnswer checkout) =>
        [.. checkout.Error.Split('\n').Where(line => line.EndsWith(LeftAlone, StringComparison.Ordinal)).Select(line => line[..^LeftAlone.Length])];

    /// <summary>Lets the files be those of its branch, whatever is there.</summary>
    private GitAnswer Reset(AdminEntry entry, string directory, SafeHandle guard) =>
        FilterInTheWay(entry, directory) ?? git.Run(git.InOurs(entry, directory, [.. Fill, "HEAD"]) with { Guards = [guard], Settings = Settings, Limit = Limit });

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
        if (moved is { Succeeded: true })
        {
            return moved;
        }

        // A git that was killed on the way leaves files of both commits; what another could not do stands in the way of somebody's.
        var others = moved is { ExitCode: null } ? [] : Others(entry, directory);
        return others.Count == 0 ? Reset(entry, directory, guard) : new GitAnswer(null, [], $"somebody wrote there while it was made: {string.Join(", ", others.Take(MostNamed))}");
    }

    private GitAnswer? FilterInTheWay(AdminEntry entry, string directory) => filtered.InTheWay(entry, directory, "HEAD") is { } why ? new GitAnswer(null, [], why) : null;

    // Against the index that the checkout came with.
    private List<string> Others(AdminEntry entry, string directory)
    {
        var changes = WorktreeChanges.Parse(git.Run(git.InOurs(entry, directory, ["status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=all", "--no-renames"])).Require($"reading the status of {directory}").Members);
        return [.. changes.Modified.Concat(changes.Untracked).Concat(changes.Conflicted)];
    }
}
