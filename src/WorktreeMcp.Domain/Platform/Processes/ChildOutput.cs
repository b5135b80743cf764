namespace WorktreeMcp.Domain.Platform.Processes;

#pragma warning disable CA1711 // the word for it is stream
/// <summary>Which of its two streams a child wrote to.</summary>
public enum ChildStream
#pragma warning restore CA1711
{
    /// <summary>Standard output.</summary>
    Output,

    /// <summary>Standard error.</summary>
    Error,
}

/// <summary>Takes what a child writes, as it comes, on the thread that runs the child.</summary>
/// <param name="stream">The stream it came from.</param>
/// <param name="bytes">The bytes; they are gone when the call returns.</param>
public delegate void ChildOutput(ChildStream stream, ReadOnlySpan<byte> bytes);
