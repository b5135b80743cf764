namespace WorktreeMcp.Domain.Git;

/// <summary>Who wrote a commit, as git has it.</summary>
internal sealed record CommitAuthor(string Name, string Email, string Date);

/// <summary>A commit that is to be made on top of another branch.</summary>
internal sealed record PickedCommit(string Hash, IReadOnlyList<string> Parents, string Tree, CommitAuthor Author, string Message);
