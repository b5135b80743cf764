using System.Diagnostics;

namespace WorktreeMcp.TestKit;

/// <summary>
/// A named pipe between a test and a command: what the command writes to it is read here, and its end comes when every
/// process that holds it is gone. So a test waits for signals, never for time.
/// </summary>
public sealed class Wire : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Task<StreamReader> _reader;

    /// <summary>Makes one.</summary>
    /// <param name="folder">Where it lies.</param>
    public Wire(string folder)
    {
        Path = System.IO.Path.Join(folder, $"wire-{Guid.NewGuid():N}");
        using var make = Process.Start("mkfifo", [Path]);
        make.WaitForExit();

        // Opening waits for the other side.
        _reader = Task.Factory.StartNew(() => new StreamReader(Path), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>What a command begins with to hold it open, and to say its run's id on it.</summary>
    public string Held => $"exec 9> {Path}; echo $WORKTREEMCP_RUN_ID >&9; ";

    /// <summary>Waits for one line.</summary>
    /// <returns>The line, or null at the end.</returns>
    public async Task<string?> Line() => await (await _reader.WaitAsync(Limit)).ReadLineAsync().WaitAsync(Limit);

    /// <summary>Waits until nobody holds it any more.</summary>
    /// <returns>What was still written.</returns>
    public async Task<string> End() => await (await _reader.WaitAsync(Limit)).ReadToEndAsync().WaitAsync(Limit);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_reader.IsCompletedSuccessfully)
        {
            _reader.Result.Dispose();
        }
    }
}
