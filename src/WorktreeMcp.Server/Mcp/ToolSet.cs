using System.Globalization;
using System.Text.RegularExpressions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp;

/// <summary>
/// Which tools a client is shown, and what is said to it: nothing names a tool that it does not see. It is chosen once for a server's life, since
/// clients ask once: by <c>--tools</c> or its variable, else by the settings, of which each may only take away from those before.
/// </summary>
public sealed partial class ToolSet
{
    /// <summary>The name of the set of all tools.</summary>
    public const string Whole = "all";

    /// <summary>The name of the set that an agent with a shell needs.</summary>
    public const string Core = "core";

    private readonly HashSet<string>? _names;
    private readonly string _choice;

    private ToolSet(HashSet<string>? names, string choice, IReadOnlyList<string> warnings) => (_names, _choice, Warnings) = (names, choice, warnings);

    /// <summary>All tools.</summary>
    public static ToolSet All { get; } = new(null, Whole, []);

    /// <summary>What of the settings does not count, each said once.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Whether nothing is left out.</summary>
    public bool IsWhole => _names is null;

    /// <summary>The names, in the order in which clients see them.</summary>
    public IReadOnlyList<string> Names => [.. ToolList.Names.Where(Has)];

    /// <summary>How it was chosen and how many there are.</summary>
    public string Words => string.Create(CultureInfo.InvariantCulture, $"{_choice} ({Names.Count} of {ToolList.Names.Count})");

    /// <summary>Whether a tool is shown.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>True if so.</returns>
    public bool Has(string name) => _names?.Contains(name) ?? true;

    /// <summary>What is wrong with a choice, or null.</summary>
    /// <param name="words">Names of tools and of sets.</param>
    /// <returns>Each fault, with what was probably meant.</returns>
    public static string? FaultOf(IReadOnlyList<string> words)
    {
        if (words.Count == 0)
        {
            return $"no tool is named; allowed are {Core}, {Whole} and names of tools, separated by commas.";
        }

        var unknown = words.Where(word => Of(word) is null).Select(word => NearestName.Of(word, ToolList.Names.Append(Core).Append(Whole)) is { } nearest
            ? $"'{VisibleText.Of(word)}' is no tool; did you mean '{nearest}'?"
            : $"'{VisibleText.Of(word)}' is no tool; there are {Core}, {Whole}, {string.Join(", ", ToolList.Names)}.").ToList();
        return unknown.Count == 0 ? null : string.Join(' ', unknown);
    }

    /// <summary>The set of what was chosen.</summary>
    /// <param name="choices">Each as names of tools and of sets; each may only take away from those before.</param>
    /// <returns>The set; a choice that would leave nothing does not count.</returns>
    public static ToolSet Chosen(IReadOnlyList<IReadOnlyList<string>> choices)
    {
        HashSet<string> left = [.. ToolList.Names];
        List<string> counted = [], warnings = [];
        foreach (var words in choices)
        {
            var written = string.Join(',', words);
            if (FaultOf(words) is { } fault)
            {
                warnings.Add($"tools in the settings: {fault}");
            }

            var wanted = words.SelectMany(word => Of(word) ?? []).Where(left.Contains).ToHashSet(StringComparer.Ordinal);
            if (wanted.Count == 0)
            {
                warnings.Add($"tools in the settings: \"{written}\" would leave no tool, so it does not count.");
                continue;
            }

            left = wanted;
            counted.Add(written);
        }

        return new ToolSet(left.Count == ToolList.Names.Count ? null : left, counted.Count == 0 ? Whole : string.Join(" and ", counted.Distinct()), warnings);
    }

    /// <summary>A text without the sentences that name a tool which is not shown.</summary>
    /// <param name="text">Sentences, with lines of their own or not.</param>
    /// <returns>What is left of it.</returns>
    public string Told(string text) => IsWhole ? text
        : string.Join('\n', text.Split('\n').Select(line => (Line: line, Told: ToldLine(line))).Where(one => one.Line.Length == 0 || one.Told.Length > 0).Select(one => one.Told));

    /// <summary>The refusal of a tool that is not shown.</summary>
    /// <param name="name">The tool.</param>
    internal Refusal Missing(string name) => new(
        RefusalCode.NotFound,
        $"{name} is not among the tools of this server: tools are {Words}. Nothing was changed.",
        $"Do without it, by a shell or another tool. A person adds it by starting this server with --tools {(_choice.Contains(' ') ? string.Join(',', Names) : _choice)},{name} (or {Whole} for everything).",
        Has(ToolWords.Of(Step.ShowBoard)) ? new NextStep.ShowBoard() : null);

    private static IReadOnlyList<string>? Of(string word) => word switch
    {
        Whole => ToolList.Names,
        Core => ToolList.Core,
        _ => ToolList.Names.Contains(word) ? [word] : null,
    };

    private string ToldLine(string line) => string.Join(' ', Sentence().Split(line).Where(sentence => ToolWord().Matches(sentence).All(word => Has(word.Value) || !ToolList.Names.Contains(word.Value))));

    // Neither after the number of a line nor after three dots.
    [GeneratedRegex(@"(?<=[^\d.]\.)\s+(?=[A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Sentence();

    [GeneratedRegex(@"\b(?:task|worktree|board)_[a-z_]+", RegexOptions.CultureInvariant)]
    private static partial Regex ToolWord();
}
