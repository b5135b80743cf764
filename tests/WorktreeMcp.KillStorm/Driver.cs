using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>
/// One agent: a thread that makes one call after the other on its own tasks and worktrees, so that what it was told is in
/// order, and keeps the model of what must be there. Between two calls it waits whenever the gate is closed.
/// </summary>
internal sealed partial class Driver(int number, StormState storm, int seed)
{
    private readonly Random _random = new(seed);
    private readonly Queue<(string Tool, JsonObject Arguments)> _again = new();
    private ToolServer _server = ToolServer.Start(storm.Git.Root, $"agent-{number}", storm.Options.Spares);
    private int _count;

    public string Agent => $"agent-{number}";

    public ToolServer Server => Volatile.Read(ref _server);

    public Dictionary<int, TaskModel> Tasks { get; } = [];

    public Dictionary<string, WorktreeModel> Worktrees { get; } = [];

    public List<WorktreeModel> Removed { get; } = [];

    public HashSet<int> TouchedTasks { get; } = [];

    /// <summary>The unanswered call, until the oracle has looked what became of it.</summary>
    public Pending? Pending { get; private set; }

    /// <summary>What it does now, for a report of a call that is never answered.</summary>
    public string Doing { get; private set; } = "starting";

    public void Run()
    {
        while (storm.Gate.Pass())
        {
            try
            {
                Revive();
                if (Pending is null)
                {
                    Step();
                }
                else
                {
                    // What it does not know it must not build on; the oracle settles it at the next quiet moment.
                    Read();
                }
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                storm.Findings.Add(Broken.Lost, $"{Agent}: the answer to {Doing} could not be understood", fault.ToString());
            }
        }
    }

    public void Stop() => _server.Dispose();

    public void Settled() => Pending = null;

    public void Repeat(string tool, JsonObject arguments) => _again.Enqueue((tool, arguments));

    /// <summary>Makes one call for somebody else, while the driver itself waits at the gate.</summary>
    public Answer Lend(string tool, JsonObject arguments)
    {
        Revive();
        return Call(tool, arguments);
    }

    /// <summary>Makes a change that touches nothing of its own: whoever takes the lock after a kill clears away what that left.</summary>
    public void Touch()
    {
        Revive();
        NoteElsewhere();
    }

    /// <summary>Only a server that read an edit could bring it back after a sweep; an older one that it did read may be back instead.</summary>
    public void ForgetUnreadEdits(World world)
    {
        foreach (var model in Tasks.Values.Where(t => t.Hand is not null).ToList())
        {
            Tasks[model.Id] = AsRead(model)!;
        }

        Pending = Pending is { } pending ? pending with { Before = AsRead(pending.Before), After = AsRead(pending.After) } : null;

        TaskModel? AsRead(TaskModel? model) => model?.Hand is not null && world.Task(model.Id) is { } file ? model with { Hand = (string?)file["x_hand"] } : model;
    }

    public void Revive()
    {
        if (!_server.IsGone)
        {
            return;
        }

        if (_server.EndedByItself() is { } how)
        {
            storm.Findings.Add(Broken.Lost, $"{Agent}: the server ended by itself: {how}", $"{Doing}\n{_server.Log}");
        }

        _server.Dispose();
        Volatile.Write(ref _server, ToolServer.Start(storm.Git.Root, Agent, storm.Options.Spares));
    }

    private Answer Call(string tool, JsonObject arguments, Pending? pending = null)
    {
        Doing = $"{tool} {arguments.ToJsonString()}";
        storm.Record.Sent(Agent, tool, arguments);
        var answer = _server.Call(tool, arguments);
        storm.Record.Ended(Agent, tool, answer);
        if (answer.Outcome == Outcome.Unknown)
        {
            // A look that is not answered either leaves the earlier call as unknown as it was.
            Pending = pending ?? Pending;
            Revive();
        }
        else if (answer.Outcome == Outcome.Refused)
        {
            Judge(tool, answer);

            // A git that was killed, or a person who swept the folders away, may have left what another has to finish.
            Pending = answer.Code == "git_failed" || GoesOn(answer) || MustWait(answer) ? pending ?? Pending : Pending;
        }

        Doing = "nothing";
        return answer;
    }

    /// <summary>A refusal must be one that the circumstances allow.</summary>
    private void Judge(string tool, Answer answer)
    {
        // A folder that goes in the middle of a call is one reason to refuse it; nothing was changed then, or the rest follows.
        if (storm.WasSwept && answer.Code == "internal" && (GoesOn(answer) || answer.Message.Contains("Nothing was changed", StringComparison.Ordinal)))
        {
            return;
        }

        if (MustWait(answer))
        {
            return;
        }

        if (answer.Code is "internal" or "corrupt_file" or "protocol" or "not_a_repository" or "busy"
            || (answer.Code == "git_failed" && !storm.GitKilledRecently(number)))
        {
            storm.Findings.Add(Broken.Lost, $"{Agent}: {tool} failed: {answer.Code}", $"{Doing}\n{answer.Message}\n{_server.Log}");
        }
    }

    private static bool GoesOn(Answer answer) => answer.Message.Contains("The next call goes on", StringComparison.Ordinal);

    // The locks of a git that was killed in a landing stay until no other git is at work that might have made them.
    private bool MustWait(Answer answer) =>
        answer.Code == "busy" && answer.Message.Contains("cannot be settled now", StringComparison.Ordinal) && storm.AnyGitKilled;

    private void Step()
    {
        if (_again.TryDequeue(out var again))
        {
            Again(again.Tool, again.Arguments);
            return;
        }

        switch (_random.Next(100))
        {
            case < 12: CreateTask(); break;
            case < 26: UpdateTask(); break;
            case < 31: NoteElsewhere(); break;
            case < 36: Claim(); break;
            case < 50: CreateWorktree(); break;
            case < 54: Bind(); break;
            case < 72: RunCommand(); break;
            case < 76: Keep(); break;
            case < 82 when storm.Options.Landings: Merge(); break;
            case < 89: Remove(); break;
            case < 92 when storm.Options.Landings: Restore(); break;
            case < 94: EditByHand(); break;
            default: Read(); break;
        }
    }

    private void Read()
    {
        var answer = _random.Next(5) switch
        {
            0 => Call("task_list", []),
            1 => Call("worktree_list", []),
            2 => Call("worktree_events", new JsonObject { ["limit"] = 5 }),
            3 when Pick(Worktrees.Values) is { } worktree => Call("worktree_status", new JsonObject { ["name"] = worktree.Name }),
            _ when Pick(Tasks.Values) is { } task => Call("task_get", new JsonObject { ["task_id"] = task.Id }),
            _ => Call("task_list", []),
        };
        if (answer.IsDone && Pending is null && answer.Content["task"] is JsonObject shown && Tasks.TryGetValue((int)shown["id"]!, out var model))
        {
            // A shown task has the newest notes only, and not a person's own keys.
            var seen = (model with { Hand = null }).Differences(shown).Where(d => !d.StartsWith("notes", StringComparison.Ordinal)).Where(IsInAnswers).ToList();
            if (seen.Count > 0)
            {
                storm.Findings.Add(Broken.Lost, $"task {model.Id} is shown otherwise than it was acknowledged", string.Join("; ", seen));
            }
        }
    }

    private T? Pick<T>(IEnumerable<T> from)
        where T : class
    {
        var all = from.ToList();
        return all.Count == 0 ? null : all[_random.Next(all.Count)];
    }

    private string Unique(string what) => $"{what}-{number}-{++_count}";
}
