using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>What to start and what becomes of it. Nothing is inherited but what stands here.</summary>
/// <param name="FileName">The program: a path, or a name searched in the absolute entries of the child's own PATH.</param>
/// <param name="Arguments">Its arguments, without the program's name; never seen by a shell.</param>
/// <param name="WorkingDirectory">The directory it starts in.</param>
/// <param name="Environment">Its whole environment.</param>
public sealed record ChildSpec(
    string FileName,
    IReadOnlyList<string> Arguments,
    string WorkingDirectory,
    IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>What the child reads on its standard input; when empty, that is /dev/null.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>Descriptors the child keeps open, as 3, 4 and so on, such as the lock that guards what it writes.</summary>
    public IReadOnlyList<SafeHandle> Inherited { get; init; } = [];

    /// <summary>What may give the child to another process while it runs; such a child inherits no further descriptors.</summary>
    internal Handover? Handover { get; init; }

    /// <summary>When the child and its session are ended; null for never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether it gives way to whatever else the machine has to do.</summary>
    public bool LowPriority { get; init; }

    /// <summary>Whether what the child leaves running behind it is ended too.</summary>
    public bool EndSessionAfterExit { get; init; }

    /// <summary>
    /// Whether, when a signal ended the child alone, its own children are waited for: they write on. Those that go on too long are ended.
    /// </summary>
    public bool OutwaitSessionAfterKill { get; init; }

    /// <summary>When set, the time of grace between SIGTERM and SIGKILL is short: this process itself is about to end.</summary>
    public CancellationToken Hurry { get; init; }

    /// <summary>
    /// A NAME=VALUE of <see cref="Environment"/> that no other process has; the value is at least 16 characters that cannot be guessed. Whatever carries it belongs to the child
    /// and is ended with it, also after it has left the session, and also when this process is killed. A process that drops it and leaves the session is not found.
    /// </summary>
    public string? Marker { get; init; }
}
