namespace WorktreeMcp.Bench;

/// <summary>A folder of this run, deleted at its end, in which repositories are made.</summary>
internal sealed class Scratch : IDisposable
{
    internal Scratch(string parent) => Folder = Directory.CreateDirectory(Path.Join(parent, $"worktree-mcp-bench-{Environment.ProcessId}")).FullName;

    internal string Folder { get; }

    /// <summary>A repository of five small files and one commit.</summary>
    internal string Repository(string name)
    {
        var root = Directory.CreateDirectory(Path.Join(Folder, name)).FullName;
        Commands.Git(root, "init", "-q", "-b", "main");
        Commands.Git(root, "config", "user.name", "Bench");
        Commands.Git(root, "config", "user.email", "bench@example.com");
        for (var i = 1; i <= 5; i++)
        {
            File.WriteAllText(Path.Join(root, $"file{i}.txt"), string.Concat(Enumerable.Repeat($"line of file {i}\n", 40)));
        }

        Commands.Git(root, "add", "-A");
        Commands.Git(root, "commit", "-q", "-m", "First");
        return root;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
