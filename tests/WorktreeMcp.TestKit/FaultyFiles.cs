using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.TestKit;

/// <summary>How a write fails.</summary>
public enum Fault
{
    /// <summary>The call fails and writes nothing; later calls work.</summary>
    Fails,

    /// <summary>The call writes half of its bytes and fails, as on a full disk; later calls work.</summary>
    FailsHalfWay,

    /// <summary>The call writes everything and fails all the same, as when fsync reports an error; later calls work.</summary>
    FailsAfter,

    /// <summary>The process dies before the call: nothing reaches the disk from then on.</summary>
    Dies,

    /// <summary>The process dies within the call: half of its bytes reach the disk, and nothing later.</summary>
    DiesHalfWay,

    /// <summary>The process dies right after the call.</summary>
    DiesAfter,
}

/// <summary>The process is gone: no code of its own runs from here on, so nothing may reach the disk.</summary>
public sealed class DiedException : IOException
{
    /// <summary>Says so.</summary>
    public DiedException()
        : base("the process was killed here")
    {
    }

    /// <summary>Says so in other words.</summary>
    /// <param name="message">The words.</param>
    public DiedException(string message)
        : base(message)
    {
    }

    /// <summary>Says so in other words.</summary>
    /// <param name="message">The words.</param>
    /// <param name="innerException">What was behind it.</param>
    public DiedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The real disk, but its n-th write goes wrong.</summary>
/// <param name="at">Which call, counted from 1; 0 for none.</param>
/// <param name="fault">In which way.</param>
/// <param name="error">What the failing call says, given its words; null for a full disk.</param>
public sealed class FaultyFiles(int at, Fault fault, Func<string, Exception>? error = null) : IDisk
{
    private readonly Disk _disk = new();
    private readonly List<string> _made = [];
    private int _at = at;
    private bool _dead;

    /// <summary>How many calls there were.</summary>
    public int Calls => _made.Count;

    /// <summary>What each of them was, in order.</summary>
    public IReadOnlyList<string> Made => _made;

    /// <summary>Whether the process died at it.</summary>
    public bool Died => _dead;

    /// <summary>What the faulty call was, or null when it has not come yet.</summary>
    public string? Hit { get; private set; }

    /// <summary>Counts anew, with the fault at another call.</summary>
    /// <param name="next">Which call from now on, counted from 1; 0 for none.</param>
    public void Arm(int next)
    {
        (_at, Hit) = (next, null);
        _made.Clear();
    }

    /// <inheritdoc/>
    public void MakeFolder(string path) => Do($"MakeFolder {path}", () => _disk.MakeFolder(path));

    /// <inheritdoc/>
    public void WriteTemporary(string path, ReadOnlySpan<byte> bytes)
    {
        var all = bytes.ToArray();
        Do($"WriteTemporary {path}", () => _disk.WriteTemporary(path, all), () => _disk.WriteTemporary(path, all.AsSpan(0, all.Length / 2)));
    }

    /// <inheritdoc/>
    public void Replace(string temporary, string target) => Do($"Replace {target}", () => _disk.Replace(temporary, target));

    /// <inheritdoc/>
    public void Append(string path, ReadOnlySpan<byte> bytes, bool sync, bool create = true)
    {
        var all = bytes.ToArray();
        Do($"Append {path}", () => _disk.Append(path, all, sync, create), () => _disk.Append(path, all.AsSpan(0, all.Length / 2), sync, create));
    }

    /// <inheritdoc/>
    public void Truncate(string path, long length, bool sync) => Do($"Truncate {path}", () => _disk.Truncate(path, length, sync));

    /// <inheritdoc/>
    public void Sync(string path) => Do($"Sync {path}", () => _disk.Sync(path));

    /// <inheritdoc/>
    public void SyncFolder(string path) => Do($"SyncFolder {path}", () => _disk.SyncFolder(path));

    /// <inheritdoc/>
    public void Delete(string path) => Do($"Delete {path}", () => _disk.Delete(path));

    /// <inheritdoc/>
    public void DeleteTree(string path) => Do($"DeleteTree {path}", () => _disk.DeleteTree(path), () => DeleteHalf(path));

    private static void DeleteHalf(string path)
    {
        foreach (var file in Directory.Exists(path) ? Directory.GetFiles(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Where((_, number) => number % 2 == 0) : [])
        {
            File.Delete(file);
        }
    }

    private void Do(string call, Action whole, Action? half = null)
    {
        if (_dead)
        {
            throw new DiedException();
        }

        _made.Add(call);
        if (_made.Count != _at)
        {
            whole();
            return;
        }

        Hit = call;
        if (fault is Fault.FailsHalfWay or Fault.DiesHalfWay)
        {
            half?.Invoke();
        }
        else if (fault is Fault.FailsAfter or Fault.DiesAfter)
        {
            whole();
        }

        _dead = fault is Fault.Dies or Fault.DiesHalfWay or Fault.DiesAfter;
        throw _dead ? new DiedException() : error?.Invoke(call) ?? new IOException($"No space left on device ({call})");
    }
}
