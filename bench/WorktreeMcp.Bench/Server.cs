using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace WorktreeMcp.Bench;

/// <summary>
/// The built server as a child process, spoken to in bytes: a call is one write and one read until the newline, so that
/// hardly anything of this program is in what it measures.
/// </summary>
internal sealed class Server : IDisposable
{
    private readonly Process _process;
    private readonly Stream _input;
    private readonly Stream _output;
    private byte[] _buffer = new byte[64 * 1024];
    private int _kept;
    private readonly HashSet<int> _answered = [];
    private int _next = 1;

    private Server(Process process)
    {
        _process = process;
        _input = process.StandardInput.BaseStream;
        _output = process.StandardOutput.BaseStream;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
    }

    internal int ProcessId => _process.Id;

    /// <summary>The server that was built together with this program.</summary>
    internal static string Built => Path.Join(AppContext.BaseDirectory, "worktree-mcp.dll");

    /// <summary>The program that is measured: what a user gets who follows the README, or where nothing is published what was built.</summary>
    internal static string Served { get; set; } = Built;

    internal static Server Start(string program, string repository, params IEnumerable<(string Name, string Value)> variables) =>
        Path.GetExtension(program) == ".dll" ? Start("dotnet", [program, "--repo", repository], repository, variables) : Start(program, ["--repo", repository], repository, variables);

    /// <summary>Any program that speaks the protocol.</summary>
    internal static Server Start(string program, IEnumerable<string> words, string folder, params IEnumerable<(string Name, string Value)> variables)
    {
        var start = new ProcessStartInfo(program, words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("WORKTREEMCP_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        return new Server(Process.Start(start)!);
    }

    /// <summary>Shakes hands; returns when the server has answered.</summary>
    internal Server Initialize()
    {
        Request("initialize", """{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}""");
        _input.Write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n"u8);
        _input.Flush();
        return this;
    }

    /// <summary>Calls a tool and returns the answer's line; an error ends the run, since a failed call has no meaningful time.</summary>
    internal string Call(string tool, string arguments = "{}")
    {
        var answer = Request("tools/call", $$"""{"name":"{{tool}}","arguments":{{arguments}}}""");
        return answer.Contains("\"isError\":true", StringComparison.Ordinal)
            ? throw new InvalidOperationException($"{tool} {arguments} failed: {answer}")
            : answer;
    }

    internal string Request(string method, string parameters = "{}") => Answer(method, Begin(method, parameters));

    /// <summary>Sends a request whose answer is waited for later.</summary>
    internal int Begin(string method, string parameters)
    {
        var id = _next++;
        _input.Write(Encoding.UTF8.GetBytes($$"""{"jsonrpc":"2.0","id":{{id}},"method":"{{method}}","params":{{parameters}}}""" + "\n"));
        _input.Flush();
        return id;
    }

    /// <summary>Waits for the answer to a request that was begun, if it has not come already.</summary>
    internal void Await(int id)
    {
        if (!_answered.Contains(id))
        {
            Answer("a request", id);
        }
    }

    private string Answer(string method, int id)
    {
        while (true)
        {
            var line = ReadLine();
            using var message = JsonDocument.Parse(line);
            var known = message.RootElement.TryGetProperty("id", out var answered) && answered.ValueKind == JsonValueKind.Number;
            if (known && answered.GetInt32() != id)
            {
                _answered.Add(answered.GetInt32());
            }
            else if (known)
            {
                return message.RootElement.TryGetProperty("error", out var error)
                    ? throw new InvalidOperationException($"{method} failed: {error}")
                    : Encoding.UTF8.GetString(line.Span);
            }
        }
    }

    /// <summary>The structured content of a tool's answer.</summary>
    internal static JsonElement Content(string answer)
    {
        using var message = JsonDocument.Parse(answer);
        return message.RootElement.GetProperty("result").GetProperty("structuredContent").Clone();
    }

    /// <summary>Bytes it has asked the kernel to read so far, from files and pipes; null where the kernel does not say.</summary>
    internal long? BytesRead() => Fact("io", "rchar:") is { } bytes ? bytes : null;

    /// <summary>Memory it holds now and at its peak, in MB.</summary>
    internal (double Now, double Peak)? Memory() =>
        Fact("status", "VmRSS:") is { } now && Fact("status", "VmHWM:") is { } peak ? (now / 1024.0, peak / 1024.0) : null;

    /// <summary>What of that is no mapped file, in MB: other servers do not share it.</summary>
    internal double? OwnMemory() => Fact("status", "VmRSS:") is { } now && Fact("status", "RssFile:") is { } files ? (now - files) / 1024.0 : null;

    /// <summary>Processor time so far in hundredths of a second, and page faults of the children that ended; null where the kernel does not say.</summary>
    internal (long Ticks, long ChildFaults)? Spent()
    {
        var path = $"/proc/{_process.Id}/stat";
        if (!File.Exists(path))
        {
            return null;
        }

        // Behind the name, which may hold anything: the state is the third of all fields.
        var text = File.ReadAllText(path);
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture), long.Parse(fields[8], CultureInfo.InvariantCulture));
    }

    /// <summary>Ends it without waiting, so that its end is in nobody's time.</summary>
    internal void Abandon()
    {
        _process.Kill();
        _process.Dispose();
    }

    public void Dispose()
    {
        _input.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(5)))
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private long? Fact(string file, string name)
    {
        var path = $"/proc/{_process.Id}/{file}";
        return File.Exists(path) && File.ReadLines(path).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)
            : null;
    }

    // What follows the newline in the same read is kept for the next.
    private ReadOnlyMemory<byte> ReadLine()
    {
        while (true)
        {
            var newline = _buffer.AsSpan(0, _kept).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                var line = _buffer.AsMemory(0, newline).ToArray();
                _buffer.AsSpan((newline + 1)..(_kept)).CopyTo(_buffer);
                _kept -= newline + 1;
                return line;
            }

            if (_kept == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var count = _output.Read(_buffer, _kept, _buffer.Length - _kept);
            _kept += count > 0 ? count : throw new InvalidOperationException("The server closed its output.");
        }
    }

}
