using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A repository that is put back to where it was, at the same place, in less time than it takes to make a new one.</summary>
internal sealed class RewindableRepository : IDisposable
{
    private readonly string _saved;

    internal RewindableRepository(Action<TempRepository> prepare)
    {
        prepare(Repo);
        _saved = Path.Join(Repo.Base, "saved");
        Run("cp", "-a", Repo.Root, _saved);
    }

    internal TempRepository Repo { get; } = new();

    internal void Rewind()
    {
        Run("rm", "-rf", "--", Repo.Root);
        Run("cp", "-a", _saved, Repo.Root);
    }

    /// <summary>
    /// What every server must agree on, without what differs from time to time: tasks, registry, branches, git's records,
    /// directories, what has landed and what commands wrote. Whoever asks is a server like any other, and finishes or takes back what it finds half-made.
    /// </summary>
    internal string Essence()
    {
        using var server = Repository.Open(Repo.Root, new RepositorySettings { ListWait = Patience.List });
        var text = new StringBuilder();
        var rows = new[] { (WorktreeState?)null, WorktreeState.Removed }.SelectMany(state => server.Worktrees.List(state, 50, null).Worktrees).ToList();
        foreach (var row in rows)
        {
            var worktree = row.Worktree;
            text.AppendLine(CultureInfo.InvariantCulture, $"worktree {worktree.Name} {worktree.Status.Word()} {worktree.Branch} {worktree.TaskId} {worktree.Reason} {string.Join(' ', row.Drift)}");
        }

        foreach (var path in Directory.EnumerateFiles(Repo.Layout.Tasks, "task_*.json").Order(StringComparer.Ordinal))
        {
            var task = JsonNode.Parse(File.ReadAllText(path))!;
            text.AppendLine(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)} {task["subject"]} {task["status"]} {task["owner"]} {task["worktree"]} {task["worktree_state"]} {task["notes"]?.AsArray().Count}");
        }

        text.AppendLine(Repo.Git("for-each-ref", "--format=%(refname)", "refs/heads"));
        text.AppendLine(Repo.Git("log", "--format=%s", "main"));
        text.AppendLine(Repo.Git("status", "--porcelain"));
        text.AppendJoin(' ', Directory.EnumerateFiles(Repo.Layout.Worktrees, "ran.txt", SearchOption.AllDirectories).Select(File.ReadAllText));
        text.AppendLine(Names(Path.Join(Repo.Root, ".git", "worktrees")));
        text.AppendLine(Names(Repo.Layout.Worktrees));
        return text.ToString();
    }

    /// <summary>Temporary files of ours, wherever they lie.</summary>
    internal IReadOnlyList<string> Temporaries() =>
        [.. Directory.EnumerateFiles(Repo.Root, "*tmp", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })];

    public void Dispose() => Repo.Dispose();

    // What was taken back waits in the trash under its number, which is not among what servers agree on.
    private static string Names(string folder) => string.Join(' ', Directory.EnumerateDirectories(folder)
        .Select(path => Path.GetFileName(path)).Where(name => !name.StartsWith("wtmcp-trash-", StringComparison.Ordinal) && name[0] != '.').Order(StringComparer.Ordinal));

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
    }
}
