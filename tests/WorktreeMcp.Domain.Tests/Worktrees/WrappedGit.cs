using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A git before whose calls something happens.</summary>
internal static class WrappedGit
{
    /// <summary>The program itself.</summary>
    internal static string Real => Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(place => Path.Join(place, "git")).First(File.Exists);

    /// <summary>Opens a repository for a server that finds this git.</summary>
    /// <param name="repo">The repository.</param>
    /// <param name="before">What happens before each call, for a shell that has the call's words.</param>
    internal static Repository Open(TempRepository repo, string before)
    {
        var folder = Path.Join(repo.Base, "bin");
        Directory.CreateDirectory(folder);
        Programs.Write(Path.Join(folder, "git"), $"#!/bin/sh\n{before}\nexec '{Real}' \"$@\"\n");
        return repo.Open(environment: new Dictionary<string, string> { ["PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}", ["HOME"] = repo.Base });
    }
}
