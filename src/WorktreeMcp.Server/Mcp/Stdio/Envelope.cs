using System.Text.Json;
using ModelContextProtocol.Protocol;

namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>The members of a JSON object that make it a message of JSON-RPC.</summary>
internal readonly struct Envelope
{
    private readonly JsonElement? _version;
    private readonly JsonElement? _id;
    private readonly bool _isReply;
    private readonly bool _isDouble;

    /// <summary>Finds them.</summary>
    /// <param name="message">The object.</param>
    public Envelope(JsonElement message)
    {
        foreach (var member in message.EnumerateObject())
        {
            if (member.NameEquals("jsonrpc"u8))
            {
                _isDouble |= _version is not null;
                _version = member.Value;
            }
            else if (member.NameEquals("id"u8))
            {
                _isDouble |= _id is not null;
                _id = member.Value;
            }
            else if (member.NameEquals("method"u8))
            {
                _isDouble |= Method is not null;
                Method = member.Value;
            }
            else if (member.NameEquals("result"u8) || member.NameEquals("error"u8))
            {
                _isDouble |= _isReply;
                _isReply = true;
            }
        }
    }

    /// <summary>What is called, whatever it is; null for an answer.</summary>
    public JsonElement? Method { get; }

    /// <summary>The id as it stands in JSON if an answer can carry it: a text or a whole number; else null.</summary>
    public string? UsableId => _id is { } id && (IsText(id) || IsWhole(id)) ? id.GetRawText() : null;

    /// <summary>The id of a request that can be answered; null for an answer or a notification.</summary>
    public RequestId? Request => Method is null || UsableId is null || _id is not { } id ? null
        : id.ValueKind == JsonValueKind.String ? new RequestId(id.GetString()!) : new RequestId(id.GetInt64());

    /// <summary>Whether the library takes it: a request, a notification or an answer.</summary>
    public bool IsSound =>
        !_isDouble
        && _version is { ValueKind: JsonValueKind.String } version && version.ValueEquals("2.0"u8)
        && (_id is null ? !_isReply : UsableId is not null)
        && (Method is { } method ? IsText(method) && !_isReply : _isReply);

    private static bool IsWhole(JsonElement id) =>
        id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out _) && !id.GetRawText().AsSpan().ContainsAny('.', 'e', 'E');

    // Half of a surrogate pair is no text, though it is JSON.
    private static bool IsText(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String && value.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
