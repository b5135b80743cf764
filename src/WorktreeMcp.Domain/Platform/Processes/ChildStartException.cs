namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>What kept a child from starting.</summary>
public enum ChildStartFault
{
    /// <summary>The program is missing or cannot be executed.</summary>
    Program,

    /// <summary>The working directory is missing or cannot be entered.</summary>
    WorkingDirectory,

    /// <summary>Arguments or environment are too long or hold a NUL.</summary>
    Arguments,

    /// <summary>The system has no room for it, or does not know how.</summary>
    System,
}

/// <summary>A child could not be started; nothing runs and nothing is left open.</summary>
/// <param name="fault">What kept it from starting.</param>
/// <param name="errno">The system's error number.</param>
/// <param name="message">What is the case, in words.</param>
public sealed class ChildStartException(ChildStartFault fault, int errno, string message) : Exception(message)
{
    /// <summary>What kept it from starting.</summary>
    public ChildStartFault Fault { get; } = fault;

    /// <summary>The system's error number.</summary>
    public int Errno { get; } = errno;
}
