using System.IO.Abstractions;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Storage.Files;

/// <summary>
/// The registry's file. Entries without a number (boards of the public teaching version) get one by their place,
/// which the next write makes lasting; unknown keys beside and inside the entries stay. A person's git clean may take the
/// file away at any moment, also while the lock is held: then the entries are what the operation log has, never none.
/// </summary>
internal sealed class IndexFile(StateLayout layout, IFileSystem files, OperationLog log)
{
    private readonly Lock _gate = new();
    private byte[]? _bytes;
    private IndexText? _text;
    private IndexText? _made;
    private FileStamp? _stamp;
    private LogMark? _log;
    private IReadOnlyList<StoredWorktree> _entries = [];
    private string? _newer;

    /// <summary>All entries as they are now; refuses as corrupt_file when the file cannot be understood.</summary>
    internal IReadOnlyList<StoredWorktree> Entries()
    {
        lock (_gate)
        {
            var info = files.FileInfo.New(layout.Index);
            var kind = info.Kind();
            if (!kind.IsOurs())
            {
                (_bytes, _text, _stamp, _log, _entries, _newer) = (null, null, null, null, [], null);
                throw Corrupt(kind.Problem());
            }

            FileStamp? stamp = kind == FileKind.Regular ? FileStamp.Of(info) : null;
            if (stamp is not null && stamp == _stamp)
            {
                return _entries;
            }

            _stamp = null;
            if (!IsStill(_bytes))
            {
                // What we made ourselves is cut already.
                if (_made is { } made && IsStill(made.Bytes))
                {
                    Take(made.Bytes, made, newer: null);
                }
                else if (Read() is { } bytes)
                {
                    var text = IndexText.Cut(bytes, _text?.Entries ?? []);
                    var newer = (text?.Frame ?? StateJson.Read(bytes)) is { } frame ? FormatVersion.NewerThanKnown(frame) : null;
                    Take(bytes, text is not null || newer is not null ? text : throw Corrupt("no JSON object with a list \"worktrees\" can be read from it"), newer);
                }
                else
                {
                    ReadLog();
                    return _entries;
                }
            }

            _stamp = stamp is { IsSettled: true } ? stamp : null;
            return _entries;
        }
    }

    /// <summary>Whether the file is there and can be understood.</summary>
    internal bool IsReadable()
    {
        try
        {
            Entries();
            return true;
        }
        catch (Refusal)
        {
            return false;
        }
    }

    /// <summary>In which version of its format it is written, if that is newer than this program knows; else null.</summary>
    internal string? NewerVersion
    {
        get
        {
            lock (_gate)
            {
                return IsReadable() ? _newer : null;
            }
        }
    }

    /// <summary>Refuses to change a registry that a newer version of this program has written.</summary>
    internal void RefuseNewer()
    {
        if (NewerVersion is { } version)
        {
            throw FormatVersion.RefusalOf(layout.Index, version);
        }
    }

    /// <summary>What lies at its place.</summary>
    internal FileKind Kind => files.KindOf(layout.Index);

    /// <summary>Whether it is too large to be read, and so not ours.</summary>
    internal bool IsTooLarge => files.FileInfo.New(layout.Index) is { Exists: true, Length: > FileLimits.Index };

    /// <summary>The file's bytes, empty when it is absent.</summary>
    internal byte[] Bytes() => Read() ?? [];

    /// <summary>A new file that holds nothing but these entries.</summary>
    internal static byte[] Of(IReadOnlyDictionary<int, JsonObject> images) => StateJson.File(new JsonObject
    {
        ["revision"] = 1,
        ["worktrees"] = new JsonArray([.. images.OrderBy(e => e.Key).Select(e => e.Value.DeepClone())]),
    });

    /// <summary>The file's new content: the entries that are there, with some replaced, added or (null) taken out.</summary>
    internal byte[] With(IReadOnlyDictionary<int, JsonObject?> changed)
    {
        lock (_gate)
        {
            var entries = Entries();
            // Without the file, what the log has is what is there.
            var text = _text ?? IndexText.Of(entries);
            _made = text.With(changed);
            return _made.Bytes.Length <= FileLimits.Index ? _made.Bytes : throw Corrupt($"with this change it would have more than {FileLimits.Index >> 20} MB");
        }
    }

    private void Take(byte[] bytes, IndexText? text, string? newer)
    {
        IReadOnlyList<StoredWorktree> read = text is null ? [] : [.. text.Entries.Select(entry => entry.Stored)];
        (_entries, _bytes, _text, _log, _newer, _made) = (_text is null ? KeepSame(_entries, read) : read, bytes, text, null, newer, null);
    }

    // The file is read for it again: its times do not tell two writes of one moment apart.
    private bool IsStill(byte[]? bytes) => bytes is not null && Plainly(() => PlainFile.Holds(layout.Index, bytes));

    private byte[]? Read() => Plainly(() => PlainFile.BytesIfThere(layout.Index, FileLimits.Index));

    private T Plainly<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (NotPlainException fault)
        {
            (_bytes, _text, _stamp, _log, _entries) = (null, null, null, null, []);
            throw Corrupt(fault.Problem);
        }
    }

    // All of the log is read for it, so once as long as the log does not grow.
    private void ReadLog()
    {
        var mark = log.Mark();
        if (mark != _log)
        {
            (_bytes, _text, _log, _newer, _entries) = (null, null, mark, null, KeepSame(_entries, FromLog()));
        }
    }

    private List<StoredWorktree> FromLog() => log.Last() is not { Next.Worktree: > 1 } ? [] :
        [.. log.NewestImages().Where(c => c is { Kind: EntityKind.Worktree, After: not null }).OrderBy(c => c.Id).Select(c => new StoredWorktree(c.Id, StateJson.Line(c.After!).AsMemory()[..^1]))];

    /// <summary>The next number that nothing has; where the highest possible one is taken by somebody, the lowest that is free.</summary>
    internal static int FreeAfter(int highest, IReadOnlySet<int> taken)
    {
        var id = highest < TaskFiles.HighestPossibleId ? highest + 1 : 1;
        while (taken.Contains(id))
        {
            id++;
        }

        return id;
    }

    // What is parsed from an entry is remembered by the entry, so one that did not change stays the same object.
    private static List<StoredWorktree> KeepSame(IReadOnlyList<StoredWorktree> known, IReadOnlyList<StoredWorktree> read)
    {
        var byId = known.ToDictionary(e => e.Id);
        return [.. read.Select(entry => byId.TryGetValue(entry.Id, out var same) && same.Bytes.Span.SequenceEqual(entry.Bytes.Span) ? same : entry)];
    }

    private Refusal Corrupt(string problem) => new(
        RefusalCode.CorruptFile,
        $"{layout.Index} is not a registry: {problem}. It was left as it is; tasks still work.",
        "Put the file right or move it away, then repeat the call: the next change rebuilds it from the operation log.");
}
