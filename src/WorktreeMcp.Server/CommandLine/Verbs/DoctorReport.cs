using System.Text;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>Words what the doctor found for a person.</summary>
public static class DoctorReport
{
    /// <summary>The whole report.</summary>
    /// <param name="place">The repository.</param>
    /// <param name="findings">What was found.</param>
    /// <param name="repaired">Whether what is ours was to be repaired.</param>
    /// <returns>Lines without a last newline.</returns>
    public static string Text(string place, IReadOnlyList<Finding> findings, bool repaired)
    {
        var text = new StringBuilder();
        foreach (var finding in findings)
        {
            text.Append(finding.Done is null ? finding.Severity.ToString().ToLowerInvariant() : "repaired").Append("  ").Append(finding.Code).Append("  ").AppendLine(finding.Subject);
            text.Append("    ").AppendLine(finding.Message);
            text.Append("    ").Append(Lead(finding)).Append(": ").AppendLine(ToolWords.Of(finding.Step));
        }

        return text.Append(Summary(place, findings, repaired)).ToString();
    }

    private static string Lead(Finding finding) =>
        finding.Done is not null ? "Done" : finding.Repairable ? "With --fix" : "For a person";

    private static string Summary(string place, IReadOnlyList<Finding> findings, bool repaired)
    {
        if (findings.Count == 0)
        {
            return $"{place}: nothing found.";
        }

        var open = findings.Count(finding => finding.IsOpen);
        var done = findings.Count(finding => finding.Done is not null);
        var ours = findings.Count(finding => finding is { Repairable: true, Done: null });
        var known = findings.Count - open - done;
        return $"{place}: {done} repaired, {open} left{(known > 0 ? $", {known} worth knowing" : string.Empty)}."
            + (ours > 0 && !repaired ? $" worktree-mcp doctor --fix repairs {ours}." : string.Empty);
    }
}
