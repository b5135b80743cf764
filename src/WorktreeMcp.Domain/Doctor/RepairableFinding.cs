using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>A finding, and how it is repaired where that is ours; a repair commits what it stages.</summary>
internal sealed record RepairableFinding(Finding Finding, Action<StateChange>? Repair = null)
{
    /// <summary>One that a person has to deal with.</summary>
    internal static RepairableFinding ForPerson(string code, FindingSeverity severity, string subject, string message, Advice step) =>
        new(new Finding(code, severity, subject, message, Repairable: false, step));

    /// <summary>One that is ours; without a repair of its own the beginning of any change settles it.</summary>
    internal static RepairableFinding Ours(string code, FindingSeverity severity, string subject, string message, Advice step, Action<StateChange>? repair = null) =>
        new(new Finding(code, severity, subject, message, Repairable: true, step), repair);
}
