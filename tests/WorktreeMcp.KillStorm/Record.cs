using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>The outside record: every request and how it ended, in a file, and how many of each; and what events must be there.</summary>
internal sealed class Record : IDisposable
{
    private readonly StreamWriter _file;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _expected = [];
    private readonly SortedDictionary<string, int> _refusals = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _acknowledged = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _kills = new(StringComparer.Ordinal);
    private readonly Queue<string> _last = new();

    public Record(string path) => _file = new StreamWriter(path) { AutoFlush = true };

    public int Acknowledged { get; private set; }

    public int Unknown { get; private set; }

    /// <summary>How many of each tool's calls were acknowledged.</summary>
    public string ByTool => string.Join(", ", _acknowledged.Select(tool => $"{tool.Key} {tool.Value}"));

    /// <summary>How often each kind of thing was killed.</summary>
    public string Kills => string.Join(", ", _kills.Select(kind => $"{kind.Key} {kind.Value}"));

    public string Refusals => string.Join(", ", _refusals.Select(r => $"{r.Key} {r.Value}"));

    public IReadOnlyDictionary<string, int> ExpectedEvents => _expected;

    public void Sent(string agent, string tool, JsonObject arguments) => Write($"{agent} > {tool} {arguments.ToJsonString()}");

    public void Ended(string agent, string tool, Answer answer)
    {
        lock (_gate)
        {
            if (answer.Outcome == Outcome.Acknowledged)
            {
                Acknowledged++;
                _acknowledged[tool] = _acknowledged.GetValueOrDefault(tool) + 1;
            }

            Unknown += answer.Outcome == Outcome.Unknown ? 1 : 0;
            if (answer.Outcome == Outcome.Refused)
            {
                var key = $"{tool}:{answer.Code}";
                _refusals[key] = _refusals.GetValueOrDefault(key) + 1;
            }
        }

        Write($"{agent} < {tool} {answer.Outcome} {answer.Content.ToJsonString()}");
    }

    public void Killed(string kind)
    {
        lock (_gate)
        {
            _kills[kind] = _kills.GetValueOrDefault(kind) + 1;
        }
    }

    public void Note(string text) => Write($"-- {text}");

    /// <summary>An acknowledged call whose event must be in the log.</summary>
    public void Expect(string name, string subject)
    {
        lock (_gate)
        {
            var key = $"{name} {subject}";
            _expected[key] = _expected.GetValueOrDefault(key) + 1;
        }
    }

    public IReadOnlyList<string> Last()
    {
        lock (_gate)
        {
            return [.. _last];
        }
    }

    public void Dispose() => _file.Dispose();

    private void Write(string line)
    {
        lock (_gate)
        {
            var stamped = $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {line}";
            _file.WriteLine(stamped);
            _last.Enqueue(stamped.Length > 500 ? stamped[..500] + "..." : stamped);
            if (_last.Count > 60)
            {
                _last.Dequeue();
            }
        }
    }
}
