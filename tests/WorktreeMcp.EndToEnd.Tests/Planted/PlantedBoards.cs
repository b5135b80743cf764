using System.Text.Json.Nodes;
using static WorktreeMcp.EndToEnd.Tests.Planted.Plants;

namespace WorktreeMcp.EndToEnd.Tests.Planted;

/// <summary>What is laid into a board that has a worktree "lane" for task 1 with work in it.</summary>
internal static class PlantedBoards
{
    internal static IReadOnlyDictionary<string, Action<PlantedRepository>> All { get; } = new Dictionary<string, Action<PlantedRepository>>
    {
        ["a registry that a pull replaced"] = p => Rewrite(p, entry =>
        {
            entry["status"] = "restoring";
            entry["admin_id"] = "..";
            entry["trash"] = Trash("../home/.ssh", "..")["trash"]!.DeepClone();
        }),
        ["a record of git that lies outside"] = p => Rewrite(p, entry => entry["admin_id"] = "../../../outside"),
        ["a worktree that lies outside"] = p => Rewrite(p, entry => entry["path"] = "../outside/old"),
        ["a worktree on a person's branch"] = p => Rewrite(p, entry =>
        {
            entry["status"] = "creating";
            entry["branch"] = "precious";
            entry["base_commit"] = p.Precious;
        }),
        ["a worktree that began at an option"] = p => Rewrite(p, entry => entry["base_commit"] = $"--output={p.Outside}/old.json"),
        ["a registry of a later version"] = p => Index(p, index => index["version"] = 99),
        ["a log with a line of a later version"] = p => File.AppendAllText(Path.Join(p.Repo.Root, ".git/worktree-mcp/oplog.jsonl"), """{"version":99,"op":"x","kind":"teleport","changes":[],"events":[],"next":{"task":9,"worktree":9}}""" + "\n"),
        ["private folders that are links"] = p =>
        {
            foreach (var folder in new[] { "sessions", "runs", "leases", "spares", "verify", "sandbox", "trash", "quarantine", "dropped" })
            {
                p.Link($".git/worktree-mcp/{folder}", p.Outside);
            }
        },
        ["private files that are links"] = p =>
        {
            foreach (var file in new[] { "landing-holder.json", "lock-holder.json", "landing.lock", "events.jsonl" })
            {
                p.Link($".git/worktree-mcp/{file}", Path.Join(p.Outside, "old.json"));
            }
        },
        ["a log that is a link"] = p => p.Link(".git/worktree-mcp/oplog.jsonl", Path.Join(p.Outside, "old.json")),
        ["a log that is a pipe"] = p => Pipe(p, ".git/worktree-mcp/oplog.jsonl"),
        ["events that are a link"] = p => p.Link(".worktrees/events.jsonl", Path.Join(p.Outside, "old.json")),
        ["a repository within the worktree that names programs"] = p => Nested(p, "nested"),
        ["a repository within the worktree that was added"] = p =>
        {
            Nested(p, "nested", isAdded: true);
        },
        ["a filter in the worktree's own configuration"] = p =>
        {
            p.Repo.Git("config", "extensions.worktreeConfig", "true");
            p.Repo.GitIn(Lane(p), "config", "--worktree", "filter.plant.clean", p.Program("worktree"));
            File.WriteAllText(Path.Join(Lane(p), ".gitattributes"), "* filter=plant\n");
            File.WriteAllText(Path.Join(Lane(p), "src/app.txt"), "touched\n");
        },
        ["links in the worktree that lead outside"] = p =>
        {
            p.Link(".worktrees/lane/secret.txt", Path.Join(p.Home, ".ssh/id_ed25519"));
            p.Link(".worktrees/lane/folder", p.Outside);
        },
        ["a worktree whose pointer leads outside"] = p => File.WriteAllText(Path.Join(Lane(p), ".git"), $"gitdir: {p.Outside}\n"),
        ["a record whose pointers lead outside"] = p =>
        {
            File.WriteAllText(Path.Join(p.Repo.Root, ".git/worktrees/lane/gitdir"), $"{p.Outside}/.git\n");
            File.WriteAllText(Path.Join(p.Repo.Root, ".git/worktrees/lane/commondir"), $"{p.Outside}\n");
        },
    };
}
