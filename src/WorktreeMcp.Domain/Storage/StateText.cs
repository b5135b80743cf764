using System.Text;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Storage;

/// <summary>Text as our JSON writes it.</summary>
internal static class StateText
{
    /// <summary>A string in quotes, escaped exactly as in our files.</summary>
    internal static string Quote(string text) =>
        Encoding.UTF8.GetString(StateJson.Line(JsonValue.Create(text)!)).TrimEnd('\n');
}
