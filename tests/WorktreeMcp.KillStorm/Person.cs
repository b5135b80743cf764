namespace WorktreeMcp.KillStorm;

/// <summary>Somebody who works in the main checkout meanwhile.</summary>
internal sealed class Person(StormState storm, int seed)
{
    // With "now" git takes what a commit of this moment has just written, as its manual warns: nobody could tell that from a fault of ours.
    private const string Prune = "--prune=5.seconds.ago";

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
            0 => Git("gc", Prune, "--quiet"),
            1 => Git("switch", "-q", _random.Next(2) == 0 ? "main" : "other"),
            2 => Git("worktree", "prune"),
            3 => Commit(),
            4 => Git("worktree", "list", "--porcelain"),
            5 => Git("status", "--porcelain"),
            _ => Clean(),
        };
        storm.Record.Note($"a person: git {what}: {end.Exit} {end.Error}");
        if (end.Exit != 0 && end.Error.Contains("worktrees/", StringComparison.Ordinal) && MayBeAskedAgain(what))
        {
            storm.Doubts.Add(what, end.Error);
        }
        else if (end.Exit != 0 && !MayFail(what, end.Error))
        {
            storm.Findings.Add(Broken.Orphan, $"a person's git {what.Split(' ')[0]} fails", $"git {what}: {end.Error}");
        }
    }

    // A commit is made once; a clean would sweep away what is looked at, and what it fails on lies in .worktrees/, which is no record of git's.
    private static bool MayBeAskedAgain(string what) =>
        !what.StartsWith("commit", StringComparison.Ordinal) && !what.StartsWith("clean", StringComparison.Ordinal);

    // Nothing of ours may make a person's git fail, but for
    // - a moment's lock;
    // - what a killed landing left in the checkout, which the next call settles;
    // - a folder into which a server writes while it is swept: it stays; and a file of a moment that was gone when it came to be swept.
    private static bool MayFail(string what, string error) =>
        error.Contains("Directory not empty", StringComparison.Ordinal)
        || (what.StartsWith("clean", StringComparison.Ordinal) && error.Contains("No such file", StringComparison.Ordinal))
        || error.Contains(".lock", StringComparison.Ordinal)
        || error.Contains("would be overwritten", StringComparison.Ordinal);

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
