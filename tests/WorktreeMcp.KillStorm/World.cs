using System.Text.Json;
using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>What is on disk at one quiet moment, read without asking any server.</summary>
internal sealed class World
{
    private readonly Git _git;
    private readonly Dictionary<int, JsonObject?> _tasks = [];

    public World(Git git, Findings findings)
    {
        _git = git;
        try
        {
            var index = File.Exists(IndexPath) ? JsonNode.Parse(File.ReadAllText(IndexPath))!.AsObject() : [];
            Entries = [.. (index["worktrees"] as JsonArray ?? []).Select(e => e!.AsObject())];
        }
        catch (JsonException fault)
        {
            findings.Add(Broken.Lost, "index.json cannot be read", fault.Message);
        }

        Refs = git.Run("for-each-ref", "--format=%(refname) %(objectname)").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split(' ')).ToDictionary(p => p[0], p => p[1]);
        string[] places = [Path.Join(git.Common, "worktrees"), Path.Join(git.Common, "worktree-mcp", "records")];
        AllAdminIds = [.. places.Where(Directory.Exists).SelectMany(Directory.GetDirectories).Select(d => Path.GetFileName(d)!)];
    }

    public IReadOnlyList<JsonObject> Entries { get; } = [];

    public IReadOnlyDictionary<string, string> Refs { get; }

    private IReadOnlyList<string> AllAdminIds { get; }

    /// <summary>git's records, but for those of checkouts that are kept ready: servers work on these at quiet moments too.</summary>
    public IReadOnlyList<string> AdminIds => [.. AllAdminIds.Except(SpareIds)];

    /// <summary>git's records of checkouts that are kept ready, or about to be; one that became a worktree names its place there.</summary>
    public IReadOnlyList<string> SpareIds => [.. AllAdminIds.Where(IsSpare)];

    public string Root => _git.Root;

    public string IndexPath => Path.Join(_git.Root, ".worktrees", "index.json");

    public IEnumerable<JsonObject> Living => Entries.Where(e => (string?)e["status"] != "removed");

    public JsonObject? Live(string name) => Living.FirstOrDefault(e => (string?)e["name"] == name);

    public JsonObject? Entry(int id) => Entries.FirstOrDefault(e => (int?)e["id"] == id);

    public string TaskPath(int id) => Path.Join(_git.Root, ".tasks", $"task_{id}.json");

    public string FolderOf(string name) => Path.Join(_git.Root, ".worktrees", name);

    public string Admin(string id) => id.StartsWith("wtmcp-trash-", StringComparison.Ordinal) ? Path.Join(_git.Common, "worktree-mcp", "records", id) : Path.Join(_git.Common, "worktrees", id);

    public string Trash(int id) => Path.Join(_git.Common, "worktree-mcp", "trash", $"{id}");

    /// <summary>A task file, or null when it is missing or no JSON.</summary>
    public JsonObject? Task(int id)
    {
        if (!_tasks.TryGetValue(id, out var task))
        {
            try
            {
                task = JsonNode.Parse(File.ReadAllText(TaskPath(id))) as JsonObject;
            }
            catch (Exception fault) when (fault is IOException or JsonException)
            {
                task = null;
            }

            _tasks[id] = task;
        }

        return task;
    }

    private bool IsSpare(string id) =>
        id.StartsWith("spare-", StringComparison.Ordinal) && ReadIfThere(Path.Join(Admin(id), "gitdir")) is var named
        && (named is null || named.StartsWith(Path.Join(Root, ".worktrees", ".spares") + "/", StringComparison.Ordinal));

    public static string? ReadIfThere(string path) => File.Exists(path) ? File.ReadAllText(path).Trim() : null;
}
