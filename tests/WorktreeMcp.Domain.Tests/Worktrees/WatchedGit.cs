using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>A git that writes down what it is asked, and whose looks at worktrees can be held up.</summary>
internal sealed class WatchedGit
{
    private readonly string _folder;
    private readonly string _log;
    private readonly string _gate;
    private readonly string _held;

    internal WatchedGit(TempRepository repo)
    {
        _folder = Path.Join(repo.Base, "bin");
        _log = Path.Join(repo.Base, "calls");
        _gate = Path.Join(repo.Base, "held");
        _held = Path.Join(repo.Base, "held-words");
        Directory.CreateDirectory(_folder);
        File.WriteAllText(_log, string.Empty);
        var real = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(place => Path.Join(place, "git")).First(File.Exists);
        Programs.Write(Path.Join(_folder, "git"), $"""
            #!/bin/sh
            echo "$*" >> '{_log}'
            case " $* " in *' status '*' --ignored=no '*) while [ -e '{_gate}' ]; do sleep 0.02; done;; esac
            for word in $(cat '{_held}' 2>/dev/null); do case " $* " in *" $word "*) while [ -e '{_gate}' ]; do sleep 0.02; done;; esac; done
            exec '{real}' "$@"

            """);
        Variables = new Dictionary<string, string> { ["PATH"] = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}", ["HOME"] = repo.Base };
    }

    /// <summary>The environment in which this git is found.</summary>
    internal IReadOnlyDictionary<string, string> Variables { get; }

    /// <summary>An environment in which there is no other git.</summary>
    internal IReadOnlyDictionary<string, string> Alone => new Dictionary<string, string>(Variables) { ["PATH"] = _folder };

    /// <summary>What it was asked, oldest first.</summary>
    internal IReadOnlyList<string> Calls => File.ReadAllLines(_log);

    /// <summary>How often it was asked for a status.</summary>
    internal int Statuses => Calls.Count(call => call.Contains(" status ", StringComparison.Ordinal));

    /// <summary>Also holds up calls with one of these words.</summary>
    internal void HoldUp(params string[] words)
    {
        File.WriteAllText(_held, string.Join(' ', words));
        HoldUp();
    }

    internal void HoldUp() => File.WriteAllText(_gate, string.Empty);

    /// <summary>From now on there is none.</summary>
    internal void Remove() => File.Delete(Path.Join(_folder, "git"));

    internal void LetGo() => File.Delete(_gate);
}
