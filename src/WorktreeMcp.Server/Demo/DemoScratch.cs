#pragma warning disable RS0030 // The demo makes, shows and removes a folder of its own; no state of the product is touched this way.
using System.Text;
using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Server.Demo;

/// <summary>The repository the demo plays on; removed at the end unless it is to be kept.</summary>
internal sealed class DemoScratch : IDisposable
{
    private readonly string _folder;
    private readonly bool _keep;

    private DemoScratch(string folder, bool keep)
    {
        _folder = folder;
        _keep = keep;
        Root = Path.Join(folder, "repository");
    }

    /// <summary>The main checkout.</summary>
    internal string Root { get; }

    /// <summary>The file that both agents edit, relative to the root.</summary>
    internal string SharedFile { get; private set; } = "README.md";

    /// <summary>The branch of the main checkout, which work lands in.</summary>
    internal string Branch { get; private set; } = "main";

    /// <summary>Says whether a commit is fit to land.</summary>
    internal string VerifyCommand { get; private set; } = "sh test.sh";

    internal static DemoScratch Make(string? source, bool keep)
    {
        var scratch = new DemoScratch(Directory.CreateTempSubdirectory("worktree-mcp-demo-").FullName, keep);
        try
        {
            if (source is null)
            {
                scratch.WriteSmallProject();
            }
            else
            {
                scratch.Clone(source);
            }

            return scratch;
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }

    /// <summary>Runs git in the main checkout; throws with git's words if it fails.</summary>
    internal string Git(params string[] arguments) => RunGit(Root, arguments);

    /// <summary>Reads a file.</summary>
    internal string Read(string path) => File.ReadAllText(Path.Join(Root, path));

    /// <summary>Whether a file or folder is there.</summary>
    internal bool Has(string path) => Path.Exists(Path.Join(Root, path));

    /// <summary>The files of both planes, two levels deep, as a tree.</summary>
    internal IEnumerable<string> Planes()
    {
        foreach (var plane in new[] { ".tasks", ".worktrees" })
        {
            yield return plane + "/";
            foreach (var entry in Directory.EnumerateFileSystemEntries(Path.Join(Root, plane)).Order(StringComparer.Ordinal))
            {
                yield return $"  {Path.GetFileName(entry)}{(Directory.Exists(entry) ? "/" : "")}";
                foreach (var inner in Directory.Exists(entry) ? Directory.GetFileSystemEntries(entry).Order(StringComparer.Ordinal).Take(6) : [])
                {
                    yield return $"    {Path.GetFileName(inner)}{(Directory.Exists(inner) ? "/" : "")}";
                }
            }
        }
    }

    public void Dispose()
    {
        if (!_keep)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private void WriteSmallProject()
    {
        Directory.CreateDirectory(Root);
        File.WriteAllText(Path.Join(Root, "README.md"), "# Greeter\n\nPrints a greeting.\n");
        File.WriteAllText(Path.Join(Root, "greet.sh"), "#!/bin/sh\necho \"Hello, ${1:-world}!\"\n");
        File.WriteAllText(Path.Join(Root, "test.sh"), "#!/bin/sh\ntest \"$(sh greet.sh you)\" = \"Hello, you!\" && echo ok\n");
        File.WriteAllText(Path.Join(Root, ".gitignore"), "*.log\n");
        Git("init", "-q", "-b", "main");
        NameCommitter();
        Git("add", "-A");
        Git("commit", "-q", "-m", "A greeter");
    }

    private void Clone(string source)
    {
        RunGit(_folder, "clone", "-q", "--", Path.GetFullPath(source), Root);
        NameCommitter();
        var files = Git("ls-files", "-z").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        SharedFile = files.FirstOrDefault(f => f.StartsWith("README", StringComparison.OrdinalIgnoreCase) && !f.Contains('/', StringComparison.Ordinal))
            ?? files.FirstOrDefault(f => !f.Contains('\'', StringComparison.Ordinal) && File.Exists(Path.Join(Root, f)))
            ?? throw new InvalidOperationException($"{source} has no files to play with");
        VerifyCommand = $"test -s '{SharedFile}' && git diff --quiet HEAD";
        Branch = Git("branch", "--show-current");
        if (Branch.Length == 0)
        {
            Branch = "demo";
            Git("checkout", "-q", "-B", Branch);
        }
    }

    // The agents commit, also where nobody has told git a name.
    private void NameCommitter()
    {
        Git("config", "user.name", "Demo");
        Git("config", "user.email", "demo@example.org");
        Git("config", "commit.gpgSign", "false");
    }

    private static string RunGit(string directory, params string[] arguments)
    {
        var output = new MemoryStream();
        var error = new MemoryStream();
        var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Where(e => !((string)e.Key).StartsWith("GIT_", StringComparison.Ordinal))
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
        var exit = ChildProcess.Run(
            new ChildSpec("git", arguments, directory, environment) { Timeout = TimeSpan.FromMinutes(5) },
            (stream, bytes) => (stream == ChildStream.Output ? output : error).Write(bytes),
            CancellationToken.None);
        return exit.ExitCode == 0
            ? Encoding.UTF8.GetString(output.ToArray()).TrimEnd('\n')
            : throw new InvalidOperationException($"git {string.Join(' ', arguments)} failed: {Encoding.UTF8.GetString(error.ToArray()).Trim()}");
    }
}
