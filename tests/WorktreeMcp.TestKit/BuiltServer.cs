using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace WorktreeMcp.TestKit;

/// <summary>A built program as a child process, spoken to in lines. Every wait has a hard limit.</summary>
public sealed partial class BuiltServer : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly ConcurrentQueue<string> _received = new();

    // Never disposed: a last line of the log may come after the process was, and then there is nobody to catch a fault. It holds nothing but memory.
#pragma warning disable CA2213
    private readonly SemaphoreSlim _logGrew = new(0);
#pragma warning restore CA2213

    // A script ignores this signal for what it starts in the background, and whoever inherits that ignores it as well; here it is sent to servers.
    static BuiltServer()
    {
        const int Interruption = 2;
        const nint Default = 0;
        if (OperatingSystem.IsLinux() && IsIgnored(Interruption))
        {
            _ = SetHandler(Interruption, Default);
        }
    }

    private BuiltServer(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null)
            {
                _log.Enqueue(line.Data);
                _logGrew.Release();
            }
        };
        process.BeginErrorReadLine();
    }

    /// <summary>What it wrote to stderr so far.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>The lines it wrote to stdout that were read so far.</summary>
    public IReadOnlyCollection<string> Received => _received;

    public int ProcessId => _process.Id;

    public static string PathOf(string assembly) => Path.Combine(AppContext.BaseDirectory, assembly);

    public static BuiltServer Start(
        string assembly = "worktree-mcp.dll",
        string? workingDirectory = null,
        IReadOnlyDictionary<string, string>? environment = null,
        params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [PathOf(assembly), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? AppContext.BaseDirectory,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("WORKTREEMCP_", StringComparison.Ordinal) || name is "CLAUDE_PROJECT_DIR").ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment[Patience.ListVariable] = Patience.ListMilliseconds;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new BuiltServer(Process.Start(start)!);
    }

    public async Task Send(string line)
    {
        await _process.StandardInput.WriteAsync(line + "\n");
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Sends text as it is, without a line's end.</summary>
    public async Task SendRaw(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Sends bytes as they are; they need not be text.</summary>
    public async Task SendBytes(ReadOnlyMemory<byte> bytes)
    {
        await _process.StandardInput.BaseStream.WriteAsync(bytes);
        await _process.StandardInput.BaseStream.FlushAsync();
    }

    /// <summary>The most resident memory it ever had, in bytes.</summary>
    public long PeakMemory()
    {
        _process.Refresh();
        return _process.PeakWorkingSet64;
    }

    public Task Request(int id, string method, string parameters = "{}") =>
        Send($$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{{parameters}}}""");

    public async Task Initialize(string version = "2025-11-25")
    {
        await Request(0, "initialize", $$$"""{"protocolVersion":"{{{version}}}","capabilities":{},"clientInfo":{"name":"Test Client","version":"1"}}""");
        await Send("""{"jsonrpc":"2.0","method":"notifications/initialized"}""");
    }

    public Task Call(int id, string tool, string arguments = "{}") =>
        Request(id, "tools/call", $$"""{"name":"{{tool}}","arguments":{{arguments}}}""");

    public async Task<string?> ReadLine()
    {
        var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(Limit);
        if (line is not null)
        {
            _received.Enqueue(line);
        }

        return line;
    }

    /// <summary>Waits until it has begun to write, without reading the rest.</summary>
    public async Task ReadSomething()
    {
        var one = new char[1];
        await _process.StandardOutput.ReadAsync(one).AsTask().WaitAsync(Limit);
    }

    /// <summary>Reads messages until the one that answers a request.</summary>
    public async Task<JsonElement> Answer(int id)
    {
        while (await ReadLine() is { } line)
        {
            var message = JsonElement.Parse(line);
            if (message.TryGetProperty("id", out var given) && given.ValueKind is JsonValueKind.Number && given.GetInt32() == id)
            {
                return message;
            }
        }

        throw new InvalidOperationException($"Request {id} was not answered. Log:\n{Log}");
    }

    public async Task<string> ReadToEnd() => await _process.StandardOutput.ReadToEndAsync().WaitAsync(Limit);

    public async Task WaitForLog(string text)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!Log.Contains(text, StringComparison.Ordinal))
        {
            await _logGrew.WaitAsync(limit.Token);
        }
    }

    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Ends it at once, as kill -9 does; nothing it started is ended with it.</summary>
    public void Kill() => _process.Kill();

    public void Terminate() => Signal("TERM");

    public void Interrupt() => Signal("INT");

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code and how long it took from now.</returns>
    public async Task<(int Code, TimeSpan Took)> Exit()
    {
        var watch = Stopwatch.StartNew();
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return (_process.ExitCode, watch.Elapsed);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static bool IsIgnored(int signal)
    {
        var mask = File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))["SigIgn:".Length..].Trim();
        return ((Convert.ToUInt64(mask, 16) >> (signal - 1)) & 1) != 0;
    }

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit();
    }
}
