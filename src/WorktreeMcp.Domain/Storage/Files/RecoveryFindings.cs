using System.Text.Json.Nodes;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>What recovery found beside what it finished; the log learns it.</summary>
/// <param name="Edits">What persons edited by hand since.</param>
/// <param name="Repairs">An event for each damaged file that was set aside and rebuilt.</param>
internal sealed record RecoveryFindings(IReadOnlyList<EntityChange> Edits, IReadOnlyList<JsonObject> Repairs)
{
    internal bool Any => Edits.Count > 0 || Repairs.Count > 0;
}
