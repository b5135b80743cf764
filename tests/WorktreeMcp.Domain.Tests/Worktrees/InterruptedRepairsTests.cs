using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Whoever settles what a dead server left dies at it too, at every write of that; the next one finds nothing worse.</summary>
public sealed class InterruptedRepairsTests
{
    public static MatrixTheoryData<int, Fault> EveryStep { get; } = new([0, 1, 2, 3, 4], [Fault.Dies, Fault.DiesAfter]);

    [Theory]
    [MemberData(nameof(EveryStep))]
    public void A_server_that_dies_while_it_takes_a_creation_back_leaves_that_to_the_next(int steps, Fault fault)
    {
        using var rewindable = new RewindableRepository(repo => DeadServer.Creates(repo, steps));
        AtEveryWrite(rewindable, fault, () => DeadServer.CreationIsTakenBack(rewindable.Repo, steps));
    }

    [Theory]
    [MemberData(nameof(EveryStep))]
    public void A_server_that_dies_while_it_finishes_a_removal_leaves_that_to_the_next(int steps, Fault fault)
    {
        WorktreeStep? made = null;
        using var rewindable = new RewindableRepository(repo => (made, _) = DeadServer.Removes(repo, steps));
        AtEveryWrite(rewindable, fault, () =>
        {
            DeadServer.RemovalIsFinished(rewindable.Repo, made!);
            rewindable.Repo.Git("for-each-ref", "refs/heads/wt").Should().BeEmpty();
        });
    }

    private static void AtEveryWrite(RewindableRepository rewindable, Fault fault, Action isSettled)
    {
        string? hit = "not yet";
        var at = 0;
        do
        {
            if (!Thorough.Tries(++at, oneIn: 3))
            {
                continue;
            }

            rewindable.Rewind();
            var disk = new FaultyFiles(at, fault);
            using (var dying = Repository.Open(rewindable.Repo.Root, new(), disk: disk))
            {
                try
                {
                    dying.Worktrees.List(null, 50, null);
                }
                catch (Exception death) when (death is Refusal or DiedException)
                {
                }
            }

            hit = disk.Hit;
            using (var next = Repository.Open(rewindable.Repo.Root, new()))
            {
                next.Worktrees.List(null, 50, null).Total.Should().Be(0, $"{fault} at {at}: {hit}");
            }

            try
            {
                isSettled();
            }
            catch (Exception wrong)
            {
                throw new InvalidOperationException($"{fault} at write {at}, {hit}", wrong);
            }
        }
        while (hit is not null);

        at.Should().BeGreaterThan(8);
    }
}
