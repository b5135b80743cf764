using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Says why a repository cannot be opened at all.</summary>
internal static class UnusableRepository
{
    /// <summary>The finding for a refusal to open; a repository that was turned bare by accident is told from a bare one.</summary>
    internal static Finding Explain(string path, Refusal refusal, IFileSystem files)
    {
        for (var folder = Path.GetFullPath(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var git = Path.Join(folder, ".git");
            if (files.KindOf(git) == FileKind.Folder && files.File.Exists(Path.Join(git, "HEAD")))
            {
                return refusal.Message.Contains("bare", StringComparison.Ordinal) || IsBare(Path.Join(git, "config"), files)
                    ? RepairableFinding.ForPerson(
                        "core_bare",
                        FindingSeverity.Error,
                        Path.Join(git, "config"),
                        $"{Path.Join(git, "config")} says that the repository is bare, but {folder} is a checkout of it. A git init with GIT_DIR set does that; every call is refused meanwhile.",
                        "Set core.bare to false in that file.").Finding
                    : Other(path, refusal);
            }
        }

        return Other(path, refusal);
    }

    private static bool IsBare(string config, IFileSystem files) =>
        PlainFile.Lines(config, followed: true).Any(line => line.Replace(" ", string.Empty, StringComparison.Ordinal).Trim().StartsWith("bare=true", StringComparison.OrdinalIgnoreCase));

    private static Finding Other(string path, Refusal refusal) =>
        RepairableFinding.ForPerson("not_a_repository", FindingSeverity.Error, path, refusal.Message, refusal.Hint).Finding;
}
