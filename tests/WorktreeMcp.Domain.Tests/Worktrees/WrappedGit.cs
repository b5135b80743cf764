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

    /// <summary>The environment of a server whose git does something else once, in the place of a call that has these words.</summary>
    /// <param name="folder">Where that git is put; also the home.</param>
    /// <param name="words">The words of the call.</param>
    /// <param name="instead">What a shell does, which has the call's words and git itself as a function.</param>
    internal static Dictionary<string, string> Instead(string folder, string words, string instead)
    {
        var bin = Directory.CreateDirectory(Path.Join(folder, "bin")).FullName;
        var done = Path.Join(folder, "done");
        Programs.Write(Path.Join(bin, "git"), $"#!/bin/sh\ngit() {{ '{Real}' \"$@\"; }}\ncase \" $* \" in *' {words} '*) [ -e '{done}' ] || {{ touch '{done}'; {instead}; }};; esac\nexec '{Real}' \"$@\"\n");
        return new Dictionary<string, string> { ["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}", ["HOME"] = folder };
    }
}
