using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Git;

/// <summary>Programs that somebody planted in the settings of a repository; each leaves its name in one file if it runs.</summary>
internal sealed class Plants(TempRepository repo)
{
    /// <summary>Where settings can stand so that git reads them in a worktree.</summary>
    internal static readonly string[] Places = ["config", "include", "include twice", "gitdir", "onbranch", "hasconfig", "config.worktree"];

    private string Marker => Path.Join(repo.Base, "planted-ran");

    /// <summary>What ran so far.</summary>
    internal IReadOnlyList<string> Ran => File.Exists(Marker) ? File.ReadAllLines(Marker) : [];

    /// <summary>A program for a setting, quoted for a file of settings.</summary>
    internal string Program(string name, string then = "cat") => $"\"echo {name} >> '{Marker}'; {then}\"";

    /// <summary>A script that leaves its name.</summary>
    internal string Script(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Programs.Write(path, $"#!/bin/sh\necho {Path.GetFileName(path)} >> '{Marker}'\ncat 2>/dev/null\n");
        return path;
    }

    /// <summary>A section with a name of its own.</summary>
    internal static string Section(string kind, string name, params string[] lines) =>
        $"[{kind} \"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"]\n\t{string.Join("\n\t", lines)}\n";

    /// <summary>Sets up a filter.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="kind">"commands", "process", or "required" for commands without which nothing is to go.</param>
    internal string Filter(string name, string kind = "commands") => kind switch
    {
        "process" => Section("filter", name, $"process = {Program("process", "false")}"),
        "required" => Section("filter", name, $"clean = {Program("clean")}", $"smudge = {Program("smudge")}", "required"),
        _ => Section("filter", name, $"clean = {Program("clean")}", $"smudge = {Program("smudge")}"),
    };

    /// <summary>Lets git read some settings from a place.</summary>
    internal void Set(string place, string text)
    {
        var git = repo.Layout.CommonDirectory;
        File.WriteAllText(Path.Join(git, "more.cfg"), text);
        var including = place switch
        {
            "config" => text,
            "include" => "[include]\n\tpath = more.cfg\n",
            "include twice" => "[include]\n\tpath = first.cfg\n",
            "gitdir" => "[includeIf \"gitdir:**/worktrees/**\"]\n\tpath = more.cfg\n",
            "onbranch" => "[includeIf \"onbranch:**\"]\n\tpath = more.cfg\n",
            "hasconfig" => "[remote \"origin\"]\n\turl = https://planted.example/x\n[includeIf \"hasconfig:remote.*.url:https://planted.example/**\"]\n\tpath = more.cfg\n",
            _ => "[extensions]\n\tworktreeConfig = true\n",
        };
        File.WriteAllText(Path.Join(git, "first.cfg"), "[includeIf \"onbranch:wt/**\"]\n\tpath = more.cfg\n[includeIf \"onbranch:main\"]\n\tpath = more.cfg\n");
        File.AppendAllText(Path.Join(git, "config"), including);
        foreach (var folder in place == "config.worktree" ? Directory.GetDirectories(Path.Join(git, "worktrees")).Prepend(git) : [])
        {
            File.WriteAllText(Path.Join(folder, "config.worktree"), text);
        }
    }

    /// <summary>Lets git doubt a file, so that it reads it again, as after a copy or a checkout by hand.</summary>
    internal void Touch(params string[] paths)
    {
        foreach (var path in paths)
        {
            File.SetLastWriteTimeUtc(Path.GetFullPath(path, repo.Root), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        }
    }

    /// <summary>Makes a repository in a folder of a worktree, whose own settings name programs, and puts it into the worktree's index.</summary>
    internal void Nest(string directory, string name, bool indexed = true)
    {
        var nested = Path.Join(directory, name);
        Directory.CreateDirectory(nested);
        repo.GitIn(nested, "init", "-q");
        repo.GitIn(nested, "config", "user.name", "n");
        repo.GitIn(nested, "config", "user.email", "n@example.org");
        File.WriteAllText(Path.Join(nested, "f"), "x\n");
        repo.Commit("nested", nested);
        if (indexed)
        {
            repo.GitIn(directory, "-c", "advice.addEmbeddedRepo=false", "add", name);
            repo.GitIn(directory, "commit", "-q", "-m", $"{name} is nested");
        }

        File.WriteAllText(Path.Join(nested, ".git", "info", "attributes"), "* filter=planted merge=planted diff=planted\n");
        File.AppendAllText(
            Path.Join(nested, ".git", "config"),
            $"[core]\n\tfsmonitor = {Program("fsmonitor", "false")}\n[diff]\n\texternal = {Program("external")}\n{Filter("planted")}{Section("diff", "planted", $"textconv = {Program("textconv")}")}");
        File.SetLastWriteTimeUtc(Path.Join(nested, "f"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
    }
}
