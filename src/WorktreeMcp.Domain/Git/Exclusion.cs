using System.IO.Abstractions;
using System.Text;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// Whether git leaves our folders out of commits. The lines that we write say so, and others may say the opposite; so git itself is asked,
/// once for each state of the files that it goes by.
/// </summary>
internal sealed class Exclusion(CheckoutGit git, RepositoryPlace place, SettingFiles settings, IFileSystem files)
{
    private const string Ignores = ".gitignore";

    private readonly Lock _gate = new();
    private IReadOnlyList<string> _named = [];
    private string? _key;
    private string? _problem;

    /// <summary>What is wrong, and the lines that mend it; null when both folders stay out of commits, or are not there yet.</summary>
    internal string? Problem(StateLayout layout)
    {
        List<string> folders = [.. new[] { layout.Tasks, layout.Worktrees }.Where(files.Directory.Exists)];
        if (folders.Count == 0)
        {
            return null;
        }

        lock (_gate)
        {
            if (_key is not null && Key(folders) == _key)
            {
                return _problem;
            }

            try
            {
                _named = settings.Named("core.excludesfile");
                var before = Key(folders);
                _problem = Ask(layout, folders);
                _key = before;
            }
            catch (Refusal refusal) when (refusal.Code == RefusalCode.GitFailed)
            {
                _key = null;
                return null;
            }

            return _problem;
        }
    }

    // Null while one of them is so young that it may change once more without another stamp.
    private string? Key(IReadOnlyList<string> folders)
    {
        var text = new StringBuilder();
        foreach (var path in settings.Usual().Concat(settings.UsualIgnores()).Concat(_named).Concat(IgnoresOnTheWay(folders)).Distinct(StringComparer.Ordinal))
        {
            var info = files.FileInfo.New(path);
            var stamp = info.Exists ? FileStamp.Of(info) : default;
            if (info.Exists && !stamp.IsSettled)
            {
                return null;
            }

            text.Append(path).Append(' ').Append(stamp.Modified.Ticks).Append(' ').Append(stamp.Length).Append(' ').Append(info.LinkTarget).Append('\n');
        }

        return text.ToString();
    }

    private IEnumerable<string> IgnoresOnTheWay(IEnumerable<string> folders)
    {
        foreach (var folder in folders)
        {
            for (var at = folder; at is not null && at.Length >= place.Root.Length; at = Path.GetDirectoryName(at))
            {
                yield return Path.Join(at, Ignores);
            }
        }
    }

    private string? Ask(StateLayout layout, IReadOnlyList<string> folders)
    {
        var worktree = folders.Contains(layout.Worktrees) ? files.Directory.EnumerateDirectories(layout.Worktrees).FirstOrDefault(path => !Path.GetFileName(path).StartsWith('.')) : null;
        string[] paths = [.. new[] { layout.Task(1), layout.Index, layout.Events, worktree }.OfType<string>().Where(path => folders.Any(folder => NestedRepository.IsBelow(path, folder))).Select(path => Path.GetRelativePath(place.Root, path)), .. folders.Select(folder => Path.GetRelativePath(place.Root, folder))];
        var answer = git.Run(git.At("check-ignore", "--no-index", "--verbose", "--non-matching", "-z", "--stdin") with
        {
            WorkTree = place.Root,
            Input = Encoding.UTF8.GetBytes(string.Concat(paths.Select(path => path + "\0"))),
        });
        if (answer.ExitCode is not (0 or 1))
        {
            answer.Require("asking what is ignored");
        }

        // Source, line, pattern and path of each; nothing but the path where no pattern matches. What is in a folder that is taken in again
        // matches none by itself, so the folders are asked about, too.
        var open = Encoding.UTF8.GetString(answer.Output).Split('\0').Chunk(4).Where(one => one.Length == 4 && (one[2].Length == 0 || one[2].StartsWith('!'))).ToList();
        var lost = folders.Select(folder => Path.GetRelativePath(place.Root, folder).Replace('\\', '/')).Where(folder => open.Exists(one => one[3].StartsWith(folder + "/", StringComparison.Ordinal))).ToList();
        if (lost.Count == 0)
        {
            return null;
        }

        var because = open.Find(one => one[2].Length > 0) is [var source, var line, var pattern, _] ? $"line {line} of {source} ({pattern}) takes them in again" : $"no pattern that git reads names them, and {layout.Exclude} is not ours to write or was written anew";
        return $"git does not leave {string.Join(" and ", lost)} out of commits: {because}; git add -A would stage the board. Add {(lost.Count > 1 ? "the lines" : "the line")} {string.Join(" and ", lost.Select(folder => $"/{folder}/"))} at the end of {Ignores} in {place.Root}.";
    }
}
