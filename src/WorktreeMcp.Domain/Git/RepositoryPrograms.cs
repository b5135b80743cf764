using System.IO.Abstractions;
using System.Text;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Git;

/// <summary>What must not run, and how git is kept from it.</summary>
/// <param name="Filters">Filters that the repository alone defines and nobody allowed: a file that needs one cannot be made.</param>
/// <param name="Off">Settings for one call that keep git from running any of the programs.</param>
/// <param name="Signer">A setting of the repository itself that names a program for signing, or null.</param>
/// <param name="Problem">Why git cannot be kept from it and must not be started; else null.</param>
internal sealed record ProgramRules(IReadOnlyList<string> Filters, IReadOnlyList<KeyValuePair<string, string>> Off, string? Signer, string? Problem)
{
    /// <summary>Nothing is named.</summary>
    internal static ProgramRules None { get; } = new([], [], null, null);
}

/// <summary>
/// Programs that settings name under names of their own: the one policy for every call. Invariants:
/// - a filter that the repository's own configuration defines runs only if it is allowed by name; where the user or the system
///   defines it too it runs as they do. Whoever can write the repository's configuration is not the person who runs the server;
/// - no merge driver runs, and no hook that newer gits read from settings;
/// - what any condition of an include could bring in counts always: a branch or a directory can change under the call;
/// - under a name that is no text a program cannot be switched off, so then git is not started at all.
/// Of what else settings can name <see cref="GitCommand"/> turns off core.hooksPath, core.fsmonitor, and transports with all that
/// goes with them (core.sshCommand, core.gitProxy, core.askPass, credential.helper, remote.*.uploadpack, ext::, a promisor remote);
/// diff.external, diff.*.command and diff.*.textconv are off by the options of the calls that compare; gpg programs are run by a
/// landing that signs alone, which asks for <see cref="ProgramRules.Signer"/> first. Pagers, editors (core.editor, sequence.editor),
/// trailer.*.command, interactive.diffFilter, core.alternateRefsCommand, uploadpack.packObjectsHook, submodule.*.update and aliases
/// belong to commands that are never called. core.attributesFile names a file, and what that names is a filter like any other.
/// </summary>
internal sealed class RepositoryPrograms(GitCommand git, RepositoryPlace place, IFileSystem files, IReadOnlyList<string> allowed)
{
    private const string MergeOfTexts = "git merge-file -q --marker-size=%L %A %O %B";

    private static readonly string[] Commands = ["clean", "smudge", "process"];

    // Only a file with one of these words in it can name a program, or another file that does.
    private static readonly string[] Telling = ["filter", "include", "driver", "hook", "gpg"];

    private readonly Lock _gate = new();
    private readonly ProgramSettings _settings = new(git, place, files);
    private readonly IReadOnlyList<string> _usual = new SettingFiles(git, place).UsualSettings();
    private IReadOnlyList<string> _paths = [];
    private string? _hash;
    private List<FileStamp> _stamps = [];
    private IReadOnlyList<ProgramSetting> _shared = [];
    private IReadOnlyList<string> _allowed = [];
    private ProgramRules _rules = ProgramRules.None;

    /// <summary>What holds for a checkout; as long as the files of settings stay the same they are asked for once.</summary>
    /// <param name="entry">git's record; the common directory for the main checkout.</param>
    internal ProgramRules For(AdminEntry entry)
    {
        lock (_gate)
        {
            try
            {
                if (!IsSame())
                {
                    Load();
                }
                else if (!_allowed.SequenceEqual(allowed, StringComparer.Ordinal))
                {
                    Rule();
                }

                var own = Path.Join(entry.Directory, "config.worktree");
                return entry.Directory != place.CommonDirectory && MayName(own) ? RulesOf([.. _shared, .. _settings.Of(own)]) : _rules;
            }
            catch (Refusal refusal)
            {
                _hash = null;
                return ProgramRules.None with { Problem = refusal.Message };
            }
        }
    }

    // By the stamps of the files where these tell, else by what they hold.
    private bool IsSame()
    {
        var stamps = StampsOf(_paths);
        if (_hash is null || (!_stamps.SequenceEqual(stamps) && ContentHash.Of(_paths) != _hash))
        {
            return false;
        }

        _stamps = stamps.TrueForAll(stamp => stamp.IsSettled) ? stamps : [];
        return true;
    }

    private List<FileStamp> StampsOf(IReadOnlyList<string> paths) =>
        [.. paths.Select(path => files.FileInfo.New(path)).Select(info => info.Exists ? FileStamp.Of(info) : default)];

    private void Load()
    {
        // Read from before git is asked, so that a change meanwhile is seen the next time.
        var (paths, hash) = (_usual, ContentHash.Of(_usual));
        _shared = [];
        if (_usual.Any(MayName))
        {
            (_shared, var named) = _settings.All();
            paths = [.. _usual.Union(named, StringComparer.Ordinal)];
            hash = hash is not null && hash == ContentHash.Of(_usual) ? ContentHash.Of(paths) : null;
        }

        _stamps = [];
        Rule();
        (_paths, _hash) = (paths, hash);
    }

    // What is allowed may change while the server runs.
    private void Rule() => (_allowed, _rules) = ([.. allowed], RulesOf(_shared));

    // A large one, or one that cannot be read, is git's to judge; a pipe, which would hold up its reader for ever, has no length.
    private bool MayName(string path)
    {
        try
        {
            return files.FileInfo.New(path) is { Exists: true, Length: > 0 }
                && (!files.HoldsText(path) || (PlainFile.BytesIfThere(path, FileLimits.GitSettings, followed: true) is { } bytes && Encoding.Latin1.GetString(bytes) is var text && Telling.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase))));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private ProgramRules RulesOf(IReadOnlyList<ProgramSetting> settings)
    {
        var filters = settings.Where(one => one.Section == "filter" && (one.Member == "required" || Commands.Contains(one.Member))).ToLookup(one => one.Name, StringComparer.Ordinal);
        var foreign = filters.Where(filter => filter.Any(one => one.IsOwn) && !allowed.Contains(filter.Key, StringComparer.Ordinal)).ToList();
        List<KeyValuePair<string, string>> off =
        [
            .. foreign.SelectMany(AsTrusted),
            .. Names("merge", "driver").Select(name => KeyValuePair.Create($"merge.{name}.driver", MergeOfTexts)),
            .. Names("hook", "command", "event").Select(name => KeyValuePair.Create($"hook.{name}.enabled", "false")),
        ];
        var odd = off.Select(setting => setting.Key).FirstOrDefault(key => key.Contains('\uFFFD', StringComparison.Ordinal));
        return new ProgramRules(
            [.. foreign.Where(filter => !IsTheUsers(filter)).Select(filter => filter.Key)],
            off,
            settings.LastOrDefault(one => one is { IsOwn: true, IsSigner: true })?.Key,
            odd is null ? null : $"the configuration names a program under {odd}, a name that is no text, so git cannot be kept from running it and was not started; a person gives that section another name");

        IEnumerable<string> Names(string section, params string[] members) =>
            settings.Where(one => one.Section == section && members.Contains(one.Member)).Select(one => one.Name).Distinct(StringComparer.Ordinal);
    }

    // A process that the repository alone names cannot be taken back: git would look for no other command then.
    private static bool IsTheUsers(IGrouping<string, ProgramSetting> filter) =>
        filter.Any(one => !one.IsOwn && Commands.Contains(one.Member)) && (ValueOf(filter, "process") is not null || !filter.Any(one => one.Member == "process"));

    // As the user and the system set it, or not at all: an empty command is none.
    private static IEnumerable<KeyValuePair<string, string>> AsTrusted(IGrouping<string, ProgramSetting> filter)
    {
        var users = IsTheUsers(filter);
        return Commands.Append("required").Where(member => !users || filter.Any(one => one.Member == member)).Select(member => KeyValuePair.Create(
            $"filter.{filter.Key}.{member}",
            (users ? ValueOf(filter, member) : null) ?? (member == "required" ? "false" : string.Empty)));
    }

    private static string? ValueOf(IGrouping<string, ProgramSetting> filter, string member) => filter.LastOrDefault(one => !one.IsOwn && one.Member == member)?.Value;
}
