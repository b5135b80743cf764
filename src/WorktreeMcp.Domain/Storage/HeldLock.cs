using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WorktreeMcp.Domain.Storage;

/// <summary>
/// The lock in hand; disposing frees it, so whoever disposes has waited for the children that inherited the descriptor.
/// Of a killed server they keep it until they have ended.
/// </summary>
public sealed class HeldLock : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly SemaphoreSlim _process;
    private readonly Action _freed;
    private bool _released;

    internal HeldLock(SafeFileHandle file, SemaphoreSlim process, Action freed) => (_file, _process, _freed) = (file, process, freed);

    /// <summary>What a child that writes must inherit, so that the lock outlives a killed server.</summary>
    public SafeHandle Descriptor => _file;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_released)
        {
            _released = true;
            Posix.Unlock(_file);
            _process.Release();
            _freed();
        }
    }
}
