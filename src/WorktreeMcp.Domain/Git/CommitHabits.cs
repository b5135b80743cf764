namespace WorktreeMcp.Domain.Git;

/// <summary>How commits are made here.</summary>
/// <param name="Sign">Whether they are signed.</param>
/// <param name="ForeignSigner">A setting of the repository itself that names a program for signing; such a one is not run.</param>
/// <param name="Hooks">Hooks of commits and merges that are installed; they are not run.</param>
internal sealed record CommitHabits(bool Sign, string? ForeignSigner, IReadOnlyList<string> Hooks);
