using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Locks;

/// <summary>
/// The names that the agents of this process go by. Invariants:
/// - a name is held by one living process at a time: a flock on a file of its own, which the kernel frees at any death;
/// - what was taken stays until this is disposed, or is given back by who took it;
/// - a file that cannot be had (no permission, a read-only disk) keeps nobody from working: its name is then not guarded.
/// </summary>
internal sealed class AgentNames(StateLayout layout) : IDisposable
{
    // Each is an open file. Whoever needs more names than this has them unguarded.
    private const int MostHeld = 100;
    private const int LongestPlain = 60;
    private const int HashLength = 32;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, SafeFileHandle> _held = new(StringComparer.Ordinal);

    /// <summary>Takes a name for this process.</summary>
    /// <param name="name">The name.</param>
    /// <returns>False if another living process has it.</returns>
    internal bool TryTake(string name)
    {
        lock (_gate)
        {
            if (_held.ContainsKey(name))
            {
                return true;
            }

            try
            {
                var file = LockFile.Open(layout, PathOf(name));
                if (!Posix.TryFlock(file, shared: false))
                {
                    file.Dispose();
                    return false;
                }

                Keep(name, file);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
            {
                // Also a call that only reads is named: no name keeps it from that.
            }

            return true;
        }
    }

    /// <summary>Gives a name back.</summary>
    /// <param name="name">The name.</param>
    internal void GiveBack(string name)
    {
        lock (_gate)
        {
            if (_held.Remove(name, out var file))
            {
                Posix.Unlock(file);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var file in _held.Values)
            {
                Posix.Unlock(file);
            }

            _held.Clear();
        }
    }

    private void Keep(string name, SafeFileHandle file)
    {
        if (_held.Count < MostHeld)
        {
            _held[name] = file;
        }
        else
        {
            Posix.Unlock(file);
        }
    }

    // A name may hold what no file name may.
    private string PathOf(string name) => Path.Join(
        layout.Agents,
        name.Length <= LongestPlain && char.IsAsciiLetterLower(name[0]) && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-')
            ? name
            : $"_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..HashLength]}");
}
