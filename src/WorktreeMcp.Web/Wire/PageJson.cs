using System.Text.Json;
using System.Text.Json.Serialization;

namespace WorktreeMcp.Web.Wire;

/// <summary>Everything that goes between page and program.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(RefusedReply))]
[JsonSerializable(typeof(BoardReply))]
[JsonSerializable(typeof(ColumnRow))]
[JsonSerializable(typeof(TaskReply))]
[JsonSerializable(typeof(TimelineReply))]
[JsonSerializable(typeof(OutputReply))]
[JsonSerializable(typeof(ChangesReply))]
[JsonSerializable(typeof(FileReply))]
[JsonSerializable(typeof(Happening))]
[JsonSerializable(typeof(DoneReply))]
[JsonSerializable(typeof(SayOrder))]
[JsonSerializable(typeof(TaskOrderSent))]
[JsonSerializable(typeof(EditOrder))]
[JsonSerializable(typeof(MetOrder))]
[JsonSerializable(typeof(LandOrder))]
[JsonSerializable(typeof(ReasonOrder))]
[JsonSerializable(typeof(RestoreOrder))]
[JsonSerializable(typeof(PlainOrder))]
internal sealed partial class PageJson : JsonSerializerContext;
