namespace WorktreeMcp.KillStorm;

/// <summary>Somebody who works in the main checkout meanwhile.</summary>
internal sealed class Person(StormState storm, int seed)
{
    private readonly Random _random = new(seed);
    private int _count;

    public void Run()
    {
        while (storm.Gate.Pass())
        {
            if (storm.Gate.Pause(TimeSpan.FromMilliseconds(_random.Next(20, 250))))
            {
                Act();
            }
        }
    }

    private void Act()
    {
        var (what, end) = _random.Next(storm.Options.Clean ? 7 : 6) switch
        {
            0 => Git("gc", "--prune=now", "--quiet"),
            1 => Git("switch", "-q", _random.Next(2) == 0 ? "main" : "other"),
            2 => Git("worktree", "prune"),
            3 => Commit(),
            4 => Git("worktree", "list", "--porcelain"),
            5 => Git("status", "--porcelain"),
            _ => Clean(),
        };
        storm.Record.Note($"a person: git {what}: {end.Exit} {end.Error}");
        if (end.Exit != 0)
        {
            // Nothing of ours may make a person's git fail, but for a moment's lock, or the moment in which git itself writes
            // the record of a new worktree: then the same works right after.
            // What a killed landing left in the checkout is settled by the next call. A folder into which a server writes while it is
            // swept stays.
            if (!end.Error.Contains("Directory not empty", StringComparison.Ordinal) && !end.Error.Contains(".lock", StringComparison.Ordinal) && !end.Error.Contains("would be overwritten", StringComparison.Ordinal)
                && !(end.Error.Contains("worktrees/", StringComparison.Ordinal) && !what.StartsWith("commit", StringComparison.Ordinal) && Git(what.Split(' ')).End.Exit == 0))
            {
                storm.Findings.Add(Broken.Orphan, $"a person's git {what.Split(' ')[0]} fails", $"git {what}: {end.Error}");
            }
        }
    }

    private (string What, (int Exit, string Output, string Error) End) Clean()
    {
        storm.WasSwept = true;
        return Git("clean", "-fdxq");
    }

    private (string What, (int Exit, string Output, string Error) End) Commit()
    {
        var name = $"person-{++_count}.txt";
        File.WriteAllText(Path.Join(storm.Git.Root, name), $"{_count}\n");
        storm.Git.Try("add", name);
        return Git("commit", "-q", "-m", name);
    }

    private (string What, (int Exit, string Output, string Error) End) Git(params string[] arguments) =>
        (string.Join(' ', arguments), storm.Git.Try(arguments));
}
