using System.Text.RegularExpressions;
using FluentAssertions;

namespace WorktreeMcp.TestKit;

/// <summary>
/// Texts that clients depend on, kept as files and compared byte for byte. Run the tests with WORKTREEMCP_UPDATE_GOLDEN=1 to
/// write them anew and read the difference in review; in CI (CI=true) they are never written, and a missing one fails.
/// </summary>
public static partial class Golden
{
    private const string Folder = "tests/WorktreeMcp.Server.Tests/golden";

    /// <summary>The top level of the source tree.</summary>
    public static string SourceRoot { get; } = FindSourceRoot();

    private static bool Updates =>
        Environment.GetEnvironmentVariable("WORKTREEMCP_UPDATE_GOLDEN") == "1" && Environment.GetEnvironmentVariable("CI") != "true";

    /// <summary>Compares with a golden file.</summary>
    /// <param name="name">Its name in the folder of golden files.</param>
    /// <param name="text">What is the case.</param>
    public static void Holds(string name, string text) => File(Path.Join(Folder, name), text);

    /// <summary>Compares with a file of the source tree.</summary>
    /// <param name="path">Relative to the top level.</param>
    /// <param name="text">What it must hold.</param>
    public static void File(string path, string text)
    {
        var full = Path.Join(SourceRoot, path);
        if (Updates)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            System.IO.File.WriteAllText(full, text);
        }

        System.IO.File.Exists(full).Should().BeTrue("{0} is made by a run of the tests with WORKTREEMCP_UPDATE_GOLDEN=1", path);
        System.IO.File.ReadAllText(full).Should().Be(text, "{0} is kept up to date by a run of the tests with WORKTREEMCP_UPDATE_GOLDEN=1", path);
    }

    /// <summary>Takes out what differs from run to run and from git to git: places, hashes, numbers of processes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="repository">The repository it speaks of.</param>
    /// <returns>The text that stays the same.</returns>
    public static string Normal(string text, TempRepository repository)
    {
        var plain = text.Replace(repository.Root, "ROOT", StringComparison.Ordinal).Replace(repository.Base, "BASE", StringComparison.Ordinal);
        plain = Hash().Replace(plain, "HASH");
        plain = Process().Replace(plain, "(process PID)");
        plain = GitsWords().Replace(plain, "GIT'S WORDS");

        // Commits of one second have no order among them.
        plain = Branches().Replace(plain, match => $"{match.Groups[1].Value}{string.Join(", ", match.Groups[2].Value.Split(", ").Order(StringComparer.Ordinal))}");
        return Fault().Replace(plain, "fault NUMBER");
    }

    private static string FindSourceRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Join(folder.FullName, "WorktreeMcp.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside their source tree.");
    }

    [GeneratedRegex(@"((?:The|Its) newest(?: branches)? are )([^ .,]+(?:, [^ .,]+)*)")]
    private static partial Regex Branches();

    [GeneratedRegex("\\b(?:[0-9a-f]{40}|(?=[a-f]*[0-9])[0-9a-f]{12})\\b")]
    private static partial Regex Hash();

    [GeneratedRegex("\\(process [0-9]+\\)")]
    private static partial Regex Process();

    [GeneratedRegex("fatal: not a git repository.*(?:\\nStopping at .*)?")]
    private static partial Regex GitsWords();

    [GeneratedRegex("fault [0-9a-f]{8}")]
    private static partial Regex Fault();
}
