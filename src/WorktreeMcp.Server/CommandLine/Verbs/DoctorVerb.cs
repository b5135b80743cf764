using System.Text.Json;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>Examines one repository, repairs what is ours if asked to, and reports.</summary>
public static class DoctorVerb
{
    /// <summary>Runs to its end.</summary>
    /// <param name="options">What was asked for.</param>
    /// <returns>0 if nothing is left to do, else 1. What is only worth knowing does not count.</returns>
    public static async Task<int> Run(DoctorOptions options)
    {
        var (place, findings) = Examine(options);
        var report = options.Json
            ? JsonSerializer.Serialize(DoctorReported.Of(place, findings), WireJson.TypeInfo<DoctorReported>())
            : DoctorReport.Text(place, findings, options.Fix);
        await options.Output.WriteLineAsync(report);
        return findings.Any(finding => finding.IsOpen) ? 1 : 0;
    }

    private static (string Place, IReadOnlyList<Finding> Findings) Examine(DoctorOptions options)
    {
        try
        {
            using var repository = Repository.Open(options.RepositoryPath);
            return (repository.Place.Root, options.Fix ? repository.Repair() : repository.Examine());
        }
        catch (Refusal refusal)
        {
            return (options.RepositoryPath, [Repository.Explain(options.RepositoryPath, refusal)]);
        }
    }
}
