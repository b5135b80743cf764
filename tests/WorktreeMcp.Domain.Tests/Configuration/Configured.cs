using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Configuration;

/// <summary>A repository whose settings come from where a server reads them: its own file, the user's, and variables.</summary>
internal sealed class Configured : IDisposable
{
    private readonly List<Repository> _opened = [];

    internal TempRepository Repo { get; } = new();

    internal string Home => Path.Join(Repo.Base, "home");

    internal string UserFile => Path.Join(Home, ".config", "worktree-mcp", "config.json");

    internal string RepositoryFile => Path.Join(Repo.Root, ".worktree-mcp.json");

    internal Configured() => Directory.CreateDirectory(Path.GetDirectoryName(UserFile)!);

    internal void User(string text) => File.WriteAllText(UserFile, text);

    internal void Repository(string text) => File.WriteAllText(RepositoryFile, text);

    /// <summary>Opens it as a server would that is started with these variables; closed together with this.</summary>
    internal Repository Open(params (string Name, string Value)[] variables)
    {
        var opened = Domain.Repository.Open(Repo.Root, environment: Variables(variables));
        _opened.Add(opened);
        return opened;
    }

    internal Dictionary<string, string> Variables(params (string Name, string Value)[] variables)
    {
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = Home, [Patience.ListVariable] = Patience.ListMilliseconds };
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        return environment;
    }

    public void Dispose()
    {
        _opened.ForEach(repository => repository.Dispose());
        Repo.Dispose();
    }
}
