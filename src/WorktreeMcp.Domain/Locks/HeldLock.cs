using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Locks;

/// <summary>
/// The lock in hand; disposing frees it, so whoever disposes has waited for the children that inherited the descriptor.
/// Of a killed server they keep it until they have ended. While it is held the file's first byte says so: whoever finds that
/// on taking it comes after a holder who died.
/// </summary>
internal sealed class HeldLock : IDisposable
{
    private const byte Held = (byte)'1';
    private const byte Free = (byte)'0';

    private readonly SafeFileHandle _file;
    private readonly Action _freed;
    private bool _released;

    internal HeldLock(SafeFileHandle file, Action freed)
    {
        (_file, _freed) = (file, freed);
        var mark = new byte[1];
        IsAfterDeath = RandomAccess.Read(file, mark, 0) == 1 && mark[0] == Held;
        Mark(Held);
    }

    /// <summary>Whether the last holder died with it in hand, and may have left temporaries.</summary>
    internal bool IsAfterDeath { get; }

    /// <summary>What a child that writes must inherit, so that the lock outlives a killed server.</summary>
    public SafeHandle Descriptor => _file;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_released)
        {
            _released = true;
            Mark(Free);
            Posix.Unlock(_file);
            _freed();
        }
    }

    private void Mark(byte state)
    {
        try
        {
            RandomAccess.Write(_file, [state], 0);
        }
        catch (Exception fault) when (fault is IOException || FileSizeFault.Is(fault))
        {
            // A full disk: then somebody looks for leftovers that there are not, or leaves some until a server starts.
        }
    }
}
