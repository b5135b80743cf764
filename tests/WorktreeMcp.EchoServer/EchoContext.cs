using System.Text.Json.Serialization;

namespace WorktreeMcp.EchoServer;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Mood))]
[JsonSerializable(typeof(Mood?))]
[JsonSerializable(typeof(EchoResult))]
internal sealed partial class EchoContext : JsonSerializerContext;
