using FluentAssertions;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Spares;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Spares;

/// <summary>All that a server watches shares one budget.</summary>
public sealed class WatchBudgetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("worktree-mcp-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Two_spares_and_a_worktree_take_from_one_budget_and_give_back()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Folders are watched on Linux only.");
        var budget = new WatchBudget(10);
        var trees = Enumerable.Range(0, 3).Select(number => Tree($"{number}", folders: 4)).ToList();
        using var watches = new TreeWatches(new BackgroundFaults(), budget);

        var first = TreeWatch.Begin(budget, trees[0])!;
        first.Should().NotBeNull();
        watches.Mark(1, trees[1]).Should().NotBeNull();
        budget.Taken.Should().Be(10);
        TreeWatch.Begin(budget, trees[2]).Should().BeNull("nothing is left of it");
        budget.Taken.Should().Be(10);

        first.Dispose();
        first.Dispose();
        budget.Taken.Should().Be(5);
        using (TreeWatch.Begin(budget, trees[2]))
        {
            budget.Taken.Should().Be(10);
        }

        Directory.Delete(Path.Join(trees[1], "0"));
        watches.IsUnchanged(1, 0).Should().BeFalse();
        budget.Taken.Should().Be(4);
        watches.Keep(new HashSet<int>());
        budget.Taken.Should().Be(0);
    }

    [Fact]
    public void A_folder_that_is_watched_twice_counts_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Folders are watched on Linux only.");
        var budget = new WatchBudget(10);
        var tree = Tree("tree", folders: 2);
        using var watches = new TreeWatches(new BackgroundFaults(), budget);

        watches.Mark(1, tree, Path.Join(tree, "0")).Should().NotBeNull();

        budget.Taken.Should().Be(3);
    }

    private string Tree(string name, int folders)
    {
        foreach (var number in Enumerable.Range(0, folders))
        {
            Directory.CreateDirectory(Path.Join(_folder, name, $"{number}"));
        }

        return Path.Join(_folder, name);
    }
}
