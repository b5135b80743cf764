using System.Collections.ObjectModel;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>The entries of the registry that are what they must be, oldest first; beside them those that are not.</summary>
internal sealed class ReadEntries(List<Worktree> sound, IReadOnlyList<FaultyEntry> faulty) : ReadOnlyCollection<Worktree>(sound)
{
    /// <summary>What is set aside.</summary>
    internal IReadOnlyList<FaultyEntry> Faulty { get; } = faulty;
}
