using WorktreeMcp.Domain.Doctor;

namespace WorktreeMcp.Server.Wire;

/// <summary>One finding of the doctor.</summary>
/// <param name="Code">Its kind.</param>
/// <param name="Severity">error, warning or info.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Message">What is the case.</param>
/// <param name="Repairable">Whether --fix repairs it.</param>
/// <param name="Step">What --fix does, or what a person has to do.</param>
/// <param name="Done">What was done; left out while it is still so.</param>
public sealed record FindingRow(string Code, string Severity, string Subject, string Message, bool Repairable, string Step, string? Done = null);

/// <summary>What the doctor found.</summary>
/// <param name="Repository">The main checkout.</param>
/// <param name="Findings">What was repaired first, then the worst first.</param>
/// <param name="Repaired">How many were repaired.</param>
/// <param name="Left">How many are left that something has to be done about.</param>
/// <param name="Tools">Which tools clients are shown.</param>
public sealed record DoctorReported(string Repository, IReadOnlyList<FindingRow> Findings, int Repaired, int Left, IReadOnlyList<string> Tools)
{
    internal static DoctorReported Of(string place, IReadOnlyList<Finding> findings, IReadOnlyList<string> tools) => new(
        place,
        [.. findings.Select(f => new FindingRow(f.Code, f.Severity.ToString().ToLowerInvariant(), f.Subject, f.Message, f.Repairable, ToolWords.Of(f.Step), f.Done is null ? null : ToolWords.Of(f.Done)))],
        findings.Count(f => f.Done is not null),
        findings.Count(f => f.IsOpen),
        tools);
}
