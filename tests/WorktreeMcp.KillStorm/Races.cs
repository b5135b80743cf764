using System.Text.Json.Nodes;

namespace WorktreeMcp.KillStorm;

/// <summary>Servers that start the same kind of call at the same time; nobody is killed.</summary>
internal sealed class Races(StormOptions options, TextWriter output)
{
    private const int Many = 16;
    private const int Bindings = 20;

    private readonly List<string> _faults = [];
    private int _made;
    private int _bound;

    /// <summary>Runs them all.</summary>
    /// <returns>True if all held.</returns>
    public bool Run()
    {
        var folder = Path.Join(options.Folder, $"kill-storm-races-{options.Seed}-{Environment.ProcessId}");
        output.WriteLine($"races, seed {options.Seed}, {options.Rounds} rounds, in {folder}");
        var git = Git.Make(Path.Join(folder, "repo"));
        var servers = Enumerable.Range(0, Many).Select(n => ToolServer.Start(git.Root, $"racer-{n}", options.Spares)).ToList();
        try
        {
            for (var round = 1; round <= options.Rounds; round++)
            {
                ManyNames(git, servers, round);
                OneName(git, [.. servers.Take(8)], round);
                OneTask(git, [.. servers.Take(2)], round);
                ManyTasks(git, [.. servers.Take(4)], round);
                TwoWriters(servers, round);
                RemoveAgainstCreate(git, servers, round);
            }

            StoppedHolder(git, servers);
        }
        finally
        {
            servers.ForEach(s => s.Dispose());
        }

        _faults.ForEach(f => output.WriteLine($"  {f}"));
        if (_faults.Count == 0 && !options.Keep)
        {
            Directory.Delete(folder, recursive: true);
        }

        output.WriteLine($"rounds {options.Rounds}, worktrees at once {_made} of {options.Rounds * Many}, bindings won once {_bound} of {options.Rounds * Bindings}, faults {_faults.Count}");
        return _faults.Count == 0;
    }

    private void ManyNames(Git git, List<ToolServer> servers, int round)
    {
        var answers = Both(servers, n => ("worktree_create", new JsonObject { ["name"] = $"many-{round}-{n}" }));
        _made += answers.Count(a => a.IsDone);
        foreach (var answer in answers.Where(a => !a.IsDone))
        {
            Fault($"round {round}: a create of a name of its own fails: {answer.Message}");
        }

        Agree(git, $"after {Many} creates");
        foreach (var answer in Both(servers, n => ("worktree_remove", new JsonObject { ["name"] = $"many-{round}-{n}" })).Where(a => !a.IsDone))
        {
            Fault($"round {round}: a remove fails: {answer.Message}");
        }

        Agree(git, $"after {Many} removes");
    }

    private void OneName(Git git, List<ToolServer> servers, int round)
    {
        var tasks = servers.Select(s => (int)s.Call("task_create", new JsonObject { ["subject"] = $"one of {round}" }).Content["task"]!["id"]!).ToList();
        var answers = Both(servers, n => ("worktree_create", new JsonObject { ["name"] = $"one-{round}", ["task_id"] = tasks[n] }));
        if (answers.Count(a => a.IsDone) != 1 || answers.Any(a => !a.IsDone && a.Code != "already_exists"))
        {
            Fault($"round {round}: one name for {servers.Count} tasks: {string.Join(", ", answers.Select(a => a.IsDone ? "made" : a.Code))}");
        }

        Agree(git, "after one name for many tasks");
    }

    /// <summary>
    /// Two servers bind one task to two worktrees: one of them wins, and registry and task tell the same afterwards. The second
    /// is kept away by what the first bound, or by the claim that came with it.
    /// </summary>
    private void OneTask(Git git, List<ToolServer> servers, int round)
    {
        string[] names = [$"this-{round}", $"that-{round}"];
        foreach (var name in names)
        {
            servers[0].Call("worktree_create", new JsonObject { ["name"] = name });
        }

        for (var i = 1; i <= Bindings; i++)
        {
            var id = (int)servers[0].Call("task_create", new JsonObject { ["subject"] = $"bound by two {round} {i}" }).Content["task"]!["id"]!;
            var answers = Both(servers, n => ("task_bind_worktree", new JsonObject { ["task_id"] = id, ["worktree"] = names[n] }));
            var won = answers.FindIndex(a => a.IsDone);
            var serving = new World(git, new Findings()).Living.Where(e => (int?)e["task_id"] == id).Select(e => (string)e["name"]!).ToList();
            var named = (string?)servers[1].Call("task_get", new JsonObject { ["task_id"] = id }).Content["task"]!["worktree"];
            if (answers.Count(a => a.IsDone) == 1 && answers[1 - won].Code is "already_exists" or "task_claimed" && serving is [var only] && only == names[won] && named == only)
            {
                _bound++;
            }
            else
            {
                Fault($"round {round}: one task for two worktrees: {string.Join(", ", answers.Select(a => a.IsDone ? "bound" : a.Code))}; the registry has it at [{string.Join(' ', serving)}], the task names {named ?? "none"}");
            }

            // A worktree whose task is over can be bound again.
            if (servers[Math.Max(won, 0)].Call("task_update", new JsonObject { ["task_id"] = id, ["status"] = "completed" }) is { IsDone: false } open)
            {
                Fault($"round {round}: a bound task cannot be completed: {open.Message}");
            }
        }

        Agree(git, "after one task was bound to two worktrees");
    }

    private void ManyTasks(Git git, List<ToolServer> servers, int round)
    {
        const int each = 50;
        var ids = new List<int>[servers.Count];
        Together(servers, (server, n) => ids[n] = [.. Enumerable.Range(0, each)
            .Select(i => (int)server.Call("task_create", new JsonObject { ["subject"] = $"task {round} {n} {i}" }).Content["task"]!["id"]!)]);
        var all = ids.SelectMany(i => i).ToList();
        if (all.Distinct().Count() != servers.Count * each || all.Any(id => !File.Exists(Path.Join(git.Root, ".tasks", $"task_{id}.json"))))
        {
            Fault($"round {round}: {all.Distinct().Count()} numbers for {all.Count} tasks");
        }
    }

    private void TwoWriters(List<ToolServer> servers, int round)
    {
        const int each = 100;
        var id = (int)servers[0].Call("task_create", new JsonObject { ["subject"] = $"written by two {round}" }).Content["task"]!["id"]!;
        Together([.. servers.Take(3)], (server, n) =>
        {
            for (var i = 1; i <= each; i++)
            {
                var answer = n switch
                {
                    0 => server.Call("task_update", new JsonObject { ["task_id"] = id, ["owner"] = $"owner-{i}" }),
                    1 => server.Call("task_update", new JsonObject { ["task_id"] = id, ["priority"] = i % 2 == 0 ? "high" : "low", ["description"] = $"text {i}" }),
                    _ => server.Call("task_get", new JsonObject { ["task_id"] = id }),
                };
                if (!answer.IsDone)
                {
                    Fault($"round {round}: {(n == 2 ? "a reader" : "a writer")} of one task fails: {answer.Message}");
                }
            }
        });
        var task = servers[3].Call("task_get", new JsonObject { ["task_id"] = id }).Content["task"]!;
        if ((string?)task["owner"] != $"owner-{each}" || (string?)task["description"] != $"text {each}" || (int?)task["revision"] != 1 + (2 * each))
        {
            Fault($"round {round}: a writer undid the other: {task.ToJsonString()}");
        }
    }

    private void RemoveAgainstCreate(Git git, List<ToolServer> servers, int round)
    {
        var name = new JsonObject { ["name"] = $"again-{round}" };
        Together([.. servers.Take(6)], (server, n) =>
        {
            for (var i = 0; i < 10; i++)
            {
                var answer = server.Call(n % 2 == 0 ? "worktree_create" : "worktree_remove", name);
                if (!answer.IsDone && answer.Code is not ("already_exists" or "not_found" or "worktree_busy"))
                {
                    Fault($"round {round}: create against remove: {answer.Code} {answer.Message}");
                }
            }
        });
        Agree(git, "after removes against creates of one name");
    }

    /// <summary>A server that is stopped with the lock in hand makes the others wait; nobody takes it away, and all go on after.</summary>
    private void StoppedHolder(Git git, List<ToolServer> servers)
    {
        var holder = servers[0];
        var busy = new Thread(() =>
        {
            for (var i = 0; i < 300; i++)
            {
                holder.Call("task_create", new JsonObject { ["subject"] = $"by the holder {i}" });
            }
        });
        busy.Start();
        var lockPath = Path.Join(git.Common, "worktree-mcp", "lock");
        while (busy.IsAlive)
        {
            Processes.Signal(holder.Pid, Processes.Stop);
            if (HasStopped(holder.Pid) && Holds(lockPath, holder.Pid))
            {
                break;
            }

            Processes.Signal(holder.Pid, Processes.Continue);
            Thread.Sleep(1);
        }

        if (!busy.IsAlive)
        {
            output.WriteLine("  the holder was never caught with the lock in hand");
            return;
        }

        Answer? answer = null;
        var waiter = new Thread(() => answer = servers[1].Call("task_create", new JsonObject { ["subject"] = "waits" }));
        waiter.Start();
        if (waiter.Join(TimeSpan.FromSeconds(2)))
        {
            Fault($"a stopped holder's lock was taken: {answer!.Message}");
        }

        if (!servers[2].Call("task_list", []).IsDone)
        {
            Fault("a reader waits for the lock");
        }

        Processes.Signal(holder.Pid, Processes.Continue);
        waiter.Join();
        busy.Join();
        if (!answer!.IsDone)
        {
            Fault($"after the holder went on the waiter fails: {answer.Message}");
        }
    }

    // The signal only asks for it: until one thread has taken notice, the others run on.
    private static bool HasStopped(int pid) => SpinWait.SpinUntil(
        () => Directory.EnumerateFiles($"/proc/{pid}/task", "stat", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })
            .All(file => File.ReadAllText(file) is var stat && stat[(stat.LastIndexOf(')') + 2)..].StartsWith('T')),
        TimeSpan.FromSeconds(5));

    private static bool Holds(string lockPath, int pid)
    {
        using var find = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%i", lockPath]) { RedirectStandardOutput = true })!;
        var inode = find.StandardOutput.ReadToEnd().Trim();
        find.WaitForExit();
        return File.ReadAllLines("/proc/locks").Any(l =>
            l.Contains("FLOCK", StringComparison.Ordinal) && !l.Contains("->", StringComparison.Ordinal)
            && l.Contains($" {pid} ", StringComparison.Ordinal) && l.Contains($":{inode} ", StringComparison.Ordinal));
    }

    private void Agree(Git git, string when)
    {
        var findings = new Findings();
        var world = new World(git, findings);
        var names = world.Living.Select(e => (string)e["name"]!).ToHashSet();
        var folders = Directory.GetDirectories(Path.Join(git.Root, ".worktrees")).Select(d => Path.GetFileName(d)!).Where(d => d is not (".trash" or ".spares")).ToHashSet();
        var records = world.AdminIds.Where(id => !id.StartsWith("wtmcp-trash-", StringComparison.Ordinal)).ToHashSet();
        var own = world.Living.Select(e => (string)e["admin_id"]!).ToHashSet();
        var branches = world.Refs.Keys.Where(r => r.StartsWith("refs/heads/wt/", StringComparison.Ordinal)).Select(r => r["refs/heads/wt/".Length..]).ToHashSet();
        if (!names.SetEquals(folders) || !AreAll(own, records) || !names.SetEquals(branches) || world.Living.Any(e => (string?)e["status"] != "active"))
        {
            Fault($"{when}: registry [{string.Join(' ', names)}], folders [{string.Join(' ', folders)}], records [{string.Join(' ', records)}], branches [{string.Join(' ', branches)}]");
        }

        foreach (var name in names)
        {
            if (Git.TryIn(world.FolderOf(name), "status", "--porcelain") is not { Exit: 0, Output: "" } status)
            {
                Fault($"{when}: git status in {name} says {Git.TryIn(world.FolderOf(name), "status", "--porcelain")}");
            }
        }
    }

    // A checkout that a server keeps ready is nobody's yet, and keeps its record's name when it becomes somebody's.
    private static bool AreAll(HashSet<string> own, HashSet<string> records) =>
        own.IsSubsetOf(records) && records.Except(own).All(id => id.StartsWith("spare-", StringComparison.Ordinal));

    private static List<Answer> Both(List<ToolServer> servers, Func<int, (string Tool, JsonObject Arguments)> call)
    {
        var answers = new Answer[servers.Count];
        Together(servers, (server, n) =>
        {
            var (tool, arguments) = call(n);
            answers[n] = server.Call(tool, arguments);
        });
        return [.. answers];
    }

    private static void Together(List<ToolServer> servers, Action<ToolServer, int> act)
    {
        using var start = new Barrier(servers.Count);
        var threads = servers.Select((server, n) => new Thread(() =>
        {
            start.SignalAndWait();
            act(server, n);
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
    }

    private void Fault(string what)
    {
        lock (_faults)
        {
            _faults.Add(what);
        }
    }
}
