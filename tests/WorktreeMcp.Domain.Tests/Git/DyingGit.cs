using System.Globalization;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Git;

/// <summary>A system call of git.</summary>
/// <param name="Call">Its name.</param>
/// <param name="Time">Which one of that name in its process, counted from 1.</param>
/// <param name="Writes">Whether it changes what files there are.</param>
/// <param name="Error">How it fails; null where git is killed instead.</param>
internal sealed record KillPoint(string Call, int Time, bool Writes, string? Error = null);

/// <summary>
/// A git that is killed at a system call in one chosen subcommand, and on request the server with it. It stands
/// first on the PATH of the server under test. The counting is strace's: each process of git counts its own calls of each kind.
/// </summary>
internal sealed class DyingGit : IDisk
{
    private static readonly string[] Writes = ["O_CREAT", "mkdir(", "rename(", "unlink(", "rmdir("];

    private readonly Disk _disk = new();
    private readonly string _plan;
    private readonly string _dead;
    private readonly string _trace;

    internal DyingGit(string folder)
    {
        Directory.CreateDirectory(folder);
        (_plan, _dead, _trace) = (Path.Join(folder, "plan"), Path.Join(folder, "dead"), Path.Join(folder, "trace"));
        var path = System.Environment.GetEnvironmentVariable("PATH")!;
        var real = path.Split(':').Select(entry => Path.Join(entry, "git")).First(File.Exists);
        Programs.Write(Path.Join(folder, "git"), $$"""
            #!/bin/sh
            test ! -e '{{_dead}}' || kill -9 $$
            if test -s '{{_plan}}'; then
              read -r point who words < '{{_plan}}'
              case " $* " in *" $words "*)
                : > '{{_plan}}'
                if test "$point" = none; then exec strace -f -o '{{_trace}}' '{{real}}' "$@"; fi
                strace -f -o '{{_trace}}' -e "trace=${point%%:*}" -e "inject=$point" '{{real}}' "$@"
                code=$?
                test "$who" = git || : > '{{_dead}}'
                test $code -le 128 || kill -9 $$
                exit $code
              esac
            fi
            exec '{{real}}' "$@"

            """);
        Environment = new Dictionary<string, string> { ["PATH"] = $"{folder}:{path}", ["HOME"] = folder };
    }

    /// <summary>What the server under test is started with.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Why a program cannot be killed at a system call here; null when it can.</summary>
    internal static string? Refusal => Strace.Refusal;

    /// <summary>
    /// Kills the next git of that subcommand where it is about to make a system call, or lets that call and all of its kind after it fail; only
    /// watches it if none is given.
    /// </summary>
    internal void KillAt(KillPoint? point, string subcommand, bool withServer) => File.WriteAllText(
        _plan,
        $"{(point is null ? "none" : string.Create(CultureInfo.InvariantCulture, $"{point.Call}:{(point.Error is null ? "signal=KILL" : $"error={point.Error}")}:when={point.Time}{(point.Error is null ? string.Empty : "+")}"))} {(withServer ? "server" : "git")} {subcommand}\n");

    /// <summary>Lets git and server live again.</summary>
    internal void Heal()
    {
        File.Delete(_dead);
        File.Delete(_plan);
    }

    /// <summary>Whether that subcommand was run since.</summary>
    internal bool WasRun => new FileInfo(_plan).Length == 0;

    /// <summary>Whether one of its processes was killed there, and not only passed by.</summary>
    internal bool HasDied => File.ReadLines(_trace).Any(line => line.EndsWith("+++ killed by SIGKILL +++", StringComparison.Ordinal));

    /// <summary>Every system call that the subcommand made which was watched, in order.</summary>
    internal IReadOnlyList<KillPoint> Points()
    {
        var times = new Dictionary<(string Process, string Call), int>();
        var points = new Dictionary<(string Call, int Time), KillPoint>();

        // The first call starts git itself: nothing of git's is there to be killed yet.
        foreach (var line in File.ReadLines(_trace).Skip(1))
        {
            var words = line.Split(' ', 2, StringSplitOptions.TrimEntries);
            var call = words[1].Split('(')[0];
            if (call.Length > 0 && call.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'))
            {
                var time = times[(words[0], call)] = times.GetValueOrDefault((words[0], call)) + 1;
                points.TryAdd((call, time), new KillPoint(call, time, Writes.Any(word => words[1].Contains(word, StringComparison.Ordinal))));
            }
        }

        return [.. points.Values];
    }

    public void MakeFolder(string path) => Living().MakeFolder(path);

    public void WriteTemporary(string path, ReadOnlySpan<byte> bytes) => Living().WriteTemporary(path, bytes);

    public void Replace(string temporary, string target) => Living().Replace(temporary, target);

    public void Append(string path, ReadOnlySpan<byte> bytes, bool sync, bool create = true) => Living().Append(path, bytes, sync, create);

    public void Truncate(string path, long length, bool sync) => Living().Truncate(path, length, sync);

    public void Sync(string path) => Living().Sync(path);

    public void SyncFolder(string path) => Living().SyncFolder(path);

    public void Delete(string path) => Living().Delete(path);

    public void DeleteTree(string path) => Living().DeleteTree(path);

    // A server that is gone writes nothing.
    private Disk Living() => File.Exists(_dead) ? throw new DiedException() : _disk;
}
