using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Running;

namespace WorktreeMcp.Domain.Setup;

/// <summary>
/// Tells which files are hidden from commands, under whatever name: by where they really lie, and by the file itself where it has
/// several names. The hidden folders are gone through only if a file with several names asks.
/// </summary>
/// <param name="hidden">Real paths of what is hidden.</param>
/// <param name="files">For looking.</param>
internal sealed class HiddenFiles(IReadOnlyList<string> hidden, IFileSystem files)
{
    private const int MostEntries = 200_000;
    private const int TypeMask = 0xF000;
    private const int FolderType = 0x4000;

    private readonly Lazy<HashSet<(ulong Device, ulong Inode)>?> _known = new(() => All(hidden, files));

    /// <summary>Why a file is not to be copied; null where it may be.</summary>
    /// <param name="path">A regular file.</param>
    internal string? Reason(string path) =>
        (RealPaths.OfAll([path], null) is [var real] ? ReasonOf(real) : null) ?? Reason(KernelFiles.Of(KernelFiles.PathOf(path)));

    /// <summary>Why what lies at a path is not to be read, whether anything does or not; null where it may be.</summary>
    /// <param name="real">A path without links.</param>
    internal string? ReasonOf(string real) => hidden.Any(folder => HiddenPaths.IsWithin(real, folder)) ? "it is hidden from commands" : null;

    /// <summary>Why a file is not to be read under any of its names; null where it may be.</summary>
    /// <param name="found">What is known of it.</param>
    internal string? Reason(FileFacts? found) =>
        found is not { Links: > 1 } facts ? null
            : _known.Value is not { } known ? "it has several names, and there is too much hidden to tell whether it is"
            : known.Contains((facts.Device, facts.Inode)) ? "it is hidden from commands under another name"
            : null;

    // Null where there are too many, or some that cannot be looked at.
    private static HashSet<(ulong Device, ulong Inode)>? All(IReadOnlyList<string> hidden, IFileSystem files)
    {
        var all = new HashSet<(ulong, ulong)>();
        var folders = new Stack<byte[]>();
        foreach (var path in hidden)
        {
            if (files.Directory.Exists(path))
            {
                folders.Push(KernelFiles.PathOf(path));
            }
            else if (KernelFiles.PlaceOf(path) is { } place)
            {
                all.Add(place);
            }
        }

        var isWhole = true;
        while (isWhole && folders.TryPop(out var folder))
        {
            isWhole = all.Count + folders.Count <= MostEntries && KernelFiles.Tell(folder, (name, facts) =>
            {
                if ((facts.Mode & TypeMask) == FolderType)
                {
                    folders.Push(KernelFiles.Joined(folder, name));
                }
                else
                {
                    all.Add((facts.Device, facts.Inode));
                }
            });
        }

        return isWhole ? all : null;
    }
}
