namespace WorktreeMcp.Domain.Running;

/// <summary>
/// What a confined run has of git for itself, on disk. The run writes into objects, refs and logs; nothing in them is trusted.
/// The rest it never sees.
/// </summary>
/// <param name="Folder">Where it lies.</param>
/// <param name="RefFolder">The folder of its branch in git's directory, such as <c>refs/heads/wt</c>.</param>
internal sealed record PrivateGit(string Folder, string RefFolder)
{
    /// <summary>Objects it makes.</summary>
    internal string Objects => Path.Join(Folder, "objects");

    /// <summary>Names the real store to read from.</summary>
    internal string Info => Path.Join(Folder, "info");

    /// <summary>A copy of <see cref="RefFolder"/>.</summary>
    internal string Refs => Path.Join(Folder, "refs");

    /// <summary>The log of its branch.</summary>
    internal string Logs => Path.Join(Folder, "logs");

    /// <summary>What the branches were at, and which folder they are of.</summary>
    internal string Start => Path.Join(Folder, "start");

    /// <summary>There once the sandbox stood.</summary>
    internal string Stood => Path.Join(Objects, "info");
}
