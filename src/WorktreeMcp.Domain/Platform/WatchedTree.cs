namespace WorktreeMcp.Domain.Platform;

/// <summary>What <see cref="TreeWatches"/> knows of one tree.</summary>
internal sealed class WatchedTree(int id, IReadOnlyList<string> roots)
{
    internal int Id { get; } = id;

    internal IReadOnlyList<string> Roots { get; } = roots;

    /// <summary>Which folders its roots were when they began to be watched.</summary>
    internal IReadOnlyList<(ulong, ulong)?> Places { get; set; } = [];

    /// <summary>How often anything happened in it.</summary>
    internal long Changes { get; set; }

    /// <summary>How often a folder came to it, or what makes a repository of one.</summary>
    internal int NewFolders { get; set; }

    /// <summary>Which of those came before its folders were last gone through; null while they are not watched.</summary>
    internal int? WholeAt { get; set; }

    /// <summary>How often its watches were ended.</summary>
    internal int Releases { get; private set; }

    /// <summary>Whether all its folders are watched.</summary>
    internal bool IsWhole => WholeAt == NewFolders;

    /// <summary>When it was found that it cannot be watched; whether it can is seen again after others were released.</summary>
    internal int? RefusedAt { get; set; }

    internal void Forget()
    {
        WholeAt = null;
        Releases++;
        Changes++;
    }
}
