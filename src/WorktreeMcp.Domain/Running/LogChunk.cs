using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Domain.Running;

/// <summary>A piece of a run's output as it was written.</summary>
/// <param name="Offset">Where in the whole output it begins.</param>
/// <param name="Bytes">The bytes, escape codes and all.</param>
/// <param name="Changes">Where in the whole output a stream begins; the first stands at or before <paramref name="Offset"/>.</param>
/// <param name="Length">How long the whole output is now.</param>
internal sealed record LogChunk(long Offset, byte[] Bytes, IReadOnlyList<StreamChange> Changes, long Length)
{
    internal long End => Offset + Bytes.Length;
}

/// <summary>A place where the output goes on with another stream.</summary>
/// <param name="At">Its offset in the whole output.</param>
/// <param name="Stream">The stream from there on.</param>
internal readonly record struct StreamChange(long At, ChildStream Stream);
