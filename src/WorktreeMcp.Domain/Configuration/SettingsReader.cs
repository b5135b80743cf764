using System.IO.Abstractions;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Configuration;

/// <summary>
/// The one place that reads what is set: variables before the repository's file before the user's file before the defaults. Invariants:
/// - the repository's file is read from the main checkout only, never from a worktree;
/// - what a repository's file would open beyond a person's own configuration counts only where that is approved, as it stands; what a
///   person has set outright it never weakens;
/// - what cannot be understood is told, all of it at once, and what nobody can tell counts as its strictest.
/// </summary>
/// <param name="files">For reading.</param>
/// <param name="environment">Where variables and the home come from.</param>
/// <param name="approved">What a person has approved of the repository's file: JSON by key; null for nothing.</param>
internal sealed class SettingsReader(IFileSystem files, IReadOnlyDictionary<string, string> environment, Func<IReadOnlyDictionary<string, string>>? approved = null)
{
    /// <summary>The repository's own file, in the top level of the main checkout.</summary>
    internal const string FileName = ".worktree-mcp.json";

    /// <summary>The variable that says whether commands are confined.</summary>
    internal const string SandboxVariable = "WORKTREEMCP_RUN_SANDBOX";

    private readonly Lock _gate = new();
    private SettingsFile? _userFile;
    private SettingsFile? _repositoryFile;
    private Reading? _last;

    /// <summary>How a file is read.</summary>
    internal Func<string, byte[]> Bytes { get; init; } = SettingsFile.PlainBytes;

    /// <summary>Reads everything for the repository whose main checkout is given; where no file has changed it is what it was.</summary>
    internal RepositorySettings Read(string root)
    {
        lock (_gate)
        {
            _userFile ??= UserFile(environment) is { } path ? new SettingsFile(path, files) { Bytes = Bytes } : null;
            _repositoryFile = _repositoryFile?.Source == Path.Join(root, FileName) ? _repositoryFile : new SettingsFile(Path.Join(root, FileName), files, OfAWorktree) { Bytes = Bytes };
            var user = _userFile?.Read(IsWhole) ?? FoundSettings.None;
            var repository = _repositoryFile.Read(IsWhole);
            var approvals = repository.Bytes is null ? null : approved?.Invoke();
            if (_last is { } last && last.User.IsSame(user) && last.Repository.IsSame(repository) && AreSame(last.Approvals, approvals))
            {
                return last.Settings;
            }

            var pass = new Pass(root, approvals ?? new Dictionary<string, string>());
            var settings = pass.Run(TextOf(_userFile?.Source, user), TextOf(_repositoryFile.Source, repository), Variables());
            _last = new Reading(user, repository, approvals, settings);
            return settings;
        }
    }

    private static bool IsWhole(byte[] bytes) => SettingsText.Of(string.Empty, bytes, KnownSettings.Sections).IsWhole;

    private static bool AreSame(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        (left?.Count ?? 0) == (right?.Count ?? 0) && (left is null || left.All(pair => right!.GetValueOrDefault(pair.Key) == pair.Value));

    private static Source? TextOf(string? path, FoundSettings found) =>
        found.Bytes is { } bytes ? new Source(path!, SettingsText.Of(path!, bytes, KnownSettings.Sections), null)
        : found.Problem is { } problem ? new Source(path!, null, new SettingProblem(path!, null, null, problem))
        : null;

    private List<(string Name, string Value)> Variables() =>
        [.. environment.Where(pair => pair.Key.StartsWith(KnownSettings.Prefix, StringComparison.OrdinalIgnoreCase) && pair.Value.Length > 0 && !pair.Value.Contains("${", StringComparison.Ordinal))
            .Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal)];

    /// <summary>The person's own file; null where there is no home.</summary>
    internal static string? UserFile(IReadOnlyDictionary<string, string> environment)
    {
        var folder = environment.GetValueOrDefault("XDG_CONFIG_HOME") is { Length: > 0 } configured ? configured
            : environment.GetValueOrDefault("HOME") is { Length: > 0 } home ? Path.Join(home, ".config")
            : null;
        return folder is null ? null : Path.Join(folder, "worktree-mcp", "config.json");
    }

    // An agent writes in a worktree what nobody has landed.
    private string? OfAWorktree(string real)
    {
        for (var folder = Path.GetDirectoryName(real); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (files.KindOf(Path.Join(folder, ".git")) is var kind && kind != FileKind.None)
            {
                return kind == FileKind.Folder ? null : $"it is a link into the worktree {folder}, where settings are not read";
            }
        }

        return null;
    }

    private sealed record Reading(FoundSettings User, FoundSettings Repository, IReadOnlyDictionary<string, string>? Approvals, RepositorySettings Settings);

    private sealed record Source(string Path, SettingsText? Text, SettingProblem? Problem)
    {
        internal IReadOnlyList<SettingsMember> Members => Text?.Members ?? [];

        /// <summary>Whether it may set what was not read.</summary>
        internal bool IsDoubtful => Text is not { IsWhole: true };
    }

    /// <summary>One reading of all of it.</summary>
    private sealed class Pass(string root, IReadOnlyDictionary<string, string> approvals)
    {
        private readonly List<SettingProblem> _problems = [];
        private readonly List<WaitingSetting> _waiting = [];
        private readonly List<string> _outdone = [];
        private SettingProblem _cachePathsAt = new RepositorySettings().CachePathsAt;
        private readonly HashSet<string> _doubtful = new(StringComparer.Ordinal);

        internal RepositorySettings Run(Source? user, Source? repository, IReadOnlyList<(string Name, string Value)> variables)
        {
            var own = user is null ? new RepositorySettings() : OfUser(user);
            var given = Understood(variables);
            var settings = repository is null ? own : OfRepository(repository, own, (user?.Members ?? []).Select(member => member.Key).ToHashSet(), given.Select(one => one.Setting.Key).Where(key => key != "run.secret_paths").ToHashSet());
            var unread = _problems.Where(problem => problem.Source == repository?.Path).ToList();
            settings = given.Aggregate(settings, (so, one) => one.Setting.Apply(so, one.Value)!);
            return settings with
            {
                Problems = _problems,
                Waiting = _waiting,
                Outdone = _outdone,
                CachePathsAt = _cachePathsAt,
                Doubtful = [.. _doubtful],
                Unread = unread.Count == 0 ? null : SettingProblem.Words(unread),
            };
        }

        private RepositorySettings OfUser(Source user)
        {
            var settings = Told(user, new RepositorySettings());
            foreach (var (setting, member) in Known(user))
            {
                if (setting.RepositoryOnly)
                {
                    _problems.Add(user.Text!.At(member.KeyAt, $"{setting.Key} belongs into {FileName} of a repository"));
                }
                else
                {
                    settings = Applied(user, setting, member, settings) ?? settings;
                }
            }

            return settings;
        }

        private RepositorySettings OfRepository(Source repository, RepositorySettings own, HashSet<string> said, HashSet<string> overruled)
        {
            var settings = Told(repository, own);
            var isApproved = IsApproved(repository);
            foreach (var (setting, member) in Known(repository))
            {
                if (Applied(repository, setting, member, settings) is not { } wish)
                {
                    continue;
                }

                settings = overruled.Contains(setting.Key) ? settings : Bounded(setting, member.Value!.ToJsonString(), own, wish, said.Contains(setting.Key), isApproved);
            }

            return settings;
        }

        // A text is approved as a whole: with anything more or less in it, it is another one.
        private bool IsApproved(Source repository)
        {
            var nothing = new RepositorySettings();
            var opened = repository.Members
                .Select(member => (member.Key, Text: member.Value?.ToJsonString(), Setting: KnownSettings.OfKey(member.Key), member.Value))
                .Where(one => one.Setting is { Opens: not null } setting && setting.Apply(nothing, one.Value) is { } wish && setting.Narrowed!(nothing, wish) is not null)
                .ToList();
            return opened.Count == approvals.Count && opened.TrueForAll(one => approvals.GetValueOrDefault(one.Key) == one.Text);
        }

        // What a person set for all repositories guards against each of them: its own file may ask for more, not for less.
        private RepositorySettings Bounded(Setting setting, string text, RepositorySettings own, RepositorySettings wish, bool isSaid, bool isApproved)
        {
            if (setting.Narrowed?.Invoke(own, wish) is not { } narrower)
            {
                return wish;
            }

            if (setting.Opens is null || (isSaid && !setting.IsAddedTo))
            {
                _outdone.Add($"{Path.Join(root, FileName)}: {setting.Key} is weaker than your own configuration has it; it does not count.");
                return narrower;
            }

            if (isApproved)
            {
                return wish;
            }

            _waiting.Add(new WaitingSetting(setting.Key, text, setting.Opens));
            return narrower;
        }

        // What concerns a file as a whole; and what decides where the board lies is looked for in it all the same.
        private RepositorySettings Told(Source source, RepositorySettings settings)
        {
            _problems.AddRange(source.Problem is { } problem ? [problem] : source.Text!.Problems);
            if (!source.IsDoubtful)
            {
                _doubtful.UnionWith(source.Text!.Doubtful);
                return settings;
            }

            _doubtful.UnionWith(KnownSettings.All.Select(s => s.Key).Except(source.Members.Select(member => member.Key)));
            foreach (var setting in source.Text is null ? [] : KnownSettings.All.Where(s => s.IsSalvaged))
            {
                var found = Regex.Match(source.Text!.Raw, $"\"{setting.Key}\"\\s*:\\s*\"([^\"\\\\]*)\"", RegexOptions.CultureInvariant);
                settings = found.Success ? setting.Apply(settings, JsonValue.Create(found.Groups[1].Value)) ?? settings : settings;
            }

            return settings;
        }

        private IEnumerable<(Setting Setting, SettingsMember Member)> Known(Source source)
        {
            foreach (var member in source.Members)
            {
                if (KnownSettings.OfKey(member.Key) is { } setting)
                {
                    yield return (setting, member);
                }
                else
                {
                    var instead = KnownSettings.NearestKey(member.Key) is { } nearest ? $"did you mean \"{nearest}\"?" : $"known are {string.Join(", ", KnownSettings.All.Where(s => !s.VariableOnly).Select(s => s.Key))}";
                    _problems.Add(source.Text!.At(member.KeyAt, $"\"{SettingsText.Shown(member.Key)}\" is no setting; {instead}"));
                }
            }
        }

        private RepositorySettings? Applied(Source source, Setting setting, SettingsMember member, RepositorySettings settings)
        {
            if (setting.Apply(settings, member.Value) is { } applied)
            {
                _cachePathsAt = setting.Key == _cachePathsAt.Reason ? source.Text!.At(member.ValueAt, setting.Key) : _cachePathsAt;
                return applied;
            }

            _problems.Add(source.Text!.At(member.ValueAt, setting.Unfit(member.Value)));
            _doubtful.Add(setting.Key);
            return null;
        }

        private List<(Setting Setting, JsonNode? Value)> Understood(IReadOnlyList<(string Name, string Value)> variables)
        {
            var understood = new List<(Setting, JsonNode?)>();
            foreach (var (name, text) in variables)
            {
                if (KnownSettings.IsUnknownVariable(name))
                {
                    var instead = KnownSettings.NearestVariable(name) is { } nearest ? $"; did you mean {nearest}?" : string.Empty;
                    _problems.Add(new SettingProblem(SettingsText.Shown(name), null, null, $"there is no such variable{instead}"));
                }
                else if (KnownSettings.All.FirstOrDefault(s => s.Variable == name) is { } setting)
                {
                    Add(setting, setting.FromVariable(text));
                }
            }

            return understood;

            void Add(Setting setting, JsonNode? value)
            {
                if (setting.Apply(new RepositorySettings(), value) is not null)
                {
                    understood.Add((setting, value));
                    _cachePathsAt = setting.Key == _cachePathsAt.Reason ? new SettingProblem(setting.Variable, null, null, setting.Key) : _cachePathsAt;
                    return;
                }

                _problems.Add(new SettingProblem(setting.Variable, null, null, setting.Unfit(value)));
                _doubtful.Add(setting.Key);
            }
        }
    }
}
