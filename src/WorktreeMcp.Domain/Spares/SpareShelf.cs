using System.Buffers;
using System.IO.Abstractions;
using System.Text;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// Which spares there are. A spare is ready exactly when its record is there; who holds its lease may use, renew or
/// discard it. The records are a cache and no state: without them there is just no spare.
/// </summary>
internal sealed class SpareShelf(StateLayout layout, IFileSystem files, IDisk disk)
{
    private const string Extension = ".json";
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private const string LeaseExtension = ".lease";
    private const string Prefix = "spare-";

    /// <summary>Whether a name is one that a spare gets.</summary>
    internal static bool IsName(string name) =>
        name.Length == Prefix.Length + 12 && name.StartsWith(Prefix, StringComparison.Ordinal) && name.AsSpan(Prefix.Length).IndexOfAnyExcept(HexDigits) < 0;

    internal static string NewName() => Prefix + Guid.NewGuid().ToString("N")[..12];

    internal string DirectoryOf(string id) => Path.Join(layout.Spares, id);

    internal AdminEntry EntryOf(string id) => AdminEntry.At(layout.CommonDirectory, id);

    /// <summary>All that are ready, without their leases.</summary>
    internal IReadOnlyList<Spare> Ready() => files.KindOf(layout.SpareRecords) == FileKind.Folder
        ? [.. files.Directory.EnumerateFiles(layout.SpareRecords, $"{Prefix}*{Extension}").Order(StringComparer.Ordinal).Select(Read).OfType<Spare>()]
        : [];

    /// <summary>One that is ready, or null.</summary>
    internal Spare? Find(string id) => Read(RecordOf(id));

    /// <summary>Every name that is in use: a record, a directory, or git's record of one.</summary>
    internal IReadOnlyList<string> Names() =>
    [
        .. Entries(layout.SpareRecords, Extension)
            .Concat(Entries(layout.SpareRecords, LeaseExtension))
            .Concat(Entries(layout.Spares, string.Empty))
            .Concat(Entries(Path.Join(layout.CommonDirectory, "worktrees"), string.Empty).Where(id => BelongsHere(EntryOf(id))))
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>What is another set when one was made, taken or left half-made: every name in use, and the records of those that are ready.</summary>
    internal HashSet<string> Traces() => [.. Names(), .. Entries(layout.SpareRecords, Extension).Select(id => id + Extension)];

    /// <summary>Those of one that is ready.</summary>
    internal static IEnumerable<string> TracesOf(string id) => [id, id + Extension];

    /// <summary>Tries to take a spare's lease.</summary>
    internal WorktreeLock? TryLease(string id)
    {
        RequireOurs();
        return WorktreeLock.Try(layout, Path.Join(layout.SpareRecords, id + LeaseExtension), shared: false);
    }

    /// <summary>Tries to become the one server that looks after the spares.</summary>
    internal WorktreeLock? TryKeeper()
    {
        RequireOurs();
        return WorktreeLock.Try(layout, Path.Join(layout.SpareRecords, "keeper"), shared: false);
    }

    /// <summary>Refuses folders that are links: what lies behind one is no spare.</summary>
    internal void RequireOurs()
    {
        try
        {
            HeldFolder.Find(layout, layout.Spares)?.Dispose();
            HeldFolder.Find(layout, layout.SpareRecords)?.Dispose();
        }
        catch (NotPlainException fault)
        {
            throw fault.ToRefusal();
        }
    }

    /// <summary>Makes a spare ready; the caller holds its lease.</summary>
    internal void Publish(Spare spare)
    {
        var json = new JsonObject
        {
            ["commit"] = spare.Commit,
            ["index"] = spare.Index,
            ["tree"] = spare.Tree,
            ["settings"] = spare.Conditions.Settings,
            ["server"] = spare.Conditions.Server,
            ["files"] = new JsonObject(spare.Conditions.Files.Select(file => KeyValuePair.Create(file.Key, (JsonNode?)file.Value))),
        };
        var temporary = Path.Join(layout.SpareRecords, $".{spare.Id}.tmp");
        disk.WriteTemporary(temporary, StateJson.File(json));

        // Not for the record's sake: on a disk with a journal the next fsync writes what thousands of new files changed, and that would be a creation's.
        disk.Sync(temporary);
        disk.Replace(temporary, RecordOf(spare.Id));
    }

    /// <summary>Takes a spare off the shelf; the caller holds its lease.</summary>
    internal void Withdraw(string id) => disk.Delete(RecordOf(id));

    /// <summary>Forgets a name that nothing uses any more; the caller holds its lease. Names never come again, so that its lease's file can go too.</summary>
    internal void Forget(string id)
    {
        Withdraw(id);
        disk.Delete(Path.Join(layout.SpareRecords, id + LeaseExtension));
    }

    /// <summary>What tells whether the index was written since.</summary>
    internal string IndexStamp(string id)
    {
        var info = files.FileInfo.New(IndexOf(id));
        return info.Exists ? $"{info.LastWriteTimeUtc.Ticks} {info.Length}" : string.Empty;
    }

    /// <summary>What tells whether anything of its files or its index was changed since; null where the system does not tell.</summary>
    internal string? FingerprintOf(string id, bool alone) =>
        TreeFingerprint.Of(DirectoryOf(id), alone) is { } tree && KernelFiles.Of(KernelFiles.PathOf(IndexOf(id))) is { } index ? $"{tree} {index.Inode} {index.Changed}" : null;

    private string IndexOf(string id) => Path.Join(EntryOf(id).Directory, "index");

    /// <summary>Whether git's record of that name is one of a spare, and not of the worktree that it became.</summary>
    internal bool IsRecordOf(string id) => files.KindOf(EntryOf(id).Directory) == FileKind.Folder && BelongsHere(EntryOf(id));

    /// <summary>Whether one and git's record of it point to where the repository was before it was moved; not in a copy, whose original is there.</summary>
    internal bool WasMoved(string id)
    {
        var (entry, directory) = (EntryOf(id), DirectoryOf(id));
        return files.KindOf(entry.Directory) == FileKind.Folder && files.KindOf(directory) == FileKind.Folder
            && entry.NamesWorktree(files) is { } named && AdminEntry.Pointer(directory, files) is { } pointer && Path.GetFileName(pointer) == id
            && (!AdminEntry.SamePath(named, directory) || !AdminEntry.SamePath(pointer, entry.Directory))
            && (AdminEntry.SamePath(named, directory) || files.KindOf(named) == FileKind.None)
            && (AdminEntry.SamePath(pointer, entry.Directory) || files.KindOf(pointer) == FileKind.None);
    }

    /// <summary>Tells git's record where its files are, or are about to be.</summary>
    internal void Repoint(AdminEntry entry, string directory) => Write(Path.Join(entry.Directory, "gitdir"), Path.Join(directory, ".git"));

    /// <summary>Tells files where git's record of them is.</summary>
    internal void Point(string directory, AdminEntry entry) => Write(Path.Join(directory, ".git"), $"gitdir: {entry.Directory}");

    private void Write(string path, string line)
    {
        var temporary = path + ".wtmcp-tmp";
        disk.WriteTemporary(temporary, Encoding.UTF8.GetBytes(line + "\n"));
        disk.Replace(temporary, path);
    }

    private bool BelongsHere(AdminEntry entry) =>
        entry.NamesWorktree(files) is not { } named || named.StartsWith(layout.Spares + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private IEnumerable<string> Entries(string folder, string extension) => files.KindOf(folder) == FileKind.Folder
        ? files.Directory.EnumerateFileSystemEntries(folder)
            .Select(path => Path.GetFileName(path))
            .Where(name => name.EndsWith(extension, StringComparison.Ordinal))
            .Select(name => name[..^extension.Length])
            .Where(IsName)
        : [];

    private Spare? Read(string path)
    {
        try
        {
            var id = Path.GetFileNameWithoutExtension(path);
            if (!IsName(id) || files.KindOf(path) != FileKind.Regular || StateJson.Read(PlainFile.Bytes(path, FileLimits.Record)) is not { } json
                || json["commit"].Text() is not { } commit || !RefReader.IsHash(commit) || json["files"] is not JsonObject conditions)
            {
                return null;
            }

            return new Spare(
                id,
                commit,
                json["index"].Text() ?? string.Empty,
                json["tree"].Text(),
                new CheckoutConditions(
                    conditions.ToDictionary(file => file.Key, file => file.Value.Text() ?? string.Empty), json["settings"].Text() ?? string.Empty, json["server"].Text() ?? string.Empty));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string RecordOf(string id) => Path.Join(layout.SpareRecords, id + Extension);
}
