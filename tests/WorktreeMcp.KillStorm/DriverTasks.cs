using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>What an agent does on the board.</summary>
internal sealed partial class Driver
{
    private void CreateTask()
    {
        var subject = Unique("goal");
        var arguments = new JsonObject { ["subject"] = subject, ["priority"] = _random.Next(2) == 0 ? "high" : "normal" };
        if (_random.Next(4) == 0 && Pick(Tasks.Values) is { } first)
        {
            arguments["blocked_by"] = new JsonArray(first.Id);
        }

        if (_random.Next(3) == 0)
        {
            arguments["request_id"] = $"request-{subject}";
        }

        CreateTask(arguments);
        if (arguments.ContainsKey("request_id") && Pending is null && _random.Next(2) == 0)
        {
            CreateTask(arguments);
        }
    }

    private void CreateTask(JsonObject arguments)
    {
        var answer = Call("task_create", arguments, new Pending("task_create", arguments));
        if (!answer.IsDone)
        {
            return;
        }

        Adopt(arguments, answer.Content["task"]!.AsObject(), "the answer");
    }

    /// <summary>Takes a created task into the record, once, and checks that it is what was asked for.</summary>
    public void Adopt(JsonObject arguments, JsonObject task, string where)
    {
        var id = (int)task["id"]!;
        var subject = (string)arguments["subject"]!;
        var model = new TaskModel(id, subject)
        {
            Priority = (string?)arguments["priority"] ?? "normal",
            BlockedBy = [.. (arguments["blocked_by"] as JsonArray ?? []).Select(b => (int)b!)],
        };
        if (storm.Claim(subject, id) is { } other)
        {
            storm.Findings.Add(Broken.Lost, $"\"{subject}\" was made twice: task {other} and task {id}");
            return;
        }

        if (Tasks.TryGetValue(id, out var known))
        {
            if (known.Subject != subject)
            {
                storm.Findings.Add(Broken.Lost, $"number {id} was given to \"{known.Subject}\" and to \"{subject}\"");
            }

            return;
        }

        Tasks[id] = model;
        storm.Record.Expect("task.created", $"{id}");
        TouchedTasks.Add(id);
        Expect(model, task, where);
    }

    private void UpdateTask()
    {
        if (Pick(Tasks.Values) is not { } task)
        {
            return;
        }

        var arguments = new JsonObject { ["task_id"] = task.Id };
        var next = task;
        switch (_random.Next(6))
        {
            case 0:
                next = task with { Status = NextStatus(task), IsHeld = false };
                arguments["status"] = next.Status;
                next = next.Status == "pending" && task.Status != "pending" ? next with { Owner = null } : next;
                break;
            case 1:
                next = task with { Owner = Unique("owner"), IsHeld = false };
                arguments["owner"] = next.Owner;
                break;
            case 2:
                next = task with { Priority = task.Priority == "low" ? "high" : "low" };
                arguments["priority"] = next.Priority;
                break;
            case 3 when Pick(Tasks.Values.Where(t => t.Id < task.Id && !task.BlockedBy.Contains(t.Id))) is { } earlier && task.BlockedBy.Count < 3:
                next = task with { BlockedBy = [.. task.BlockedBy, earlier.Id] };
                arguments["add_blocked_by"] = new JsonArray(earlier.Id);
                break;
            case 4 when task.BlockedBy.Count > 0:
                next = task with { BlockedBy = [.. task.BlockedBy.Skip(1)] };
                arguments["remove_blocked_by"] = new JsonArray(task.BlockedBy[0]);
                break;
            default:
                next = task with { Notes = [.. task.Notes, $"own {Unique("note")}"] };
                arguments["note"] = next.Notes[^1];
                break;
        }

        var answer = Call("task_update", arguments, new Pending("task_update", arguments) { Before = task, After = next });
        TouchedTasks.Add(task.Id);
        if (answer.IsDone)
        {
            Tasks[task.Id] = next;
            // An answer holds the newest five notes only.
            Expect(next with { Hand = null, Notes = next.Notes }, answer.Content["task"]!.AsObject(), "the answer", skip: "notes");
            if (next.Status == "completed" && task.Status != "completed")
            {
                storm.Record.Expect("task.completed", $"{task.Id}");
            }
        }
    }

    private void NoteElsewhere()
    {
        if (storm.SharedTask(_random) is not { } id)
        {
            return;
        }

        var note = $"from {Unique("note")}";
        var arguments = new JsonObject { ["task_id"] = id, ["note"] = note };
        var answer = Call("task_update", arguments, new Pending("task_update", arguments));
        if (answer.IsDone)
        {
            storm.SharedNotes.Add((id, note));
        }
    }

    /// <summary>A person adds a member to a task file as an editor does: a new file renamed over it.</summary>
    private void EditByHand()
    {
        if (!storm.Options.Person || Pick(Tasks.Values) is not { } task || storm.IsShared(task.Id))
        {
            return;
        }

        var path = Path.Join(storm.Git.Root, ".tasks", $"task_{task.Id}.json");
        if (World.ReadIfThere(path) is not { } text)
        {
            return;
        }

        var file = JsonNode.Parse(text)!.AsObject();
        var hand = Unique("hand");
        file["x_hand"] = hand;
        try
        {
            File.WriteAllText(path + ".swp", file.ToJsonString());
            File.Move(path + ".swp", path, overwrite: true);
        }
        catch (IOException) when (storm.WasSwept)
        {
            return;
        }

        Tasks[task.Id] = task with { Hand = hand };
        TouchedTasks.Add(task.Id);
        storm.Record.Note($"a person wrote x_hand {hand} into task {task.Id}");
    }

    private void Again(string tool, JsonObject arguments)
    {
        if (tool == "task_create")
        {
            CreateTask(arguments);
        }
        else
        {
            CreateWorktree(arguments, mustSucceed: true);
        }
    }

    private string NextStatus(TaskModel task)
    {
        string[] legal = task.Status switch
        {
            "pending" => ["in_progress", "completed"],
            "in_progress" => ["pending", "completed"],
            "completed" => ["pending"],
            _ => ["pending"],
        };
        if (task.WorktreeState is not "active" && _random.Next(6) == 0 && task.Status != "deleted")
        {
            return "deleted";
        }

        return legal[_random.Next(legal.Length)];
    }

    // When a lease ends stands in the file alone.
    private static bool IsInAnswers(string difference) => !difference.StartsWith("lease", StringComparison.Ordinal);

    private void Expect(TaskModel model, JsonObject task, string where, string? skip = "notes")
    {
        var differences = (model with { Hand = (string?)task["x_hand"] ?? null }).Differences(task).Where(d => skip is null || !d.StartsWith(skip, StringComparison.Ordinal)).Where(IsInAnswers).ToList();
        if (differences.Count > 0)
        {
            storm.Findings.Add(Broken.Lost, $"task {model.Id}: {where} is not what was asked for", string.Join("; ", differences));
        }
    }
}
