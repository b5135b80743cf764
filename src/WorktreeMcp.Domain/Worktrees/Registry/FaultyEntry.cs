using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>An entry of the registry that fails a check: it is kept as it is, and never acts.</summary>
/// <param name="Stored">The entry.</param>
/// <param name="Name">The name it says, if that can be one.</param>
/// <param name="Problem">What is wrong with it.</param>
/// <param name="IsNewer">Whether a newer version of this program may have written it: then it is nobody's to repair.</param>
internal sealed record FaultyEntry(StoredWorktree Stored, string? Name, string Problem, bool IsNewer)
{
    /// <summary>The entry and what is wrong with it, in a few words.</summary>
    internal string Words => $"entry {Stored.Id}{(Name is null ? string.Empty : $" (\"{Name}\")")} of index.json is set aside: {Problem}";
}
