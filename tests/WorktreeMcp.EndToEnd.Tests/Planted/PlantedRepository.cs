using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests.Planted;

/// <summary>
/// A repository in which somebody lays traps, between a home and a folder that it has no business with. What lies outside is
/// compared by content, and programs that must not run leave a mark.
/// </summary>
internal sealed class PlantedRepository : IDisposable
{
    private readonly Dictionary<string, string> _outside;

    internal PlantedRepository()
    {
        Repo = new TempRepository();
        Home = Path.Join(Repo.Base, "home");
        Outside = Path.Join(Repo.Base, "outside");
        Marks = Path.Join(Repo.Base, "marks");
        Directory.CreateDirectory(Marks);
        Lay(Path.Join(Home, ".ssh", "id_ed25519"), "a person's key\n");
        Lay(Path.Join(Home, ".aws", "credentials"), "a person's token\n");
        Lay(Path.Join(Home, "work", "thesis.txt"), "years of work\n");
        Lay(Path.Join(Home, ".gitconfig"), "[user]\n\tname = Person\n\temail = person@example.org\n");
        Lay(Path.Join(Outside, "old", "file.txt"), "somebody else's\n");
        Lay(Path.Join(Outside, "old.json"), "{\"name\":\"somebody else's\"}\n");
        foreach (var entry in Directory.EnumerateFileSystemEntries(Outside))
        {
            // What looks long unused is what a sweep would take.
            Directory.SetLastWriteTimeUtc(entry, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }

        Repo.Git("branch", "precious");
        Precious = Repo.Git("commit-tree", "-m", "the only copy", "-p", "main", "main^{tree}");
        Repo.Git("update-ref", "refs/heads/precious", Precious);
        _outside = Look();
    }

    internal TempRepository Repo { get; }

    /// <summary>The home of the person who runs the server.</summary>
    internal string Home { get; }

    /// <summary>A folder beside the repository.</summary>
    internal string Outside { get; }

    /// <summary>A commit that only a person's branch holds.</summary>
    internal string Precious { get; }

    /// <summary>The commit of the main branch.</summary>
    internal string Tip => Repo.Git("rev-parse", "main");

    /// <summary>What the server is started with.</summary>
    internal Dictionary<string, string?> Environment => new() { ["HOME"] = Home, ["XDG_CONFIG_HOME"] = null, ["XDG_STATE_HOME"] = null };

    private string Marks { get; }

    /// <summary>A command that leaves a mark and passes on what it is given.</summary>
    internal string Program(string name) => $"touch '{Path.Join(Marks, name)}'; cat";

    /// <summary>An executable that does so.</summary>
    internal string ProgramFile(string name)
    {
        var path = Path.Join(Repo.Base, "programs", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Programs.Write(path, $"#!/bin/sh\n{Program(name)}\n");
        return path;
    }

    /// <summary>A link in the repository.</summary>
    internal void Link(string path, string target)
    {
        var full = Path.GetFullPath(path, Repo.Root);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        if (Directory.Exists(full))
        {
            Directory.Delete(full, recursive: true);
        }

        File.Delete(full);
        File.CreateSymbolicLink(full, target);
    }

    /// <summary>A registry that the repository tracks, as one that arrives with a clone.</summary>
    internal void Registry(params JsonObject[] entries)
    {
        Repo.Write(".worktrees/index.json", new JsonObject { ["revision"] = 3, ["worktrees"] = new JsonArray([.. entries]) }.ToJsonString());
        Repo.Git("add", "-f", ".worktrees/index.json");
        Repo.Git("commit", "-qm", "a registry");
    }

    /// <summary>One entry of it, sound but for what is given.</summary>
    internal JsonObject Entry(string status, JsonObject? with = null)
    {
        var entry = new JsonObject
        {
            ["id"] = 1,
            ["name"] = "planted",
            ["path"] = ".worktrees/planted",
            ["branch"] = "wt/planted",
            ["base_ref"] = "main",
            ["base_commit"] = Tip,
            ["admin_id"] = "planted",
            ["task_id"] = null,
            ["status"] = status,
            ["branch_created"] = true,
            ["created_at"] = 1795363646.015,
            ["updated_at"] = 1795363646.151,
        };
        foreach (var (key, value) in with ?? [])
        {
            entry[key] = value?.DeepClone();
        }

        return entry;
    }

    /// <summary>What is other than it was outside of the repository, and which programs ran.</summary>
    internal IReadOnlyList<string> Harm()
    {
        var now = Look();
        return
        [
            .. _outside.Where(was => now.GetValueOrDefault(was.Key) != was.Value).Select(was => $"{was.Key} was {was.Value} and is {now.GetValueOrDefault(was.Key) ?? "gone"}"),
            .. now.Keys.Except(_outside.Keys, StringComparer.Ordinal).Select(path => $"{path} is new"),
            .. Directory.EnumerateFileSystemEntries(Marks).Select(mark => $"the program {Path.GetFileName(mark)} ran"),
            .. TempRepository.TryGit(Repo.Root, "rev-parse", "--verify", "--quiet", "refs/heads/precious").Output == Precious ? Array.Empty<string>() : ["the branch precious is not where it was"],
        ];
    }

    public void Dispose() => Repo.Dispose();

    private static void Lay(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private Dictionary<string, string> Look()
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in new[] { Home, Outside }.SelectMany(folder => Walk(folder).Prepend(folder)))
        {
            var info = new FileInfo(path);
            seen[Path.GetRelativePath(Repo.Base, path)] = (info.LinkTarget, info.Attributes.HasFlag(FileAttributes.Directory)) switch
            {
                ({ } target, _) => $"a link to {target}",
                (_, true) => $"a folder {Mode(info)}",
                _ => $"a file {Mode(info)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))[..12]}",
            };
        }

        return seen;
    }

    private static IEnumerable<string> Walk(string folder) => Directory.EnumerateFileSystemEntries(folder, "*", new EnumerationOptions
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = false,
    });

    private static string Mode(FileInfo info) => info.UnixFileMode.ToString();
}
