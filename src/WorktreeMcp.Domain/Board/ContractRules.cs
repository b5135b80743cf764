namespace WorktreeMcp.Domain.Board;

/// <summary>What a contract may say, and what an edit makes of one; each fault names the argument and what is allowed.</summary>
internal static class ContractRules
{
    internal const int MostCriteria = 20;
    internal const int CriterionLength = 500;
    internal const int VerifyLength = 4_000;
    internal const int MostGlobs = 50;
    internal const int GlobLength = 200;
    internal const int ReasonLength = 1_000;

    /// <summary>The contract of a new task.</summary>
    internal static TaskContract Of(NewTask goal) =>
        Edited(TaskContract.None, new TaskEdit { Acceptance = goal.Acceptance, Verify = goal.Verify, Scope = goal.Scope }, string.Empty, 0);

    /// <summary>A contract after an edit; other terms than before are waived by nobody.</summary>
    internal static TaskContract Edited(TaskContract old, TaskEdit edit, string by, double now)
    {
        if (edit is { Acceptance: null, Verify: null, Scope: null, Met: null })
        {
            return old;
        }

        var acceptance = edit.Acceptance is null ? old.Acceptance : Acceptance(edit.Acceptance, old.Acceptance);
        var verify = edit.Verify is null ? old.Verify : Verify(edit.Verify);
        var same = verify == old.Verify && acceptance.Select(one => one.Text).SequenceEqual(old.Acceptance.Select(one => one.Text));
        return old with
        {
            Acceptance = edit.Met is null ? acceptance : Met(acceptance, edit.Met, by, now),
            Verify = verify,
            IsVerifyUnread = edit.Verify is null && old.IsVerifyUnread,
            Scope = edit.Scope is null ? old.Scope : Scope(edit.Scope),
            Waiver = same ? old.Waiver : null,
        };
    }

    internal static bool IsCriterion(string text) => !string.IsNullOrWhiteSpace(text) && text.Length <= CriterionLength && !text.Any(letter => char.IsControl(letter) && letter is not ('\t' or '\n'));

    // What a person reads of it must be what runs.
    internal static bool IsCommand(string text) => !string.IsNullOrWhiteSpace(text) && text.Length <= VerifyLength
        && !text.Any(letter => (char.IsControl(letter) && letter is not ('\t' or '\n')) || char.GetUnicodeCategory(letter) == System.Globalization.UnicodeCategory.Format);

    internal static bool IsGlob(string text) => text.Length is > 0 and <= GlobLength && !text.Any(char.IsControl) && !text.StartsWith('/') && !text.Contains('\\', StringComparison.Ordinal)
        && text.Split('/') is var parts && !parts.Contains("..") && !parts.Contains(".") && !parts.SkipLast(1).Contains(string.Empty) && !parts.Contains(".git", StringComparer.OrdinalIgnoreCase);

    // What was met stays met where the words are the same.
    private static List<Criterion> Acceptance(IReadOnlyList<string> texts, IReadOnlyList<Criterion> old)
    {
        if (texts.Count > MostCriteria)
        {
            throw TaskRules.Invalid("acceptance", $"has {texts.Count} criteria", $"At most {MostCriteria} are allowed.");
        }

        return texts.FirstOrDefault(text => !IsCriterion(text)) is null
            ? [.. texts.Select(text => old.FirstOrDefault(one => one.Text == text) ?? new Criterion(text))]
            : throw TaskRules.Invalid("acceptance", "holds an empty, overlong or unprintable criterion", $"A criterion has 1 to {CriterionLength} printable characters.");
    }

    private static List<Criterion> Met(IReadOnlyList<Criterion> acceptance, IReadOnlyList<int> numbers, string by, double now)
    {
        foreach (var number in numbers)
        {
            if (number < 1 || number > acceptance.Count)
            {
                throw TaskRules.Invalid("met", $"names criterion {number}", acceptance.Count == 0 ? "This task has none." : $"This task has 1 to {acceptance.Count}.");
            }
        }

        return [.. acceptance.Select((one, at) => numbers.Contains(at + 1) && one.MetAt is null ? one with { MetBy = by, MetAt = now } : one)];
    }

    private static string? Verify(string command) => command.Length == 0 ? null : IsCommand(command) ? command
        : throw TaskRules.Invalid("verify", "is blank, unprintable or too long", $"Give one shell command of at most {VerifyLength} characters, or an empty text for none.");

    private static List<string> Scope(IReadOnlyList<string> globs)
    {
        if (globs.Count > MostGlobs)
        {
            throw TaskRules.Invalid("scope", $"has {globs.Count} members", $"At most {MostGlobs} are allowed.");
        }

        return globs.FirstOrDefault(glob => !IsGlob(glob)) is { } fault
            ? throw TaskRules.Invalid("scope", $"holds \"{Refusals.VisibleText.Of(fault)}\", which is no path within the repository", "Give globs relative to its root, such as \"src/**\" or \"docs/*.md\".")
            : [.. globs.Distinct()];
    }
}
