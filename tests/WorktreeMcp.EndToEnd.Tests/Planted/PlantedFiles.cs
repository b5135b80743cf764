using System.Text.Json.Nodes;
using static WorktreeMcp.EndToEnd.Tests.Planted.Plants;

namespace WorktreeMcp.EndToEnd.Tests.Planted;

/// <summary>Files of the board and settings that come with a clone, by what is wrong with them.</summary>
internal static class PlantedFiles
{
    internal static IReadOnlyDictionary<string, Action<PlantedRepository>> All { get; } = new Dictionary<string, Action<PlantedRepository>>
    {
        ["an entry that is restored from outside"] = p => p.Registry(p.Entry("restoring", Trash("../home/.ssh", ".."))),
        ["an entry that is restored from outside by a whole path"] = p => p.Registry(p.Entry("restoring", Trash(Path.Join(p.Home, "work"), "x"))),
        ["an entry whose record to restore lies outside"] = p => p.Registry(p.Entry("restoring", Trash(".git/worktree-mcp/trash/1", "../../../outside/old"))),
        ["an entry that is removed from outside"] = p => p.Registry(p.Entry("removing", new JsonObject { ["path"] = "../outside/old" })),
        ["an entry that is removed through a link"] = p =>
        {
            p.Link("vendor", p.Outside);
            p.Registry(p.Entry("removing", new JsonObject { ["path"] = "vendor/old" }));
        },
        ["an entry that is emptied outside"] = p => p.Registry(p.Entry("emptying", Trash("../outside/old", "x"))),
        ["an entry in the trash long ago that lies outside"] = p => p.Registry(p.Entry("removed", Trash("../outside/old", "x"))),
        ["an entry that is made outside"] = p => p.Registry(p.Entry("creating", new JsonObject { ["path"] = "../outside/old", ["admin_id"] = "../../../outside" })),
        ["an entry that is made on a person's branch"] = p => p.Registry(p.Entry("creating", new JsonObject { ["branch"] = "precious", ["base_commit"] = p.Precious })),
        ["an entry that is removed together with a person's branch"] = p => p.Registry(p.Entry("removing", new JsonObject { ["branch"] = "precious", ["base_commit"] = p.Precious })),
        ["an entry that lands on a person's branch"] = p => p.Registry(p.Entry("active", new JsonObject
        {
            ["landing"] = new JsonObject { ["into"] = "precious", ["from"] = p.Tip, ["to"] = p.Precious, ["tip"] = p.Precious, ["follow"] = true, ["since"] = 1 },
        })),
        ["a commit that is an option"] = p => p.Registry(p.Entry("active", new JsonObject { ["base_commit"] = $"--output={p.Outside}/old.json" })),
        ["a base that is an option"] = p => p.Registry(p.Entry("active", new JsonObject { ["base_ref"] = $"--output={p.Outside}/old.json" })),
        ["a branch that is an option"] = p => p.Registry(p.Entry("active", new JsonObject { ["branch"] = $"--output={p.Outside}/old.json" })),
        ["an entry without end"] = p => p.Registry(p.Entry("active", new JsonObject { ["name"] = new string('n', 100_000), ["reason"] = new string('r', 1_000_000) })),
        ["an entry of a later version"] = p => p.Registry(p.Entry("teleporting")),
        ["numbers that are none"] = p => p.Registry(p.Entry("active", new JsonObject { ["id"] = "1", ["ports"] = -1, ["created_at"] = 1e300, ["task_id"] = 1e18 })),
        ["a task that names a folder of git as its worktree"] = p => Track(p, ".tasks/task_1.json", Task(p, "../.git/evil")),
        ["a task of a later version"] = p => Track(p, ".tasks/task_1.json", Task(p, "lane").Replace("\"id\":1", "\"id\":1,\"version\":99", StringComparison.Ordinal)),
        ["a task file that is a link to a secret"] = p => p.Link(".tasks/task_1.json", Path.Join(p.Home, ".ssh/id_ed25519")),
        ["tasks that are a link to outside"] = p => p.Link(".tasks", p.Outside),
        ["worktrees that are a link to outside"] = p => p.Link(".worktrees", p.Outside),
        ["a registry that is a pipe"] = p => Pipe(p, ".worktrees/index.json"),
        ["a task file that is a pipe"] = p => Pipe(p, ".tasks/task_1.json"),
        ["settings that are a pipe"] = p => Pipe(p, ".worktree-mcp.json"),
        ["a list of files to bring along that is a pipe"] = p => Pipe(p, ".worktreeinclude"),
        ["a task file without end"] = p => Large(p, ".tasks/task_1.json"),
        ["a registry without end"] = p => Large(p, ".worktrees/index.json"),
        ["settings without end"] = p => Large(p, ".worktree-mcp.json"),
        ["settings with a comma too many"] = p => Track(p, ".worktree-mcp.json", """{ "run": { "sandbox": "required",, } }"""),
        ["settings that open the sandbox"] = p => Track(p, ".worktree-mcp.json", $$"""{ "run": { "network": true, "environment": ["*"], "cache_paths": ["{{p.Home}}"], "secret_paths": ["!~/.ssh"] }, "allowed_filters": ["plant"] }"""),
        ["settings with setup commands"] = p => Track(p, ".worktree-mcp.json", $$"""{ "setup": ["{{p.Program("setup")}}"], "teardown": ["{{p.Program("teardown")}}"] }"""),
        ["worktrees that shall lie outside"] = p => Track(p, ".worktree-mcp.json", """{ "worktree_root": "../outside" }"""),
        ["secrets to bring along"] = p =>
        {
            p.Link("keys.ignored", Path.Join(p.Home, ".ssh"));
            Track(p, ".worktreeinclude", "../home/.ssh/id_ed25519\nkeys.ignored\nkeys.ignored/id_ed25519\n/../../home/**\n");
        },
    };
}
