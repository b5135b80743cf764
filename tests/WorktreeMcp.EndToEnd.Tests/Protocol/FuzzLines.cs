using System.Globalization;
using System.Text;

namespace WorktreeMcp.EndToEnd.Tests.Protocol;

/// <summary>
/// Lines that a client might send and lines that none should: good requests, odd members, cut and mutated lines,
/// batches, garbage and lines over the limit. The same seed gives the same lines.
/// </summary>
internal sealed class FuzzLines(int seed)
{
    private const int OverTheLimit = 1024 * 1024;

    private static readonly string[] Methods =
    [
        "ping", "ping", "tools/list", "resources/list", "prompts/list", "logging/setLevel", "completion/complete", "server/discover",
        "initialize", "subscriptions/unknown", "rpc.internal", "", "tools/call/more", "ünï\\u0000code",
    ];

    private static readonly string[] Calls =
    [
        """{"name":"task_list","arguments":{}}""", """{"name":"task_create","arguments":{"subject":"fuzz"}}""", """{"name":"worktree_list"}""",
        """{"name":"task_get","arguments":{"task_id":1}}""", """{"name":"task_get","arguments":{"task_id":"1"}}""", """{"name":"task_get","arguments":[1]}""",
        """{"name":"task_get","arguments":"task_id"}""", """{"name":"task_get","arguments":null}""", """{"name":"worktree_events","arguments":{"limit":1e400}}""",
        """{"name":"nope","arguments":{}}""", """{"name":7}""", """{"arguments":{}}""", """{"name":null,"arguments":{}}""", """{"name":["task_list"]}""",
        """{"name":"worktree_status","arguments":{"name":"../../etc"}}""", """{"name":"task_list","arguments":{"query":"\ud800"}}""",
        """{"name":"task_list","arguments":{},"_meta":{"progressToken":[1]}}""", """{"name":"task_list","arguments":{},"_meta":7}""",
        """{"name":"task_list","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"1999-01-01"}}""",
        """{"name":"task_list","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":{"a":1}}}""",
        """{"name":"task_list","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":7}}""",
    ];

    private static readonly string[] Parameters =
    [
        "{}", "{}", "null", "[]", "[1,2]", "\"text\"", "0", "true", """{"_meta":null}""", """{"cursor":7}""", """{"level":"loud"}""",
        """{"protocolVersion":1,"capabilities":[],"clientInfo":"x"}""", """{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"f","version":"1"}}""",
    ];

    private static readonly string[] OddIds =
        ["null", "1.5", "true", "[]", "{}", "1e3", "-0.0", "9223372036854775808", "99999999999999999999999999", "[[1]]", "{\"a\":1}"];

    private static readonly string[] OddVersions = ["\"1.0\"", "2.0", "null", "\"\"", "{}", "\"2.0 \""];

    private static readonly string[] OddMethods = ["null", "7", "{}", "[\"ping\"]", "true"];

    private static readonly string[] Notifications =
    [
        "notifications/initialized", "notifications/cancelled", "notifications/progress", "notifications/roots/list_changed", "notifications/nope", "ping",
    ];

    private static readonly string[] NotificationParameters =
    [
        "{}", "null", "[]", "7", """{"requestId":"nobody"}""", """{"requestId":-77}""", """{"requestId":{"a":1}}""", """{"requestId":null,"reason":5}""",
        """{"progressToken":true,"progress":"x"}""", """{"progressToken":1,"progress":1e999}""",
    ];

    private static readonly string[] Blank = ["", " ", "\t \t", "\r", " \r", "\uFEFF", "\u0000", "\u000B"];

    private readonly Random _random = new(seed);
    private int _id;

    /// <summary>The next line, without its end.</summary>
    public byte[] Next() => _random.Next(100) switch
    {
        < 30 => Text(Request()),
        < 40 => Text(Spaced(Request())),
        < 48 => Text(Notification()),
        < 58 => Text(OddRequest()),
        < 64 => Text(Batch(2)),
        < 68 => Text(Reply()),
        < 80 => Mutated(Text(Request())),
        < 85 => Cut(Text(Request())),
        < 90 => Garbage(),
        < 94 => Text(Pick(Blank)),
        < 98 => Text(Nested()),
        < 99 => Text(Wide()),
        _ => _random.Next(4) == 0 ? Text(TooLong()) : Text(Request()),
    };

    private string Request() => _random.Next(3) == 0
        ? Message(("jsonrpc", "\"2.0\""), ("id", Id()), ("method", "\"tools/call\""), ("params", Pick(Calls)))
        : Message(("jsonrpc", "\"2.0\""), ("id", Id()), ("method", $"\"{Pick(Methods)}\""), ("params", Pick(Parameters)));

    private string OddRequest() => _random.Next(8) switch
    {
        0 => Message(("jsonrpc", "\"2.0\""), ("id", Pick(OddIds)), ("method", "\"ping\"")),
        1 => Message(("jsonrpc", Pick(OddVersions)), ("id", Id()), ("method", "\"ping\"")),
        2 => Message(("id", Id()), ("method", "\"ping\"")),
        3 => Message(("jsonrpc", "\"2.0\""), ("id", Id()), ("method", Pick(OddMethods))),
        4 => Message(("jsonrpc", "\"2.0\""), ("id", Id()), ("method", "\"ping\""), ("result", "{}")),
        5 => Message(("jsonrpc", "\"2.0\""), ("id", Id()), ("method", "\"ping\""), ("error", "7"), ("more", "[null]")),
        6 => Message(("jsonrpc", "\"2.0\""), ("id", (_id).ToString(CultureInfo.InvariantCulture)), ("method", "\"tools/call\""), ("params", Pick(Calls))),
        _ => Message(("jsonrpc", "\"2.0\""), ("id", Id()), ("method", "\"ping\""), ("method", "\"tools/list\""), ("jsonrpc", "\"2.0\"")),
    };

    private string Notification() => Message(("jsonrpc", "\"2.0\""), ("method", $"\"{Pick(Notifications)}\""), ("params", Pick(NotificationParameters)));

    private string Reply() => _random.Next(3) switch
    {
        0 => Message(("jsonrpc", "\"2.0\""), ("id", Id()), ("result", Pick(Parameters))),
        1 => Message(("jsonrpc", "\"2.0\""), ("id", Pick(OddIds)), ("error", """{"code":1,"message":"no"}""")),
        _ => Message(("jsonrpc", "\"2.0\""), ("id", Id()), ("error", Pick(Parameters))),
    };

    private string Batch(int depth) => "[" + string.Join(_random.Next(2) == 0 ? "," : " ,\t", Enumerable.Range(0, _random.Next(5)).Select(_ => _random.Next(6) switch
    {
        0 when depth > 0 => Batch(depth - 1),
        1 => Pick(Parameters),
        2 => Notification(),
        3 => OddRequest(),
        _ => Request(),
    })) + "]";

    private string Nested()
    {
        var depth = Pick(10, 60, 63, 64, 70, 1_000, 20_000);
        var open = _random.Next(2) == 0 ? "[" : """{"a":""";
        var nested = string.Concat(Enumerable.Repeat(open, depth)) + "1" + new string(open == "[" ? ']' : '}', depth);
        return Message(("jsonrpc", "\"2.0\""), ("id", Id()), ("method", "\"tools/call\""), ("params", "{\"name\":\"task_list\",\"arguments\":{\"x\":" + nested + "}}"));
    }

    private string Wide() => Message(
        ("jsonrpc", "\"2.0\""), ("id", Id()), ("method", "\"tools/call\""),
        ("params", Subject('w', _random.Next(OverTheLimit - 2_000))));

    private string TooLong() =>
        "{" + $"\"jsonrpc\":\"2.0\",\"id\":{Id()},\"method\":\"tools/call\",\"params\":{Subject('l', OverTheLimit + _random.Next(OverTheLimit))}" + "}";

    private static string Subject(char filler, int length) =>
        "{\"name\":\"task_create\",\"arguments\":{\"subject\":\"" + new string(filler, length) + "\"}}";

    private string Id()
    {
        _id++;
        return _random.Next(12) switch
        {
            0 => $"\"s{_id}\"",
            1 => $"\"ü\\\"\\u00e9 {_id}\"",
            2 => $"-{_id}",
            3 => (9_007_199_254_740_000 + _id).ToString(CultureInfo.InvariantCulture),
            _ => _id.ToString(CultureInfo.InvariantCulture),
        };
    }

    private string Message(params (string Name, string Value)[] members)
    {
        if (_random.Next(3) == 0)
        {
            _random.Shuffle(members);
        }

        return "{" + string.Join(",", members.Select(member => $"\"{member.Name}\":{member.Value}")) + "}";
    }

    private string Spaced(string line) => Pick("", " ", "\t", "\uFEFF") + line.Replace("\":", "\" : ", StringComparison.Ordinal) + Pick("", " ", "\r", "\t\r");

    private byte[] Cut(byte[] line) => line[.._random.Next(line.Length)];

    private byte[] Mutated(byte[] line)
    {
        var bytes = line.ToList();
        for (var count = _random.Next(1, 4); count > 0; count--)
        {
            var at = _random.Next(bytes.Count);
            switch (_random.Next(3))
            {
                case 0:
                    bytes[at] = Byte();
                    break;
                case 1:
                    bytes.Insert(at, Byte());
                    break;
                case 2 when bytes.Count > 1:
                    bytes.RemoveAt(at);
                    break;
            }
        }

        return [.. bytes];
    }

    private byte[] Garbage() => [.. Enumerable.Range(0, _random.Next(300)).Select(_ => Byte())];

    private byte Byte() => _random.Next(256) is var value && value == '\n' ? (byte)'!' : (byte)value;

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
