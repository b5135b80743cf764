namespace WorktreeMcp.Domain.Git;

/// <summary>A file with uncommitted work.</summary>
/// <param name="Raw">Its path, a character for each byte.</param>
/// <param name="Gone">Whether the directory no longer has it.</param>
/// <param name="Conflicted">Whether it has conflicts.</param>
internal sealed record UncommittedFile(string Raw, bool Gone, bool Conflicted)
{
    /// <summary>Its path as people read it.</summary>
    internal string Path => RawPath.Readable(Raw);

    /// <summary>Reads <c>git status --porcelain=v2 -z --no-renames</c>.</summary>
    internal static IReadOnlyList<UncommittedFile> Parse(IEnumerable<string> members) => [.. members.Select(Parse).OfType<UncommittedFile>()];

    private static UncommittedFile? Parse(string member) => member switch
    {
        ['1', ..] => new UncommittedFile(member.Split(' ', 9)[8], Gone: member[3] == 'D' || member is [_, _, 'D', '.', ..], Conflicted: false),
        ['u', ..] => new UncommittedFile(member.Split(' ', 11)[10], Gone: member.Split(' ', 8)[6] == "000000", Conflicted: true),

        // A repository inside the worktree is listed as a folder; its files are not ours to read.
        ['?', ..] when !member.EndsWith('/') => new UncommittedFile(member[2..], Gone: false, Conflicted: false),
        _ => null,
    };
}
