using System.Globalization;
using System.Text.Json.Nodes;

namespace WorktreeMcp.EndToEnd.Tests.Planted;

/// <summary>The strokes that these plants are made of.</summary>
internal static class Plants
{
    internal static string Lane(PlantedRepository planted) => Path.Join(planted.Repo.Root, ".worktrees", "lane");

    internal static JsonObject Trash(string path, string admin) => new()
    {
        ["admin_id"] = admin,
        ["trash"] = new JsonObject { ["path"] = path, ["admin_id"] = admin, ["tip"] = null, ["head"] = null, ["branch_tip"] = null, ["before"] = "active", ["removed_at"] = 1 },
    };

    internal static string Task(PlantedRepository planted, string worktree) => new JsonObject
    {
        ["id"] = 1,
        ["subject"] = "planted",
        ["status"] = "in_progress",
        ["owner"] = null,
        ["worktree"] = worktree,
        ["worktree_state"] = "active",
        ["revision"] = 1,
        ["created_at"] = 1,
        ["updated_at"] = 1,
        ["description"] = planted.Outside,
    }.ToJsonString();

    internal static void Track(PlantedRepository planted, string path, string text)
    {
        planted.Repo.Write(path, text);
        planted.Repo.Git("add", "-f", path);
        planted.Repo.Git("-c", "core.hooksPath=/dev/null", "commit", "-qm", $"adds {path}");
    }

    internal static void Pipe(PlantedRepository planted, string path)
    {
        var full = Path.GetFullPath(path, planted.Repo.Root);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.Delete(full);
        using var made = System.Diagnostics.Process.Start("mkfifo", [full]);
        made.WaitForExit();
    }

    internal static void Large(PlantedRepository planted, string path)
    {
        planted.Repo.Write(path, "{");
        using var file = File.OpenWrite(Path.GetFullPath(path, planted.Repo.Root));
        file.SetLength(3L << 30);
    }

    internal static void Filter(PlantedRepository planted, string name, string member)
    {
        Track(planted, ".gitattributes", $"*.txt filter={name}\n*.md filter={name}\n");
        planted.Repo.Git("config", $"filter.{name}.{member}", planted.Program(member));
    }

    internal static void Hooks(PlantedRepository planted, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var hook in new[] { "post-checkout", "post-merge", "post-commit", "pre-commit", "commit-msg", "reference-transaction", "post-index-change", "post-rewrite", "pre-rebase", "pre-auto-gc", "pre-merge-commit", "prepare-commit-msg" })
        {
            File.Copy(planted.ProgramFile(hook), Path.Join(folder, hook), overwrite: true);
        }
    }

    internal static void Nested(PlantedRepository planted, string folder, bool isAdded = false)
    {
        var nested = Path.Join(Lane(planted), folder);
        Directory.CreateDirectory(nested);
        planted.Repo.GitIn(nested, "init", "-q");
        File.WriteAllText(Path.Join(nested, "file"), "one\n");
        planted.Repo.GitIn(nested, "add", "file");
        planted.Repo.GitIn(nested, "-c", "user.name=n", "-c", "user.email=n@example.org", "commit", "-qm", "nested");
        if (isAdded)
        {
            planted.Repo.GitIn(Lane(planted), "add", folder);
        }

        planted.Repo.GitIn(nested, "config", "filter.plant.clean", planted.Program("nested"));
        planted.Repo.GitIn(nested, "config", "filter.pl=ant.clean", planted.Program("nested"));
        planted.Repo.GitIn(nested, "config", "core.fsmonitor", planted.ProgramFile("nested-fsmonitor"));
        File.WriteAllText(Path.Join(nested, ".gitattributes"), "file filter=plant\n* filter=pl=ant\n");
        File.WriteAllText(Path.Join(nested, "file"), "longer than it was\n");
    }

    internal static void Rewrite(PlantedRepository planted, Action<JsonObject> change) => Index(planted, index => change(index["worktrees"]![0]!.AsObject()));

    internal static void Index(PlantedRepository planted, Action<JsonObject> change)
    {
        var index = JsonNode.Parse(planted.Repo.Read(".worktrees/index.json"))!.AsObject();
        change(index);
        planted.Repo.Write(".worktrees/index.json", index.ToJsonString());
        File.SetLastWriteTimeUtc(Path.Join(planted.Repo.Root, ".worktrees/index.json"), DateTime.Parse("2030-01-01", CultureInfo.InvariantCulture));
    }
}
