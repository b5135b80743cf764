namespace WorktreeMcp.Domain.Git;

/// <summary>How many files have uncommitted work.</summary>
/// <param name="Staged">In the index and not in HEAD.</param>
/// <param name="Modified">In the directory and not in the index.</param>
/// <param name="Untracked">Not known to git, and not ignored.</param>
/// <param name="Conflicted">With conflicts.</param>
/// <param name="Count">All of them, each once.</param>
public sealed record ChangeCounts(int Staged, int Modified, int Untracked, int Conflicted, int Count)
{
    /// <summary>Whether nothing is uncommitted.</summary>
    public bool IsClean => Count == 0;
}

/// <summary>What git status says of a worktree; paths are relative to it.</summary>
/// <param name="Staged">In the index and not in HEAD.</param>
/// <param name="Modified">In the directory and not in the index.</param>
/// <param name="Untracked">Not known to git, and not ignored.</param>
/// <param name="Ignored">Ignored; only if asked for.</param>
/// <param name="Conflicted">With conflicts.</param>
public sealed record WorktreeChanges(
    IReadOnlyList<string> Staged,
    IReadOnlyList<string> Modified,
    IReadOnlyList<string> Untracked,
    IReadOnlyList<string> Ignored,
    IReadOnlyList<string> Conflicted)
{
    /// <summary>The files that have work in them; some twice.</summary>
    internal IEnumerable<string> Names => Staged.Concat(Modified).Concat(Conflicted).Concat(Untracked);

    /// <summary>How many files have work in them.</summary>
    public int Count => Names.Distinct().Count();

    /// <summary>Whether nothing is uncommitted.</summary>
    public bool IsClean => Staged.Count + Modified.Count + Untracked.Count + Conflicted.Count == 0;

    /// <summary>How many of each.</summary>
    internal ChangeCounts Counts => new(Staged.Count, Modified.Count, Untracked.Count, Conflicted.Count, Count);

    /// <summary>Reads <c>git status --porcelain=v2 -z</c>.</summary>
    internal static WorktreeChanges Parse(string[] members)
    {
        List<string> staged = [], modified = [], untracked = [], ignored = [], conflicted = [];
        for (var i = 0; i < members.Length; i++)
        {
            var member = members[i];
            switch (member[0])
            {
                case '1':
                    Changed(member, fields: 8);
                    break;
                case '2':
                    Changed(member, fields: 9);
                    i++; // The path it was renamed from follows as a member of its own.
                    break;
                case 'u':
                    conflicted.Add(Field(member, 10));
                    break;
                case '?':
                    untracked.Add(member[2..]);
                    break;
                case '!':
                    ignored.Add(member[2..]);
                    break;
            }
        }

        return new WorktreeChanges(staged, modified, untracked, ignored, conflicted);

        void Changed(string member, int fields)
        {
            var path = Field(member, fields);
            if (member[2] != '.')
            {
                staged.Add(path);
            }

            if (member[3] != '.' || (member[5] == 'S' && member[5..9] != "S..."))
            {
                modified.Add(path);
            }
        }
    }

    private static string Field(string member, int before) => member.Split(' ', before + 1)[before];
}
