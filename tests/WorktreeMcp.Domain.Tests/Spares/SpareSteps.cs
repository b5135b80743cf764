using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Spares;

/// <summary>The calls that these tests repeat, in few words.</summary>
internal static class SpareSteps
{
    /// <summary>Does what the background does, now.</summary>
    internal static void Tend(this Repository repository, int? wanted, string? commit = null) =>
        repository.Spares.Tend(wanted, commit ?? repository.Worktrees.Parts.Git.MainHead().Commit!, CancellationToken.None);

    /// <summary>The folders in which spares wait.</summary>
    internal static IReadOnlyList<string> SpareFolders(this TempRepository repository) =>
        Directory.Exists(repository.Layout.Spares) ? [.. Directory.GetDirectories(repository.Layout.Spares)] : [];

    /// <summary>git's records of spares and of what was made from them.</summary>
    internal static IReadOnlyList<string> SpareRecords(this TempRepository repository) =>
        Directory.Exists(Path.Join(repository.Layout.CommonDirectory, "worktrees"))
            ? [.. Directory.GetDirectories(Path.Join(repository.Layout.CommonDirectory, "worktrees"), "spare-*")]
            : [];

    /// <summary>Lets git look at spares again, as on a system whose kernel does not tell enough of files, or where they were copied back.</summary>
    internal static void ForgetFingerprints(this TempRepository repository)
    {
        foreach (var record in Directory.EnumerateFiles(repository.Layout.SpareRecords, "*.json"))
        {
            var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(record))!.AsObject();
            json.Remove("tree");
            File.WriteAllText(record, json.ToJsonString());
        }
    }

    /// <summary>Whether a worktree was made from a spare.</summary>
    internal static bool IsFromSpare(this WorktreeStep step) => step.Worktree.AdminId!.StartsWith("spare-", StringComparison.Ordinal);

    /// <summary>All that a checkout is: every file with its mode and content, the index, and what git says of both.</summary>
    internal static string Portrait(this TempRepository repository, string directory)
    {
        var files = Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories)
            .Where(path => Path.GetRelativePath(directory, path) != ".git")
            .Order(StringComparer.Ordinal)
            .Select(path => $"{Path.GetRelativePath(directory, path)} {Describe(path)}");
        return string.Join(
            '\n',
            [
                .. files,
                repository.GitIn(directory, "ls-files", "-s", "-v"),
                repository.GitIn(directory, "status", "--porcelain=v2", "--ignored"),
                repository.GitIn(directory, "rev-parse", "HEAD", "HEAD^{tree}"),
                repository.GitIn(directory, "stash", "list"),
            ]);
    }

    private static string Describe(string path)
    {
        var info = new FileInfo(path);
        var mode = info.LinkTarget is not null ? string.Empty : $"{File.GetUnixFileMode(path)}";
        return info.LinkTarget is { } target ? $"-> {target}" : Directory.Exists(path) ? $"folder {mode}" : $"{mode} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)))}";
    }
}
