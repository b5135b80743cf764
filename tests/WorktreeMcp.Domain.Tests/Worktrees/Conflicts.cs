using FluentAssertions;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Stops git in the middle of something, in a worktree that is on a branch from main.</summary>
internal static class Conflicts
{
    internal static void StopRebase(TempRepository repo, string directory) => Stop(repo, directory, "rebase", "main");

    internal static void StopMerge(TempRepository repo, string directory) => Stop(repo, directory, "merge", "main");

    internal static void StopCherryPick(TempRepository repo, string directory) => Stop(repo, directory, "cherry-pick", "main");

    private static void Stop(TempRepository repo, string directory, params string[] command)
    {
        File.WriteAllText(Path.Join(directory, "README.md"), $"theirs {directory}\n");
        repo.Commit("theirs", directory);
        repo.Write("README.md", $"ours {directory}\n");
        repo.Commit("ours");
        TempRepository.TryGit(directory, command).Exit.Should().NotBe(0);
    }
}
