using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>
/// Repairs what is ours. Invariants:
/// - under the lock, and through the one way in which state changes;
/// - what it repairs was found again with the lock in hand;
/// - a repair counts as done only if a second look does not find the same again.
/// </summary>
internal sealed class Treatment(WorktreeRegistry registry)
{
    private const string By = "doctor";
    private const string Copied = "repository_copied";

    /// <summary>Repairs, then looks again.</summary>
    /// <returns>What was repaired first, then what is left.</returns>
    internal IReadOnlyList<Finding> Run()
    {
        var before = new Examination(registry).Findings();
        if (!before.Any(finding => finding.Repairable) || before.Any(finding => finding.Code == Copied))
        {
            return before;
        }

        var failures = new Dictionary<(string, string), string>();
        try
        {
            Repair(failures);
        }
        catch (Refusal refusal)
        {
            return [RepairableFinding.ForPerson("repair_refused", FindingSeverity.Error, registry.Parts.Layout.Root, refusal.Message, refusal.Hint).Finding, .. before];
        }

        var after = new Examination(registry).Findings();
        var left = after.Select(Key).ToHashSet();
        return
        [
            .. before.Where(finding => finding.Repairable && !left.Contains(Key(finding))).Select(finding => finding with { Done = finding.Step }),
            .. after.Select(finding => failures.TryGetValue(Key(finding), out var words) ? finding with { Message = $"{finding.Message} The repair failed: {words}" } : finding),
        ];
    }

    private void Repair(Dictionary<(string, string), string> failures)
    {
        using var change = registry.Parts.Store.Continue(By, By);
        registry.Parts.Store.Events.CutTorn();
        RepairAll(change, failures, onlyRecords: true);
        registry.HalfDone.Settle(change);
        RepairAll(change, failures, onlyRecords: false);
    }

    // git works again only when its records are whole, and settling may need git.
    private void RepairAll(StateChange change, Dictionary<(string, string), string> failures, bool onlyRecords)
    {
        foreach (var found in new Examination(registry).Look().Where(found => found.Repair is not null && (!onlyRecords || RecordCheck.IsAboutRecord(found.Finding))))
        {
            try
            {
                found.Repair!(change);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
            {
                failures[Key(found.Finding)] = fault.Message;
            }
        }
    }

    private static (string Code, string Subject) Key(Finding finding) => (finding.Code, finding.Subject);
}
