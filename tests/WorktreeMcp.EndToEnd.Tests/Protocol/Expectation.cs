using System.Text;
using System.Text.Json;
using System.Threading.Channels;

namespace WorktreeMcp.EndToEnd.Tests.Protocol;

/// <summary>Says which answers a line calls for, and checks what came; it reads lines with a parser of its own.</summary>
internal sealed class Expectation
{
    private readonly Lock _guard = new();
    private readonly Channel<bool> _answers = Channel.CreateUnbounded<bool>();
    private readonly Dictionary<string, string> _open = [];
    private readonly HashSet<string> _known = [];

    /// <summary>How many requests had an id that can be answered.</summary>
    public int Requests { get; private set; }

    /// <summary>How many answers came.</summary>
    public int Answers { get; private set; }

    /// <summary>Requests that were not answered, each with its line.</summary>
    public IReadOnlyCollection<string> Unanswered
    {
        get
        {
            lock (_guard)
            {
                return [.. _open.Values];
            }
        }
    }

    /// <summary>A line was sent.</summary>
    public void Sent(ReadOnlySpan<byte> line)
    {
        var text = Encoding.UTF8.GetString(line.Length > 300 ? line[..300] : line);
        lock (_guard)
        {
            foreach (var (id, cancels) in Calls(line))
            {
                if (cancels)
                {
                    // It may be answered all the same, or never.
                    _open.Remove(id);
                    continue;
                }

                Requests++;
                if (_known.Add(id))
                {
                    _open[id] = text;
                }
            }
        }
    }

    /// <summary>A line came: it must be one message of the protocol.</summary>
    public void Received(string line)
    {
        using var document = JsonDocument.Parse(line);
        var message = document.RootElement;
        message.ValueKind.Should().Be(JsonValueKind.Object, line);
        message.GetProperty("jsonrpc").GetString().Should().Be("2.0", line);
        if (message.TryGetProperty("method", out var method))
        {
            method.ValueKind.Should().Be(JsonValueKind.String, line);
            return;
        }

        (message.TryGetProperty("result", out _) ^ message.TryGetProperty("error", out _)).Should().BeTrue(line);
        var id = Key(message.GetProperty("id"));
        id.Should().NotBeNull(line);
        lock (_guard)
        {
            Answers++;
            _open.Remove(id!);
        }

        _answers.Writer.TryWrite(true);
    }

    /// <summary>Waits until all is answered, or until nothing has come for that long.</summary>
    public async Task Answered(TimeSpan patience)
    {
        while (Unanswered.Count > 0)
        {
            using var limit = new CancellationTokenSource(patience);
            try
            {
                await _answers.Reader.ReadAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static IEnumerable<(string Id, bool Cancels)> Calls(ReadOnlySpan<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line.ToArray());
            return [.. Calls(document.RootElement)];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    // In the order in which they stand: a request is cancelled by what comes after it.
    private static IEnumerable<(string Id, bool Cancels)> Calls(JsonElement message) => message.ValueKind switch
    {
        JsonValueKind.Array => message.EnumerateArray().SelectMany(Calls),
        JsonValueKind.Object when message.TryGetProperty("method", out var method) => message.TryGetProperty("id", out var id)
            ? Key(id) is { } key ? [(key, false)] : []
            : Cancelled(method, message) is { } other ? [(other, true)] : [],
        _ => [],
    };

    private static string? Cancelled(JsonElement method, JsonElement message) =>
        method.ValueKind == JsonValueKind.String && method.ValueEquals("notifications/cancelled") && message.TryGetProperty("params", out var about)
            && about.ValueKind == JsonValueKind.Object && about.TryGetProperty("requestId", out var id) ? Key(id) : null;

    private static string? Key(JsonElement id) => id.ValueKind switch
    {
        JsonValueKind.String => TextOf(id),
        JsonValueKind.Number when id.TryGetInt64(out var number) && !id.GetRawText().AsSpan().ContainsAny(".eE") => $"n{number}",
        _ => null,
    };

    // A lone surrogate is no text.
    private static string? TextOf(JsonElement id)
    {
        try
        {
            return $"s{id.GetString()}";
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
