using System.Globalization;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Damaged, missing, duplicate and stray task files.</summary>
internal sealed class TaskFileCheck(WorktreePlaces parts)
{
    private readonly Dictionary<int, JsonObject> _newest = parts.NewestTasks();

    internal IEnumerable<RepairableFinding> Look()
    {
        var stored = parts.Store.OnDisk.TasksAnew().OrderBy(task => task.Id).ToList();
        var there = stored.Select(task => task.Id).ToHashSet();
        return
        [
            .. stored.Select(Damaged).OfType<RepairableFinding>(),
            .. _newest.Where(image => !there.Contains(image.Key)).Select(image => Missing(image.Key)),
            .. Strays(),
        ];
    }

    private RepairableFinding? Damaged(StoredTask stored)
    {
        var path = parts.Layout.Task(stored.Id);
        if (stored.Problem is { } foreign)
        {
            return RepairableFinding.ForPerson("task_file_foreign", FindingSeverity.Error, path, $"{path}: {foreign}.", "Move it away; the task comes back from the operation log.");
        }

        var (task, problem) = parts.ReadTask(stored);
        var version = task?.NewerVersion ?? (StateJson.Read(stored.Bytes.Span) is { } json ? FormatVersion.NewerThanKnown(json) : null);
        if (version is not null)
        {
            return RepairableFinding.ForPerson("task_newer", FindingSeverity.Warning, path, $"{path} {FormatVersion.Words(version)}. It is only read.", "Work with the newer worktree-mcp that wrote it.");
        }

        if (problem is null)
        {
            return null;
        }

        return _newest.ContainsKey(stored.Id)
            ? RepairableFinding.Ours(
                "task_damaged",
                FindingSeverity.Error,
                path,
                $"{path} cannot be read: {problem}.",
                "Its bytes are set aside in quarantine, and the newest state in the operation log is put in its place.",
                change => Restore(change, stored))
            : RepairableFinding.ForPerson(
                "task_damaged",
                FindingSeverity.Error,
                path,
                $"{path} cannot be read: {problem}. The operation log does not know this task.",
                "Repair the file in an editor, or move it away.");
    }

    private RepairableFinding Missing(int id)
    {
        var path = parts.Layout.Task(id);
        return RepairableFinding.Ours(
            "task_missing",
            FindingSeverity.Warning,
            path,
            $"{path} is missing, although the operation log knows task {id}. A task leaves the board by its status \"deleted\", never by its file.",
            "It is put back from the operation log.",
            change => PutBack(change, id, null));
    }

    private IEnumerable<RepairableFinding> Strays()
    {
        if (parts.Files.KindOf(parts.Layout.Tasks) != FileKind.Folder)
        {
            yield break;
        }

        foreach (var path in parts.Files.Directory.EnumerateFileSystemEntries(parts.Layout.Tasks).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            if (IsTaskName(name) || (name.StartsWith('.') && name.EndsWith(".tmp", StringComparison.Ordinal)))
            {
                continue;
            }

            var id = parts.Files.KindOf(path) == FileKind.Regular && name.EndsWith(".json", StringComparison.Ordinal) && PlainFile.Problem(path, FileLimits.Task) is null
                ? (int?)StateJson.Read(PlainFile.Bytes(path, FileLimits.Task))?["id"].Integer()
                : null;
            yield return id is { } number && parts.Store.OnDisk.Task(number) is not null
                ? RepairableFinding.ForPerson("task_duplicate", FindingSeverity.Warning, path, $"{path} holds task {number} a second time; only {parts.Layout.Task(number)} is read.", "Compare both, then move this one out of .tasks.")
                : RepairableFinding.ForPerson("task_stray", FindingSeverity.Warning, path, $"{path} is not a task file (task_NUMBER.json) and is not read.", "Move it out of .tasks, or rename it if it is to be a task.");
        }
    }

    private void Restore(StateChange change, StoredTask stored)
    {
        var aside = Quarantine.Keep(parts.Layout, parts.Disk, Path.GetFileName(parts.Layout.Task(stored.Id)), stored.Bytes.Span);
        PutBack(change, stored.Id, Path.GetFileName(aside));
    }

    private void PutBack(StateChange change, int id, string? aside)
    {
        change.PutTask(id, (JsonObject)_newest[id].DeepClone());
        var repaired = new JsonObject
        {
            ["event"] = "board.repaired",
            ["task"] = new JsonObject { ["id"] = id, ["status"] = _newest[id]["status"]?.DeepClone() },
            ["file"] = Path.GetRelativePath(parts.Layout.Root, parts.Layout.Task(id)),
        };
        if (aside is not null)
        {
            repaired["set_aside"] = aside;
        }

        change.Emit(repaired);
        change.Commit("doctor.task");
    }

    private static bool IsTaskName(string name) =>
        name.StartsWith("task_", StringComparison.Ordinal) && name.EndsWith(".json", StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(5, name.Length - 10), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        && id is > 0 and <= TaskFiles.HighestPossibleId && name == $"task_{id.ToString(CultureInfo.InvariantCulture)}.json";
}
