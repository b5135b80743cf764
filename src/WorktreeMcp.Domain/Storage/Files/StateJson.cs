using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>How state is written as JSON: UTF-8 without a mark, readable letters, indented by 2 or on one line.</summary>
internal static class StateJson
{
    private static readonly JsonWriterOptions Indented = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true, NewLine = "\n" };
    private static readonly JsonWriterOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    // An image in a line of the log lies a few levels deeper than in its own file.
    private static readonly JsonDocumentOptions StrictLine = new() { MaxDepth = 80, AllowDuplicateProperties = false };

    /// <summary>A file's whole content, ending with a newline.</summary>
    internal static byte[] File(JsonNode node) => Write(node, Indented, newline: true);

    /// <summary>One line of a .jsonl file, with its newline.</summary>
    internal static byte[] Line(JsonNode node) => Write(node, OneLine, newline: true);

    /// <summary>Reads an object; null when the bytes are not one JSON object that can be written again.</summary>
    internal static JsonObject? Read(ReadOnlySpan<byte> bytes) => Read(bytes, Strict);

    /// <summary>Reads one line of a log.</summary>
    internal static JsonObject? ReadLine(ReadOnlySpan<byte> bytes) => Read(bytes, StrictLine);

    private static JsonObject? Read(ReadOnlySpan<byte> bytes, JsonDocumentOptions options)
    {
        try
        {
            if (bytes.StartsWith("\uFEFF"u8))
            {
                bytes = bytes[3..];
            }

            if (!Utf8.IsValid(bytes) || JsonNode.Parse(bytes, documentOptions: options) is not JsonObject read)
            {
                return null;
            }

            // Half a surrogate pair, written as an escape, is found by writing it now and not at some later use.
            if (bytes.IndexOf("\\ud"u8) >= 0 || bytes.IndexOf("\\uD"u8) >= 0)
            {
                _ = Line(read);
            }

            return read;
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>What tells one content from another: 128 bits of SHA-256, in hex.</summary>
    internal static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16));

    /// <summary>The hash of a node's one-line form.</summary>
    internal static string Hash(JsonNode node) => Hash(Write(node, OneLine, newline: false));

    /// <summary>A time as unix seconds with up to 3 decimals.</summary>
    internal static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private static byte[] Write(JsonNode node, JsonWriterOptions options, bool newline)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            node.WriteTo(writer);
        }

        if (newline)
        {
            buffer.Write("\n"u8);
        }

        return buffer.WrittenSpan.ToArray();
    }
}
