namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>
/// Reads on one thread of its own, which also goes on with what was read: it splits lines and parses them. .NET keeps large
/// buffers for each thread that once used one; with the threads of the pool that would be hundreds of megabytes.
/// </summary>
/// <param name="read">Reads what there is, or waits for it.</param>
internal sealed class ReadingThread(Func<Memory<byte>, int> read)
{
    private readonly object _gate = new();
    private (Memory<byte> Buffer, TaskCompletionSource<int> Done)? _wanted;
    private bool _begun;

    /// <summary>Reads once; a second call is made only after the first has ended.</summary>
    /// <param name="buffer">Takes what was read.</param>
    /// <returns>How many bytes; what waits for it goes on on this thread.</returns>
    internal Task<int> Read(Memory<byte> buffer)
    {
        var done = new TaskCompletionSource<int>();
        lock (_gate)
        {
            if (!_begun)
            {
                _begun = true;
                new Thread(Serve) { IsBackground = true, Name = "client reader" }.Start();
            }

            _wanted = (buffer, done);
            Monitor.Pulse(_gate);
        }

        return done.Task;
    }

    private void Serve()
    {
        while (true)
        {
            var (buffer, done) = Next();
            try
            {
                done.SetResult(read(buffer));
            }
            catch (Exception fault)
            {
                done.TrySetException(fault);
            }
        }
    }

    private (Memory<byte> Buffer, TaskCompletionSource<int> Done) Next()
    {
        lock (_gate)
        {
            while (_wanted is null)
            {
                Monitor.Wait(_gate);
            }

            var next = _wanted.Value;
            _wanted = null;
            return next;
        }
    }
}
