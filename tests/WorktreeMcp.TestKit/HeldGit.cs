using System.Diagnostics;

namespace WorktreeMcp.TestKit;

/// <summary>A git for the PATH of a server whose first call of one kind says that it has begun, and waits until it is let go.</summary>
public sealed class HeldGit : IDisposable
{
    private readonly Wire _reached;
    private readonly FileStream _gate;

    /// <summary>Makes one beside a repository.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="step">Words that follow each other in the call that waits, such as "worktree add".</param>
    public HeldGit(TempRepository repository, string step)
    {
        var folder = Path.Join(repository.Base, $"held-git-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        _reached = new Wire(folder);
        var gate = Path.Join(folder, "gate");
        using (var make = Process.Start("mkfifo", [gate]))
        {
            make.WaitForExit();
        }

        // Open both ways it waits for nobody, and what is written stays in it until somebody reads.
        _gate = new FileStream(gate, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        var path = Environment.GetEnvironmentVariable("PATH")!;
        var real = path.Split(':').Select(place => Path.Join(place, "git")).First(File.Exists);
        var wrapper = Path.Join(folder, "git");
        Programs.Write(wrapper, $"""
            #!/bin/sh
            case " $* " in *" {step} "*)
              if mkdir '{folder}/used' 2>/dev/null; then echo reached > '{_reached.Path}'; read go < '{gate}'; fi
            esac
            exec '{real}' "$@"

            """);

        Variables = new Dictionary<string, string> { ["PATH"] = $"{folder}:{path}", ["HOME"] = repository.Base };
    }

    /// <summary>The environment in which a server finds it.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; }

    /// <summary>Waits until the call has begun.</summary>
    /// <returns>When it has.</returns>
    public async Task Reached()
    {
        if (await _reached.Line() is null)
        {
            throw new InvalidOperationException("git ended before the call that was to wait.");
        }
    }

    /// <summary>Lets it go on.</summary>
    public void Release() => _gate.Write("go\n"u8);

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        _gate.Dispose();
        _reached.Dispose();
    }
}
