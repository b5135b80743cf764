using System.Diagnostics;
using System.Text;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>Starts a child that outlives this process and waits only for the first line it says.</summary>
internal static class DetachedChild
{
    private const int MostBytes = 64 * 1024;

    /// <summary>
    /// Starts it. After its first line nobody listens any more: its output then leads nowhere.
    /// </summary>
    /// <param name="spec">What to start; time limits and markers do not apply to it.</param>
    /// <param name="patience">How long its first line may take.</param>
    /// <returns>The line, or null when it ended without one or took too long, then it is ended; and what it wrote to standard error.</returns>
    /// <exception cref="ChildStartException">It could not be started.</exception>
    internal static (byte[]? Line, string Error) Start(ChildSpec spec, TimeSpan patience)
    {
        UnreapedChildren.Reap();
        var said = new MemoryStream();
        var error = new MemoryStream();
        using var pipes = new ChildPipes((stream, bytes) => Hear(stream == ChildStream.Output ? said : error, bytes), spec.Input, CancellationToken.None);
        var begin = Stopwatch.GetTimestamp();
        var pid = pipes.Start(spec);
        try
        {
            while (LineOf(said) is null && said.Length < MostBytes && Stopwatch.GetElapsedTime(begin) is var taken && taken < patience)
            {
                var ended = Libc.HasEnded(pid, out _);
                pipes.Pump(ended ? TimeSpan.Zero : patience - taken);
                if (ended)
                {
                    break;
                }
            }

            if (LineOf(said) is { } line)
            {
                return (line, string.Empty);
            }

            Libc.Kill(-pid, Signals.Kill);
            return (null, Encoding.UTF8.GetString(error.GetBuffer().AsSpan(0, (int)error.Length)).Trim());
        }
        finally
        {
            UnreapedChildren.Leave(pid);
        }
    }

    private static void Hear(MemoryStream said, ReadOnlySpan<byte> bytes)
    {
        if (said.Length < MostBytes)
        {
            said.Write(bytes);
        }
    }

    private static byte[]? LineOf(MemoryStream said)
    {
        var bytes = said.GetBuffer().AsSpan(0, (int)said.Length);
        return bytes.IndexOf((byte)'\n') is >= 0 and var end ? bytes[..end].ToArray() : null;
    }
}
