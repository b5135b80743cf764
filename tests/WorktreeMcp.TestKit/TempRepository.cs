using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.TestKit;

/// <summary>A real git repository with a few files and one commit, in memory where the machine allows; gone when disposed.</summary>
public sealed class TempRepository : IDisposable
{
    private readonly List<Repository> _opened = [];

    /// <summary>Makes one on branch main.</summary>
    /// <param name="commit">Whether it gets its first commit.</param>
    public TempRepository(bool commit = true)
    {
        var folder = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        Base = Path.Join(folder, $"wtmcp-test-{Guid.NewGuid():N}"[..24]);
        Root = Path.Join(Base, "repo");
        Directory.CreateDirectory(Root);
        Git("init", "-q", "-b", "main");
        Git("config", "user.name", "Test");
        Git("config", "user.email", "test@example.org");

        // Newer gits leave one running in the background after a commit, with a lock of its own.
        Git("config", "maintenance.auto", "false");
        if (commit)
        {
            Write("README.md", "hello\n");
            Write("src/app.txt", "one\ntwo\nthree\n");
            Write(".gitignore", "*.ignored\nbuild/\n");
            Commit("first");
        }
    }

    /// <summary>A folder around the repository, for what lies beside it.</summary>
    public string Base { get; }

    /// <summary>The main checkout.</summary>
    public string Root { get; }

    /// <summary>Where our files lie.</summary>
    public StateLayout Layout => new(Root, Path.Join(Root, ".git"));

    /// <summary>Opens it as a server would; closed together with this.</summary>
    /// <param name="disk">For writing; null for the real disk.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <param name="environment">Where git and commands get theirs from; null for that of this process.</param>
    /// <param name="endsWithThisProcess">Whose claims end when this opening is disposed; null for nobody's.</param>
    /// <returns>The opened repository.</returns>
    public Repository Open(IDisk? disk = null, TimeProvider? time = null, RepositorySettings? settings = null, IReadOnlyDictionary<string, string>? environment = null, Func<string, bool>? endsWithThisProcess = null)
    {
        var opened = Repository.Open(Root, Patience.In(settings ?? new RepositorySettings()), environment, disk: disk, time: time, endsWithThisProcess: endsWithThisProcess);
        _opened.Add(opened);
        return opened;
    }

    /// <summary>Runs git in the main checkout and returns its output; fails the test if git fails.</summary>
    /// <param name="arguments">What git is told.</param>
    /// <returns>Its output without the last newline.</returns>
    public string Git(params string[] arguments) => GitIn(Root, arguments);

    /// <summary>Runs git in a directory.</summary>
    /// <param name="directory">Absolute, or relative to the root.</param>
    /// <param name="arguments">What git is told.</param>
    /// <returns>Its output without the last newline.</returns>
    public string GitIn(string directory, params string[] arguments)
    {
        var (exit, output, error) = TryGit(Path.GetFullPath(directory, Root), arguments);
        return exit == 0 ? output : throw new InvalidOperationException($"git {string.Join(' ', arguments)} failed ({exit}): {error}");
    }

    /// <summary>Runs git in a directory and says how it ended.</summary>
    /// <param name="directory">Absolute.</param>
    /// <param name="arguments">What git is told.</param>
    /// <returns>Exit code, output, error output.</returns>
    public static (int Exit, string Output, string Error) TryGit(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo("git") { WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("GIT_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();

        // Streams that were asked for are not closed together with the process.
        using var standardError = process.StandardError;
        using var standardOutput = process.StandardOutput;
        var error = standardError.ReadToEndAsync();
        var output = standardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.TrimEnd('\n'), error.Result.Trim());
    }

    /// <summary>Writes a file.</summary>
    /// <param name="path">Relative to the root.</param>
    /// <param name="text">Its content.</param>
    public void Write(string path, string text)
    {
        var full = Path.GetFullPath(path, Root);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">Relative to the root.</param>
    /// <returns>Its content.</returns>
    public string Read(string path) => File.ReadAllText(Path.GetFullPath(path, Root));

    /// <summary>Whether a file or folder is there.</summary>
    /// <param name="path">Relative to the root.</param>
    /// <returns>True if so.</returns>
    public bool Has(string path) => Path.Exists(Path.GetFullPath(path, Root));

    /// <summary>Commits everything.</summary>
    /// <param name="message">The message.</param>
    /// <param name="directory">Where; the main checkout by default.</param>
    /// <returns>The commit's hash.</returns>
    public string Commit(string message, string? directory = null)
    {
        var where = directory ?? Root;
        GitIn(where, "add", "-A");
        GitIn(where, "commit", "-q", "--allow-empty", "-m", message);
        return GitIn(where, "rev-parse", "HEAD");
    }

    /// <summary>The lines of the event log.</summary>
    /// <returns>Oldest first; empty when there is none.</returns>
    public IReadOnlyList<string> EventLines() => File.Exists(Layout.Events) ? File.ReadAllLines(Layout.Events) : [];

    /// <summary>
    /// All that a refused call must leave as it was: tasks, registry, refs, git's records, every file outside git's
    /// directory, and the main checkout's status. Events are left out: a refusal may add a before and a failed.
    /// </summary>
    /// <returns>A text that is equal exactly when nothing changed.</returns>
    public string Snapshot()
    {
        var text = new StringBuilder();
        text.AppendLine(TryGit(Root, "for-each-ref").Output);
        text.AppendLine(TryGit(Root, "status", "--porcelain", "-uall").Output);
        var records = Path.Join(Root, ".git", "worktrees");
        foreach (var record in (Directory.Exists(records) ? Directory.GetDirectories(records) : []).Where(record => !IsMadeReady(record)).Order(StringComparer.Ordinal))
        {
            text.AppendLine($"{Path.GetFileName(record)} {ReadIfThere(Path.Join(record, "HEAD"))} {ReadIfThere(Path.Join(record, "gitdir"))} {File.Exists(Path.Join(record, "locked"))}");
        }

        foreach (var file in Files(Root).Where(file => !IsMadeReady(file)).Order(StringComparer.Ordinal))
        {
            text.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"{Path.GetRelativePath(Root, file)} {HashOf(file)}");
        }

        return text.ToString();
    }

    // Servers make checkouts ready whenever they have time, whatever is called meanwhile.
    private bool IsMadeReady(string path) => Path.GetRelativePath(Root, path).Split(Path.DirectorySeparatorChar) is [".worktrees", ".spares", ..] or [".git", "worktrees", ['s', 'p', 'a', 'r', 'e', '-', ..], ..];

    /// <summary>The events that a refused call may add: none, or one whole pair.</summary>
    /// <param name="before">The lines before it.</param>
    /// <returns>True if what was added is allowed.</returns>
    public bool AddedNothingOrOneFailedPair(IReadOnlyList<string> before)
    {
        var added = EventLines().Skip(before.Count).ToList();
        return added.Count == 0 || (added.Count == 2 && added[0].Contains(".before\"", StringComparison.Ordinal) && added[1].Contains(".failed\"", StringComparison.Ordinal));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var opened in _opened)
        {
            opened.Dispose();
        }

        if (Directory.Exists(Base))
        {
            MakeEnterable(Base);
            Directory.Delete(Base, recursive: true);
        }
    }

    // A folder must be opened before what is in it can be seen; links are not followed.
    private static void MakeEnterable(string folder)
    {
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        foreach (var inner in new DirectoryInfo(folder).EnumerateDirectories().Where(inner => inner.LinkTarget is null))
        {
            MakeEnterable(inner.FullName);
        }
    }

    private IEnumerable<string> Files(string folder)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder))
        {
            if (entry == Path.Join(Root, ".git") || entry == Layout.Events)
            {
                continue;
            }

            if (Directory.Exists(entry) && new DirectoryInfo(entry).LinkTarget is null)
            {
                foreach (var file in Files(entry))
                {
                    yield return file;
                }
            }
            else
            {
                yield return entry;
            }
        }
    }

    private static string HashOf(string file) =>
        new FileInfo(file).LinkTarget is { } target ? $"-> {target}" : new FileInfo(file).Length == 0 ? "empty, or a pipe" : Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))[..16];

    private static string ReadIfThere(string path) => File.Exists(path) ? File.ReadAllText(path).Trim() : "-";
}
