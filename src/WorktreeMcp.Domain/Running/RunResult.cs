namespace WorktreeMcp.Domain.Running;

/// <summary>How a command ended and what it wrote.</summary>
public sealed record RunResult
{
    /// <summary>The run's own id; the command has it as WORKTREEMCP_RUN_ID.</summary>
    public required string RunId { get; init; }

    /// <summary>The command's exit code, or null when a signal ended it or it never started or never ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the shell, such as SIGKILL, or null.</summary>
    public string? Signal { get; init; }

    /// <summary>Whether it was ended because its time was up.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Whether it was ended because the caller cancelled, or because the server came to its end.</summary>
    public bool Cancelled { get; init; }

    /// <summary>Who stopped it, or null.</summary>
    public string? StoppedBy { get; init; }

    /// <summary>Whether it goes on; then this is how it stands now.</summary>
    public bool IsRunning { get; init; }

    /// <summary>Whether it is over together with this server at the latest; else it outlives it.</summary>
    public bool EndsWithServer { get; init; }

    /// <summary>Where in the whole output the first of what is left out here lies; null when nothing is.</summary>
    public long? ReadOn { get; init; }

    /// <summary>From its start until it and all it had started were gone.</summary>
    public double DurationSeconds { get; init; }

    /// <summary>What it wrote to standard output.</summary>
    public required CapturedText Output { get; init; }

    /// <summary>What it wrote to standard error.</summary>
    public required CapturedText Error { get; init; }

    /// <summary>Processes of the run that are still alive although they were killed.</summary>
    public IReadOnlyList<int> Survivors { get; init; } = [];
}
