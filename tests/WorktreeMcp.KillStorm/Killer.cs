namespace WorktreeMcp.KillStorm;

/// <summary>Kills at random moments, and knows what of the killed is still at work.</summary>
internal sealed class Killer(StormState storm, IReadOnlyList<Driver> drivers, Random random, bool serversOnly)
{
    private const int LongestSearch = 400;
    private static readonly TimeSpan LongestLife = TimeSpan.FromSeconds(15);

    private readonly List<int> _orphans = [];

    /// <summary>Kills something now.</summary>
    /// <returns>Which driver's, and what, in words.</returns>
    public (int Driver, string What) Strike()
    {
        var kind = random.Next(100);
        if (kind < 30)
        {
            return KillServer(random.Next(drivers.Count), "server", "the server alone");
        }

        var (victim, child) = FindGitChild();
        if (child == 0)
        {
            return KillServer(random.Next(drivers.Count), "server", "the server alone, no git child was seen");
        }

        var command = Processes.CommandOf(child);
        if (serversOnly)
        {
            return KillServer(victim, "server during git", $"the server during: {command}");
        }

        storm.GitKilled(victim);
        if (kind < 55)
        {
            Processes.Signal(child, Processes.Kill);
            storm.Record.Killed("git");
            return (victim, $"git child {child} alone: {command}");
        }

        if (kind < 80)
        {
            Processes.Signal(child, Processes.Kill);
            return KillServer(victim, "git and server", $"git child {child} and the server: {command}");
        }

        return kind < 90 ? KillServer(victim, "server during git", $"the server during: {command}") : KillTree(victim, command);
    }

    /// <summary>Waits until what killed servers left running has ended.</summary>
    public void AwaitOrphans()
    {
        var until = Environment.TickCount64 + (long)LongestLife.TotalMilliseconds;
        while (_orphans.Exists(Processes.IsAlive))
        {
            if (Environment.TickCount64 > until)
            {
                foreach (var orphan in _orphans.Where(Processes.IsAlive))
                {
                    storm.Findings.Add(Broken.Orphan, $"{orphan} runs on {LongestLife.TotalSeconds} s after its server was killed: {Processes.CommandOf(orphan)}");
                    Processes.Signal(orphan, Processes.Kill);
                }
            }

            Thread.Sleep(2);
        }

        _orphans.Clear();
    }

    /// <summary>Waits for the gits that living servers have begun for themselves: as long as one of them may have made it, a lock file that a killed git left stays.</summary>
    public void AwaitGits()
    {
        var until = Environment.TickCount64 + (long)LongestLife.TotalMilliseconds;
        var gits = drivers.SelectMany(driver => Processes.Descendants(driver.Server.Pid)).Where(pid => Processes.NameOf(pid).StartsWith("git", StringComparison.Ordinal)).ToList();
        while (gits.Exists(Processes.IsAlive) && Environment.TickCount64 < until)
        {
            Thread.Sleep(2);
        }
    }

    private (int Driver, string What) KillServer(int victim, string kind, string how)
    {
        storm.Record.Killed(kind);
        var server = drivers[victim].Server;
        _orphans.AddRange(Processes.Descendants(server.Pid));
        server.Kill();
        return (victim, how);
    }

    private (int Driver, string What) KillTree(int victim, string command)
    {
        storm.Record.Killed("all of its processes");
        var server = drivers[victim].Server;
        var all = Processes.Descendants(server.Pid);
        server.Kill();
        foreach (var child in all)
        {
            Processes.Signal(child, Processes.Kill);
        }

        _orphans.AddRange(all);
        return (victim, $"the whole tree: {command}");
    }

    private (int Driver, int Child) FindGitChild()
    {
        var until = Environment.TickCount64 + LongestSearch;
        var first = random.Next(drivers.Count);
        do
        {
            for (var i = 0; i < drivers.Count; i++)
            {
                var victim = (first + i) % drivers.Count;
                foreach (var child in Processes.Children(drivers[victim].Server.Pid))
                {
                    if (Processes.NameOf(child) == "git")
                    {
                        return (victim, child);
                    }
                }
            }
        }
        while (Environment.TickCount64 < until);

        return (0, 0);
    }
}
