using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>One real server, spoken to in lines of JSON. Calls are made by one thread, kills come from another.</summary>
internal sealed class ToolServer : IDisposable
{
    private const string Hello = """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"kill-storm","version":"1"}}}""";
    private const string Ready = """{"jsonrpc":"2.0","method":"notifications/initialized"}""";

    private const int KilledExit = 128 + Processes.Kill;
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = new();
    private int _id;
    private bool _isSilent;
    private volatile bool _isStruck;

    private ToolServer(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null)
            {
                _log.Enqueue(line.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    public int Pid => _process.Id;

    /// <summary>Whether it has ended, or closed its streams: then it is about to.</summary>
    public bool IsGone => _isSilent || _process.HasExited;

    public string Log => string.Join('\n', _log);

    /// <summary>How one that is gone ended, unless it was killed as the storm kills; null then.</summary>
    public string? EndedByItself() =>
        !_process.WaitForExit(LongestEnd) ? "its streams are closed and it runs on"
        // Of one that we killed nothing more is to be learned; where other tests share the process, its code may have been taken by them.
        : _isStruck || _process.ExitCode == KilledExit ? null
        : $"exit code {_process.ExitCode}";

    /// <summary>Starts one and greets it; its answer to that is read with the first call.</summary>
    public static ToolServer Start(string repository, string agent, int? spares)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Join(AppContext.BaseDirectory, "worktree-mcp.dll"), "serve", "--repo", repository, "--agent", agent])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = repository,
        };
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("WORKTREEMCP_", StringComparison.Ordinal) || n.StartsWith("GIT_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_TieredPGO"] = "0";
        if (spares is { } ready)
        {
            start.Environment["WORKTREEMCP_SPARES"] = ready.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var server = new ToolServer(Process.Start(start)!);
        server.Send(Hello);
        server.Send(Ready);
        return server;
    }

    public Answer Call(string tool, JsonObject arguments)
    {
        var id = ++_id;
        var request = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = id,
            ["method"] = "tools/call",
            ["params"] = new JsonObject { ["name"] = tool, ["arguments"] = arguments.DeepClone() },
        };
        var answer = Send(request.ToJsonString()) ? Read(id) : Answer.None;
        _isSilent |= answer.Outcome == Outcome.Unknown;
        return answer;
    }

    public void Kill()
    {
        _isStruck = true;
        Processes.Signal(Pid, Processes.Kill);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private bool Send(string line)
    {
        try
        {
            _process.StandardInput.Write(line + "\n");
            _process.StandardInput.Flush();
            return true;
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException)
        {
            return false;
        }
    }

    private Answer Read(int id)
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            JsonObject? message;
            try
            {
                message = JsonNode.Parse(line) as JsonObject;
            }
            catch (System.Text.Json.JsonException)
            {
                // The half line of a killed server was never an answer; of a living one it is a fault that the next read shows.
                continue;
            }

            if (message?["id"] is not JsonValue given || !given.TryGetValue<int>(out var number) || number != id)
            {
                continue;
            }

            if (message["error"] is { } error)
            {
                return new Answer(Outcome.Refused, new JsonObject { ["error"] = new JsonObject { ["code"] = "protocol", ["message"] = error.ToJsonString() } });
            }

            var result = message["result"]!;
            var content = JsonNode.Parse((string)result["content"]![0]!["text"]!)!.AsObject();
            return new Answer((bool?)result["isError"] == true ? Outcome.Refused : Outcome.Acknowledged, content);
        }

        return Answer.None;
    }
}
