using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Settings of the repository that run programs or change what a worktree is, and settings of ours that are not usable.</summary>
internal sealed class ConfigurationCheck(WorktreePlaces parts)
{
    internal IEnumerable<RepairableFinding> Look() => [.. Ours(), .. Repository(), .. WorktreeConfiguration(), .. Hooks()];

    private IEnumerable<RepairableFinding> Ours()
    {
        var settings = parts.Configuration.Look();
        return
        [
            .. settings.Problems.Select(problem => RepairableFinding.ForPerson(
                "setting_unusable", FindingSeverity.Error, problem.Source, $"{problem.Sentence} Commands are refused, and the strictest holds.", "Correct it there; that counts at once.")),
            .. settings.Waiting.Select(one => RepairableFinding.ForPerson(
                "setting_not_approved", FindingSeverity.Info, one.Key, $"{SettingsReader.FileName} sets {one.Key} to {one.Value}: {one.Opens}. It does not count, since nobody has approved it.", $"worktree-mcp trust --repo '{parts.Layout.Root}' shows it and asks.")),
            .. settings.Outdone.Select(line => RepairableFinding.ForPerson("setting_outdone", FindingSeverity.Info, line.Split(':')[0], line, "Nothing has to be done.")),
        ];
    }

    private IEnumerable<RepairableFinding> Repository()
    {
        var settings = parts.Git.OwnSettings();
        return settings.Select(s => (s.Key, s.Value, Why: Reason(s.Key, s.Value))).Where(s => s.Why is not null)
            .DistinctBy(s => s.Key)
            .Select(s => RepairableFinding.ForPerson(
                s.Key == "extensions.worktreeconfig" ? "worktree_config" : s.Key == "core.hookspath" ? "hooks_path" : "config_runs_programs",
                FindingSeverity.Info,
                s.Key,
                $"The repository's own configuration sets {s.Key} to \"{(s.Value.Length > 80 ? s.Value[..80] + "..." : s.Value)}\": {s.Why}.",
                "Nothing has to be done if you know it; else look who set it."));
    }

    private static string? Reason(string key, string value) => key switch
    {
        "core.fsmonitor" when value is not ("false" or "true" or "") => "a program that git starts; it is off in our calls",
        "core.hookspath" => "hooks are started from there; they are off in our calls",
        "extensions.worktreeconfig" => "each worktree may have settings of its own",
        "diff.external" or "core.sshcommand" or "core.editor" or "core.pager" => "a program that git starts",
        _ when key.StartsWith("filter.", StringComparison.Ordinal) && (key.EndsWith(".clean", StringComparison.Ordinal) || key.EndsWith(".smudge", StringComparison.Ordinal) || key.EndsWith(".process", StringComparison.Ordinal)) => "a filter that git runs on files",
        _ when key.StartsWith("merge.", StringComparison.Ordinal) && key.EndsWith(".driver", StringComparison.Ordinal) => "a merge driver; it is off in our calls",
        _ when key.StartsWith("diff.", StringComparison.Ordinal) && (key.EndsWith(".command", StringComparison.Ordinal) || key.EndsWith(".textconv", StringComparison.Ordinal)) => "a program that git starts for differences",
        _ when key == "include.path" || key.StartsWith("includeif.", StringComparison.Ordinal) => "more settings come from another file",
        _ => null,
    };

    private IEnumerable<RepairableFinding> WorktreeConfiguration()
    {
        var common = parts.Layout.CommonDirectory;
        var records = Path.Join(common, "worktrees");
        var folders = parts.Files.KindOf(records) == FileKind.Folder ? parts.Files.Directory.EnumerateDirectories(records) : [];
        return folders.Prepend(common).Select(folder => Path.Join(folder, "config.worktree")).Where(HoldsSomething).Select(path => RepairableFinding.ForPerson(
            "worktree_config", FindingSeverity.Info, path, $"{path} holds settings for one worktree alone.", "Nothing has to be done if you know it; else look who wrote it."));
    }

    // An empty one is ours: it keeps a confined command from putting one there.
    private bool HoldsSomething(string path) => parts.Files.KindOf(path) switch
    {
        FileKind.None => false,
        FileKind.Regular => parts.Files.FileInfo.New(path).Length > 0,
        _ => true,
    };

    private IEnumerable<RepairableFinding> Hooks()
    {
        var folder = Path.Join(parts.Layout.CommonDirectory, "hooks");
        var names = parts.Files.KindOf(folder) == FileKind.Folder
            ? parts.Files.Directory.EnumerateFiles(folder).Select(Path.GetFileName).Where(name => !name!.EndsWith(".sample", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList()
            : [];
        return names.Count == 0 ? [] :
        [
            RepairableFinding.ForPerson("hooks_present", FindingSeverity.Info, folder, $"The repository has hooks: {string.Join(", ", names)}. They are off in our calls, and run when a command in a worktree calls git.", "Nothing has to be done."),
        ];
    }
}
