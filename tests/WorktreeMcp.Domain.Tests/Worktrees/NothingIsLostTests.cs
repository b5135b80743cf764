using System.Globalization;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>
/// Two servers and a person with git do what each of them may, in any order: every word that anybody wrote is afterwards in a file, in the
/// trash, in a commit that something holds, or in a repository that lies there. WORKTREEMCP_SEQUENCES says how many orders are tried. All
/// of them are plain users, who are kept out of folders by their modes.
/// </summary>
public sealed class NothingIsLostTests(ITestOutputHelper output)
{
    private const int MostSteps = 30;

    [Fact]
    public void Whatever_is_done_in_whichever_order_no_word_is_lost()
    {
        Assert.SkipWhen(PlainProcess.Missing is not null, PlainProcess.Missing ?? string.Empty);
        if (PlainProcess.HasRun(typeof(NothingIsLostTests)))
        {
            return;
        }

        var count = int.Parse(Environment.GetEnvironmentVariable("WORKTREEMCP_SEQUENCES") ?? "2", CultureInfo.InvariantCulture);
        var first = Environment.GetEnvironmentVariable("WORKTREEMCP_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next(1_000_000);
        for (var seed = first; seed < first + count; seed++)
        {
            output.WriteLine($"seed {seed}");
            using var play = new Play(seed);
            for (var step = 0; step < MostSteps; step++)
            {
                play.Step();
            }

            play.LetIn();
            play.Lost(committedOnly: false).Should().BeEmpty($"seed {seed}: {play.Story}");
            play.EmptyTrash();
            play.Lost(committedOnly: true).Should().BeEmpty($"seed {seed}, after the trash was emptied: {play.Story}");
        }
    }

    private sealed class Play : IDisposable
    {
        private readonly TempRepository _repo = new();
        private readonly FakeTimeProvider _time = new();
        private readonly Random _random;
        private readonly Repository[] _servers;
        private readonly List<string> _story = [];
        private readonly List<string> _words = [];
        private readonly HashSet<string> _committed = [];
        private readonly HashSet<string> _staged = [];
        private int _names;

        internal Play(int seed)
        {
            _random = new Random(seed);
            _repo.Write(".gitignore", "build/\n");
            _repo.Commit("ignored");
            _servers = [_repo.Open(time: _time), _repo.Open(time: _time)];
        }

        internal string Story => string.Join("; ", _story);

        public void Dispose()
        {
            LetIn();
            _repo.Dispose();
        }

        internal void Step()
        {
            var server = _servers[_random.Next(_servers.Length)];
            var live = server.Worktrees.Names;
            if (live.Count < 2 || _random.Next(8) == 0)
            {
                Do($"create w{++_names}", () => server.Make($"w{_names}"));
                return;
            }

            var name = live[_random.Next(live.Count)];
            var place = Directory(server, name);
            if (!File.Exists(Path.Join(place, ".git")))
            {
                // Moved by the person; what git does there it does to the main checkout.
                Restore(server);
                return;
            }

            switch (_random.Next(24))
            {
                case 0: Write(place, "notes.txt"); break;
                case 1: Write(place, "build/out.txt"); break;
                case 2 or 3 or 4: Commit(place); break;
                case 5: Git(place, "commit", "-q", "--amend", "--allow-empty", "-m", "amended"); break;
                case 6: Reset(place); break;
                case 7: Git(place, "stash", "-q", "-u"); break;
                case 8: Git(place, "branch", "-m", $"named-{++_names}"); break;
                case 9: Git(place, "checkout", "-q", "--detach"); break;
                case 10: Git(place, "update-index", "--split-index"); break;
                case 11: Nested(place, _random.Next(2) == 0 ? "build/tool" : "tool", _random.Next(2) == 0); break;
                case 12: Git(place, "rebase", "-q", "main"); break;
                case 13: Do($"remove {name}", () => server.Drop(name)); break;
                case 14: Do($"remove {name} by force", () => server.Drop(name, force: true)); break;
                case 15: Do($"land {name}", () => server.Land(name, (LandingStrategy)_random.Next(3), remove: _random.Next(2) == 0)); break;
                case 16: Restore(server); break;
                case 17: Shut(place); break;
                case 18: LetIn(); break;
                case 19: Git(_repo.Root, "worktree", "move", place, $"{place}-moved"); break;
                case 20: Git(_repo.Root, "clean", "-q", "-fdx"); break;
                case 21: Git(_repo.Root, "worktree", "prune", "--expire=now"); break;
                case 22: Stage(place); break;
                default: Git(_repo.Root, "gc", "-q"); break;
            }
        }

        internal void EmptyTrash()
        {
            _time.Advance(TimeSpan.FromDays(9));
            foreach (var server in _servers)
            {
                server.Trash().Sweep("test", CancellationToken.None);
            }

            Git(_repo.Root, "worktree", "prune", "--expire=now");
            Git(_repo.Root, "gc", "-q", "--prune=now");
        }

        internal IReadOnlyList<string> Lost(bool committedOnly)
        {
            var there = new HashSet<string>(StringComparer.Ordinal);
            foreach (var file in System.IO.Directory.EnumerateFiles(_repo.Base, "*.txt", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            {
                there.UnionWith(File.ReadAllLines(file));
            }

            // Everything that a gc would let stand, in this repository and in those that lie in it.
            var stores = System.IO.Directory.EnumerateDirectories(_repo.Base, ".git", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint });
            foreach (var store in stores.Append(_repo.Layout.CommonDirectory).Distinct())
            {
                var objects = TempRepository.TryGit(store, "rev-list", "--objects", "--all", "--reflog", "--indexed-objects").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
                foreach (var line in objects.Where(line => line.EndsWith(".txt", StringComparison.Ordinal) || (line.Length > 41 && char.IsAsciiDigit(line[41]))))
                {
                    there.UnionWith(TempRepository.TryGit(store, "cat-file", "blob", line[..40]).Output.Split('\n'));
                }
            }

            return [.. _words.Where(word => (!committedOnly || _committed.Contains(word)) && !there.Contains(word))];
        }

        // Nobody but a person may do that: what a removal must look at is let in again before words are looked for.
        internal void LetIn()
        {
            foreach (var folder in System.IO.Directory.EnumerateDirectories(_repo.Base, "shut-*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).ToList())
            {
                Mode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        private void Shut(string place)
        {
            var folder = Path.Join(place, $"shut-{++_names}");
            Write(place, $"{Path.GetFileName(folder)}/inside.txt");
            Mode(folder, _random.Next(2) == 0 ? UnixFileMode.None : UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        private void Mode(string folder, UnixFileMode mode)
        {
            File.SetUnixFileMode(folder, mode);
            _story.Add($"mode {mode} of {Path.GetRelativePath(_repo.Root, folder)}");
        }

        // Only in the index.
        private void Stage(string place)
        {
            var name = $"staged-{++_names}.txt";
            var word = Write(place, name);
            if (Git(place, "add", name))
            {
                File.Delete(Path.Join(place, name));
                _staged.Add(word);
            }
        }

        // Takes what is only staged out of the index: that is the person's own doing.
        private void Reset(string place)
        {
            if (Git(place, "reset", "-q", "--keep", "HEAD~1"))
            {
                _words.RemoveAll(_staged.Contains);
            }
        }

        private string Directory(Repository server, string name) => Path.Join(_repo.Root, server.Row(name).Worktree.Path);

        private void Restore(Repository server)
        {
            if (server.Trash().Items(measure: false).LastOrDefault(item => item.Name is not null) is { } item)
            {
                Do($"restore {item.Name}", () => server.Worktrees.Restore(item.Name!, null, item.Id, Steps.By));
            }
        }

        private string Write(string place, string path)
        {
            var word = $"word-{++_names}";
            var full = Path.Join(place, path);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.AppendAllText(full, word + "\n");
            _words.Add(word);
            _story.Add($"{word} into {Path.GetRelativePath(_repo.Root, full)}");
            return word;
        }

        private void Commit(string place)
        {
            var file = $"file-{_random.Next(4)}.txt";
            var word = Write(place, file);
            Git(place, "add", file);
            if (Git(place, "-c", "user.name=T", "-c", "user.email=t@e", "commit", "-q", "-m", word))
            {
                _committed.Add(word);
            }
        }

        private void Nested(string place, string path, bool commit)
        {
            var inner = Path.Join(place, path);
            System.IO.Directory.CreateDirectory(inner);
            Git(inner, "init", "-q", ".");
            if (commit)
            {
                Commit(inner);
            }
            else
            {
                Write(inner, "draft.txt");
            }
        }

        private bool Git(string place, params string[] words)
        {
            var (exit, _, error) = TempRepository.TryGit(place, words);
            _story.Add($"git {string.Join(' ', words)} in {Path.GetRelativePath(_repo.Root, place)}{(exit == 0 ? string.Empty : $" ({error.Split('\n')[0]})")}");
            return exit == 0;
        }

        private void Do(string what, Action act)
        {
            try
            {
                act();
                _story.Add(what);
            }
            catch (Refusal refusal)
            {
                _story.Add($"{what} refused: {refusal.Code}");
            }
        }
    }
}
