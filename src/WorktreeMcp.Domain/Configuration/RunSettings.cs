namespace WorktreeMcp.Domain.Configuration;

/// <summary>What can be set for the commands of a repository.</summary>
public sealed record RunSettings
{
    /// <summary>Whether commands run at all.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>After so many seconds a command is ended when the caller does not say.</summary>
    public int TimeoutSeconds { get; init; } = 300;

    /// <summary>Whether commands are confined to their worktree.</summary>
    public SandboxMode Sandbox { get; init; }

    /// <summary>Whether a confined command reaches the network.</summary>
    public bool Network { get; init; }

    /// <summary>Names of variables that commands get besides the usual ones; a star stands for any letters.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Folders outside the worktree that a confined command may write to, absolute or below <c>~/</c>.</summary>
    public IReadOnlyList<string> CachePaths { get; init; } = [];

    /// <summary>Paths that a confined command does not see, besides the usual ones; one after "!" is seen although it is usual.</summary>
    public IReadOnlyList<string> SecretPaths { get; init; } = [];
}
