using System.CommandLine;
using System.Text.Json;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>What the doctor was asked for.</summary>
/// <param name="RepositoryPath">A directory in the repository.</param>
/// <param name="Fix">Whether to repair what is ours.</param>
/// <param name="Json">Whether to print one JSON object.</param>
/// <param name="Output">Where the report goes.</param>
public sealed record DoctorOptions(string RepositoryPath, bool Fix, bool Json, TextWriter Output)
{
    /// <summary>Which tools a server with the same options is told to show; null where the settings say.</summary>
    public IReadOnlyList<string>? Tools { get; init; }
}

/// <summary>Examines one repository, repairs what is ours if asked to, and reports.</summary>
public static class DoctorVerb
{
    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <param name="run">What it does; itself if left out.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared, Func<DoctorOptions, Task<int>>? run = null)
    {
        var fix = new Option<bool>("--fix") { Description = "Repair what is ours to repair; without it nothing is changed." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command("doctor", "Look for what is wrong with the board, the worktrees and git's records of them. Exit code 0: nothing; 1: something is left.") { fix, json };
        command.SetAction((parsed, _) =>
        {
            var settings = shared.Settings(parsed);
            return (run ?? Run)(new DoctorOptions(settings.RepositoryPath, parsed.GetValue(fix), parsed.GetValue(json), shared.Output) { Tools = settings.Tools });
        });
        return command;
    }

    /// <summary>Runs to its end.</summary>
    /// <param name="options">What was asked for.</param>
    /// <returns>0 if nothing is left to do, else 1. What is only worth knowing does not count.</returns>
    public static async Task<int> Run(DoctorOptions options)
    {
        var (place, findings, tools) = Examine(options);
        var report = options.Json
            ? JsonSerializer.Serialize(DoctorReported.Of(place, findings, tools.Names), WireJson.TypeInfo<DoctorReported>())
            : ToolLines(tools) + DoctorReport.Text(place, findings, options.Fix);
        await options.Output.WriteLineAsync(report);
        return findings.Any(finding => finding.IsOpen) ? 1 : 0;
    }

    private static string ToolLines(ToolSet tools) => string.Concat(
        tools.Warnings.Prepend($"Tools that clients are shown: {tools.Words}{(tools.IsWhole ? "." : $": {string.Join(", ", tools.Names)}.")}").Select(line => line + Environment.NewLine));

    private static (string Place, IReadOnlyList<Finding> Findings, ToolSet Tools) Examine(DoctorOptions options)
    {
        try
        {
            using var repository = Repository.Open(options.RepositoryPath);
            return (repository.Place.Root, options.Fix ? repository.Repair() : repository.Examine(), ToolSet.Chosen(options.Tools is null ? repository.Settings.Tools : [options.Tools]));
        }
        catch (Refusal refusal)
        {
            return (options.RepositoryPath, [Repository.Explain(options.RepositoryPath, refusal)], ToolSet.Chosen(options.Tools is null ? [] : [options.Tools]));
        }
    }
}
