using System.Text.Json.Nodes;

namespace WorktreeMcp.Domain.Storage;

/// <summary>What a hand wrote into a task's file.</summary>
/// <param name="File">The file.</param>
/// <param name="Image">What it becomes: the same with a revision of its own.</param>
/// <param name="Event">The event of it.</param>
internal sealed record HandEdit(StoredTask File, JsonObject Image, JsonObject Event);
