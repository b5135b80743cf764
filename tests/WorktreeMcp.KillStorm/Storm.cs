using System.Globalization;

namespace WorktreeMcp.KillStorm;

/// <summary>The storm: servers at work, a killer, a person, and an oracle that looks after every kill.</summary>
internal sealed class Storm(StormOptions options, TextWriter output)
{
    private const int FullLookEvery = 50;
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(60);

    /// <summary>Runs it to its end.</summary>
    /// <returns>True if all held.</returns>
    public bool Run()
    {
        var folder = Path.Join(options.Folder, $"kill-storm-{options.Seed}-{Environment.ProcessId}");
        output.WriteLine($"seed {options.Seed}, {options.Servers} servers, {options.Kills} kills, in {folder}");
        using var record = new Record(MakeRecordPath(folder));
        var storm = new StormState(options, Git.Make(Path.Join(folder, "repo")), record, new Findings());
        var random = new Random(options.Seed);
        var drivers = Enumerable.Range(0, options.Servers).Select(n => new Driver(n, storm, random.Next())).ToList();
        // So that every folder is there before the first look.
        drivers[0].Repeat("task_create", new System.Text.Json.Nodes.JsonObject { ["subject"] = "the first" });
        var threads = drivers.Select(d => Start(d.Run)).ToList();
        if (options.Person)
        {
            threads.Add(Start(new Person(storm, random.Next()).Run));
        }

        var oracle = new Oracle(storm, drivers, random);
        var kills = 0;
        try
        {
            WarmUp(storm, drivers);
            kills = Rounds(storm, drivers, oracle, random);
        }
        finally
        {
            storm.Gate.Stop();
            threads.ForEach(t => t.Join(LongestAnswer));
            drivers.ForEach(d => d.Stop());
        }

        oracle.CheckSpares();
        Report(storm, oracle, "all servers have ended");
        return Conclude(storm, folder, kills);
    }

    private static void WarmUp(StormState storm, List<Driver> drivers)
    {
        foreach (var driver in drivers)
        {
            driver.Lend("worktree_list", []);
        }

        storm.Gate.Open();
    }

    private int Rounds(StormState storm, List<Driver> drivers, Oracle oracle, Random random)
    {
        var killer = new Killer(storm, drivers, random, storm.Options.ServersOnly);
        for (var kill = 1; kill <= options.Kills; kill++)
        {
            Thread.Sleep(random.Next(30, 300));
            var (victim, what) = killer.Strike();
            storm.Record.Note($"kill {kill}: agent-{victim}: {what}");
            if (!storm.Gate.Close(LongestAnswer))
            {
                storm.Findings.Add(Broken.Lost, $"no answer in {LongestAnswer.TotalSeconds} s", string.Join('\n', drivers.Select(d => $"{d.Agent}: {d.Doing}")));
            }
            else
            {
                killer.AwaitOrphans();
                killer.AwaitGits();
                var other = drivers[(victim + 1 + random.Next(drivers.Count - 1)) % drivers.Count];
                // It settles everything and shows little: rows cost a git each.
                other.Lend("worktree_list", new System.Text.Json.Nodes.JsonObject { ["limit"] = 1 });
                if (oracle.SeesTemporaries)
                {
                    other.Touch();
                }

                oracle.Look(kill % FullLookEvery == 0 || kill == options.Kills);
                if (kill == options.Kills)
                {
                    oracle.CheckRepository();
                }
            }

            if (Report(storm, oracle, $"kill {kill}: agent-{victim}: {what}") && !options.GoOn)
            {
                return kill;
            }

            if (kill % 25 == 0)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kill} kills, {storm.Record.Acknowledged} acknowledged, {drivers.Sum(d => d.Tasks.Count)} tasks, {drivers.Sum(d => d.Worktrees.Count)} worktrees, {drivers.Sum(d => d.Removed.Count)} removed, {storm.Commits.Count} commits"));
            }

            storm.ForgetKills();
            storm.Gate.Open();
        }

        return options.Kills;
    }

    private bool Report(StormState storm, Oracle oracle, string kill)
    {
        var fresh = storm.Findings.Fresh();
        if (fresh.Count == 0)
        {
            return false;
        }

        output.WriteLine($"\nafter {kill}");
        foreach (var finding in fresh)
        {
            output.WriteLine($"  {finding}");
            // The record stays with the repository, and a reader of a cut-off output has only the end of that.
            storm.Record.Note($"FOUND: {finding}");
        }

        output.WriteLine("last events:");
        foreach (var line in oracle.LastEvents.Concat(["last calls:"]).Concat(storm.Record.Last().TakeLast(30)))
        {
            output.WriteLine($"  {line}");
        }

        return true;
    }

    private bool Conclude(StormState storm, string folder, int kills)
    {
        var held = !storm.Findings.Any;
        output.WriteLine($"killed: {storm.Record.Kills}");
        output.WriteLine($"acknowledged: {storm.Record.ByTool}");
        output.WriteLine($"refused: {storm.Record.Refusals}");
        if (held && !options.Keep)
        {
            Directory.Delete(folder, recursive: true);
        }
        else
        {
            output.WriteLine($"the repository stays in {folder}; seed {options.Seed}");
            foreach (var finding in storm.Findings.All)
            {
                output.WriteLine(finding);
            }
        }

        output.WriteLine($"kills {kills}, acknowledged {storm.Record.Acknowledged}, unknown {storm.Record.Unknown}, lost {storm.Findings.Lost}, orphans {storm.Findings.Orphans}, torn lines {storm.Findings.TornLines}");
        return held;
    }

    private static string MakeRecordPath(string folder)
    {
        Directory.CreateDirectory(folder);
        return Path.Join(folder, "record.log");
    }

    private static Thread Start(Action run)
    {
        var thread = new Thread(() => run()) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
