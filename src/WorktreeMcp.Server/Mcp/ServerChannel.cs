using System.Diagnostics;

namespace WorktreeMcp.Server.Mcp;

/// <summary>What a server talks through.</summary>
/// <param name="Input">The client's messages.</param>
/// <param name="Output">The server's messages.</param>
/// <param name="Log">The log.</param>
/// <param name="InputEnded">Called when the client's messages have come to their end.</param>
public sealed record ServerChannel(Stream Input, Stream Output, TextWriter Log, Action InputEnded)
{
    /// <summary>When the server began to start, as a stopwatch's time stamp.</summary>
    public long Begun { get; } = Stopwatch.GetTimestamp();
}
