using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>Reads the two logs as they grow: whole lines, numbers without a gap, every before with its end, nothing acknowledged missing.</summary>
internal sealed class Logs(StormState storm)
{
    private readonly Dictionary<string, int> _seen = [];
    private readonly Dictionary<string, long> _open = [];
    private readonly Queue<string> _last = new();
    private long _eventsRead;
    private long _operationsRead;
    private long _seq;

    public IReadOnlyList<string> LastEvents() => [.. _last];

    public void Look()
    {
        if (storm.WasSwept)
        {
            // It was written anew from the operation log, which holds all of it.
            _seen.Clear();
            _open.Clear();
            (_eventsRead, _seq) = (0, 0);
        }

        foreach (var line in Grown(Path.Join(storm.Git.Root, ".worktrees", "events.jsonl"), ref _eventsRead, mayShrink: false))
        {
            _last.Enqueue(line);
            if (_last.Count > 20)
            {
                _last.Dequeue();
            }

            if (Parse(line, "events.jsonl") is { } found)
            {
                Take(found, line);
            }
        }

        foreach (var line in Grown(Path.Join(storm.Git.Common, "worktree-mcp", "oplog.jsonl"), ref _operationsRead, mayShrink: true))
        {
            Parse(line, "oplog.jsonl");
        }

        foreach (var (what, seq) in _open)
        {
            storm.Findings.Add(Broken.TornLine, $"event {seq} ({what}.before) has no end");
        }

        foreach (var (what, count) in storm.Record.ExpectedEvents)
        {
            if (_seen.GetValueOrDefault(what) < count)
            {
                storm.Findings.Add(Broken.Lost, $"event {what} is {_seen.GetValueOrDefault(what)} times in the log and must be {count} times");
            }
        }
    }

    private void Take(JsonObject found, string line)
    {
        var seq = (long?)found["seq"] ?? 0;
        if (seq != _seq + 1)
        {
            storm.Findings.Add(Broken.TornLine, $"event {seq} follows {_seq}", line);
        }

        _seq = seq;
        var name = (string?)found["event"] ?? string.Empty;
        var worktree = (string?)found["worktree"]?["name"] ?? string.Empty;
        var subject = name.StartsWith("task.", StringComparison.Ordinal) ? $"{found["task"]?["id"]}" : worktree;
        _seen[$"{name} {subject}"] = _seen.GetValueOrDefault($"{name} {subject}") + 1;
        var step = name[..(name.LastIndexOf('.') + 1)] + worktree;
        if (name.EndsWith(".before", StringComparison.Ordinal) && !_open.TryAdd(step, seq))
        {
            storm.Findings.Add(Broken.TornLine, $"event {seq} begins {step} although event {_open[step]} has no end", line);
        }
        else if ((name.EndsWith(".after", StringComparison.Ordinal) || name.EndsWith(".failed", StringComparison.Ordinal)) && !_open.Remove(step))
        {
            storm.Findings.Add(Broken.TornLine, $"event {seq} ends {step}, which was not begun", line);
        }
    }

    private JsonObject? Parse(string line, string file)
    {
        try
        {
            return JsonNode.Parse(line)!.AsObject();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            storm.Findings.Add(Broken.TornLine, $"{file} has a line that is no JSON", line);
            return null;
        }
    }

    private List<string> Grown(string path, ref long read, bool mayShrink)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length < read)
        {
            if (!mayShrink)
            {
                storm.Findings.Add(Broken.TornLine, $"{Path.GetFileName(path)} became shorter: {file.Length} after {read} bytes");
            }

            read = 0;
        }

        file.Position = read;
        var bytes = new byte[file.Length - read];
        file.ReadExactly(bytes);
        var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (whole < bytes.Length)
        {
            storm.Findings.Add(Broken.TornLine, $"{Path.GetFileName(path)} ends in a torn line", Encoding.UTF8.GetString(bytes.AsSpan(whole)));
        }

        read += whole;
        return [.. Encoding.UTF8.GetString(bytes.AsSpan(0, whole)).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
