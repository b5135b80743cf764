using WorktreeMcp.TestKit;

namespace WorktreeMcp.KillStorm;

/// <summary>git as the oracle and the person use it.</summary>
internal sealed class Git(string root)
{
    public string Root => root;

    public string Common => Path.Join(root, ".git");

    public (int Exit, string Output, string Error) Try(params string[] arguments) => TempRepository.TryGit(root, arguments);

    public static (int Exit, string Output, string Error) TryIn(string directory, params string[] arguments) => TempRepository.TryGit(directory, arguments);

    public string Run(params string[] arguments)
    {
        var (exit, output, error) = Try(arguments);
        return exit == 0 ? output : throw new InvalidOperationException($"git {string.Join(' ', arguments)}: {error}");
    }

    /// <summary>A repository with two branches and a few files.</summary>
    public static Git Make(string folder)
    {
        Directory.CreateDirectory(folder);
        var git = new Git(folder);
        git.Run("init", "-q", "-b", "main");
        git.Run("config", "user.name", "Person");
        git.Run("config", "user.email", "person@example.org");
        File.WriteAllText(Path.Join(folder, "README.md"), "hello\n");
        Directory.CreateDirectory(Path.Join(folder, "src"));
        for (var i = 0; i < 20; i++)
        {
            File.WriteAllText(Path.Join(folder, "src", $"file{i}.txt"), $"content {i}\n");
        }

        File.WriteAllText(Path.Join(folder, ".gitignore"), "*.ignored\n");
        git.Run("add", "-A");
        git.Run("commit", "-q", "-m", "first");
        git.Run("branch", "other");
        return git;
    }
}
