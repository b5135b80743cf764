using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorktreeMcp.Domain.Tests.Storage;

/// <summary>Makes hostile contents of sound ones: other bytes, and JSON with values that no file of ours ever has.</summary>
internal sealed class Mutations(int seed, string outside)
{
    // A half of a pair of letters can only be put in as text.
    private const string Lone = "@@LONE@@";

    private static readonly string[] Keys = ["version", "id", "hand", "status", "trash", "landing", "kind", "next"];
    private static readonly string[] States = ["creating", "active", "kept", "removing", "removed", "restoring", "emptying", "archived"];

    private readonly Random _random = new(seed);

    /// <summary>Another content of a file.</summary>
    /// <param name="sound">A sound one.</param>
    /// <param name="ofLines">Whether it is a file of lines.</param>
    internal byte[] Of(byte[] sound, bool ofLines)
    {
        var bytes = sound;
        for (var more = true; more; more = _random.Next(4) == 0)
        {
            bytes = _random.Next(4) == 0 ? OtherBytes(bytes) : ofLines ? OtherLines(bytes) : OtherValues(bytes) ?? OtherBytes(bytes);
        }

        return bytes;
    }

    private byte[] OtherLines(byte[] bytes)
    {
        var lines = Encoding.UTF8.GetString(bytes).Split('\n').ToList();
        var at = _random.Next(Math.Max(1, lines.Count - 1));
        switch (_random.Next(8))
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(at, lines[_random.Next(lines.Count)]);
                break;
            case 2:
                lines[at] = lines[at][..(lines[at].Length / 2)];
                break;
            default:
                lines[at] = OtherValues(Encoding.UTF8.GetBytes(lines[at])) is { } other ? Encoding.UTF8.GetString(other).ReplaceLineEndings(" ") : "{}";
                break;
        }

        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    // Null for what is no JSON any more, or holds what cannot be written again.
    private byte[]? OtherValues(byte[] bytes)
    {
        try
        {
            return JsonNode.Parse(bytes) is { } root ? Changed(root) : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private byte[] Changed(JsonNode root)
    {
        var places = new List<JsonNode>();
        Gather(root, places);
        var chosen = places.Count == 0 ? null : places[_random.Next(places.Count)];
        switch (chosen)
        {
            case JsonObject json when json.Count > 0:
                Change(json);
                break;
            case JsonArray array when array.Count > 0 && _random.Next(2) == 0:
                array[_random.Next(array.Count)] = Hostile();
                break;
            case JsonArray array:
                array.Add(Hostile());
                break;
            case JsonObject json:
                json["version"] = Hostile();
                break;
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString().Replace(Lone, "\\ud800", StringComparison.Ordinal));
    }

    private void Change(JsonObject json)
    {
        var key = json.ElementAt(_random.Next(json.Count)).Key;
        switch (_random.Next(10))
        {
            case 0:
                json.Remove(key);
                break;
            case 1:
                json[Keys[_random.Next(Keys.Length)]] = Hostile();
                break;
            case 2:
                var other = json.ElementAt(_random.Next(json.Count)).Key;
                json[key] = json[other]?.DeepClone();
                break;
            default:
                json[key] = Hostile();
                break;
        }
    }

    private JsonNode? Hostile() => _random.Next(30) switch
    {
        0 => null,
        1 => "..",
        2 => "../..",
        3 => outside,
        4 => $"../../{Path.GetFileName(outside)}",
        5 => "-x",
        6 => $"--output={outside}/written",
        7 => string.Empty,
        8 => " ",
        9 => "a\0b",
        10 => "a\nb",
        11 => Lone,
        12 => 1e308,
        13 => long.MaxValue,
        14 => long.MinValue,
        15 => int.MaxValue,
        16 => 999_999_999,
        17 => -1,
        18 => 0,
        19 => 1.5,
        20 => true,
        21 => new JsonArray(),
        22 => new JsonObject(),
        23 => Deep(),
        24 => new string('x', _random.Next(100_000)),
        25 => new string('0', 40),
        26 => "refs/heads/main",
        27 => States[_random.Next(States.Length)],
        28 => new JsonArray([.. Enumerable.Range(1, 300).Select(number => JsonValue.Create(number))]),
        _ => $"{outside}/key",
    };

    private JsonArray Deep()
    {
        var inner = new JsonArray();
        for (var depth = _random.Next(60); depth > 0; depth--)
        {
            inner = new JsonArray(inner);
        }

        return inner;
    }

    private static void Gather(JsonNode node, List<JsonNode> places)
    {
        switch (node)
        {
            case JsonObject json:
                places.Add(json);
                foreach (var (_, value) in json)
                {
                    if (value is not null)
                    {
                        Gather(value, places);
                    }
                }

                break;
            case JsonArray array:
                places.Add(array);
                foreach (var member in array.OfType<JsonNode>())
                {
                    Gather(member, places);
                }

                break;
        }
    }

    private byte[] OtherBytes(byte[] bytes)
    {
        var list = bytes.ToList();
        var at = _random.Next(Math.Max(1, list.Count));
        var count = Math.Min(_random.Next(1, 40), list.Count - at);
        switch (_random.Next(6))
        {
            case 0:
                list.RemoveRange(at, Math.Max(0, count));
                break;
            case 1:
                list.InsertRange(at, list.GetRange(at, Math.Max(0, count)));
                break;
            case 2:
                list.RemoveRange(at, list.Count - at);
                break;
            case 3:
                list.InsertRange(at, Enumerable.Repeat((byte)0, _random.Next(1, 600)));
                break;
            case 4:
                list.InsertRange(at, Enumerable.Repeat((byte)'[', _random.Next(1, 5_000)));
                break;
            default:
                for (var i = 0; i < count; i++)
                {
                    list[at + i] = (byte)_random.Next(256);
                }

                break;
        }

        return [.. list];
    }
}
