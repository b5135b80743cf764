using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Configuration;

/// <summary>What lies in the place of a file of settings.</summary>
/// <param name="Bytes">Its content; null where there is none.</param>
/// <param name="Problem">Why it has none although something is there; null where nothing is.</param>
internal sealed record FoundSettings(byte[]? Bytes, string? Problem)
{
    internal static FoundSettings None { get; } = new(null, null);

    /// <summary>It was there a moment ago.</summary>
    internal static FoundSettings Gone { get; } = new(null, null);

    internal bool IsSame(FoundSettings other) => Problem == other.Problem && (Bytes is null ? other.Bytes is null : other.Bytes is not null && Bytes.AsSpan().SequenceEqual(other.Bytes));
}

/// <summary>
/// One file of settings. Invariants:
/// - what is not a regular file of a sensible size is not opened, so nothing holds up the reader;
/// - that there is none is believed only where really nothing is: a link that leads nowhere is a problem, not an absence;
/// - a git that switches branches takes the file away and writes it anew: what has just gone or is not whole is looked at again.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="files">For reading.</param>
/// <param name="isRefused">Why a real path is no place for it, or null; asked where the file is a link.</param>
internal sealed class SettingsFile(string path, IFileSystem files, Func<string, string?>? isRefused = null)
{
    private const int Looks = 5;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(10);

    private FoundSettings? _last;

    /// <summary>How a real path is read.</summary>
    internal Func<string, byte[]> Bytes { get; init; } = PlainBytes;

    /// <summary>The bytes of a plain file of a sensible size.</summary>
    internal static byte[] PlainBytes(string real) => PlainFile.Bytes(real, FileLimits.Settings);

    /// <summary>The file.</summary>
    internal string Source => path;

    /// <summary>Its content now.</summary>
    /// <param name="isWhole">Whether a content can be understood.</param>
    internal FoundSettings Read(Func<byte[], bool> isWhole)
    {
        var found = Look();
        var wasThere = _last?.Bytes is not null;
        for (var look = 1; look < Looks && !IsCertain(found, isWhole, wasThere); look++)
        {
            wasThere |= !ReferenceEquals(found, FoundSettings.None);
            Thread.Sleep(BetweenLooks);
            found = Look();
        }

        return _last = found;
    }

    // What was so the last time was waited for then.
    private bool IsCertain(FoundSettings found, Func<byte[], bool> isWhole, bool wasThere) =>
        (_last is not null && found.IsSame(_last) && !ReferenceEquals(found, FoundSettings.Gone))
        || (found.Bytes is { } bytes ? isWhole(bytes) : ReferenceEquals(found, FoundSettings.None) && !wasThere);

    private FoundSettings Look()
    {
        try
        {
            var kind = files.KindOf(path);
            if (kind == FileKind.None)
            {
                return NothingOnTheWay();
            }

            var real = RealPaths.OfAll([path], null) is [var found] ? found : null;
            if (real is null)
            {
                return new FoundSettings(null, kind == FileKind.Link ? "it is a link that leads nowhere" : "it cannot be reached");
            }

            return kind == FileKind.Link && isRefused?.Invoke(real) is { } refused ? new FoundSettings(null, refused) : Content(real);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return FoundSettings.Gone;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new FoundSettings(null, $"it cannot be read: {fault.Message.TrimEnd('.')}");
        }
    }

    private FoundSettings Content(string real)
    {
        try
        {
            return Bytes(real) is { Length: > 0 } bytes ? new FoundSettings(bytes, null) : new FoundSettings(null, "it is empty; without any settings it is a file that holds {}");
        }
        catch (NotPlainException fault)
        {
            return new FoundSettings(null, fault.Problem);
        }
    }

    // A folder on the way that is a link to nowhere, or no folder: what is set is there for whoever gives it back.
    private FoundSettings NothingOnTheWay()
    {
        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            switch (files.KindOf(folder))
            {
                case FileKind.Link when RealPaths.OfAll([folder], null).Count == 0:
                    return new FoundSettings(null, $"{folder} is a link that leads nowhere");
                case FileKind.Regular:
                    return new FoundSettings(null, $"{folder} is no folder");
                case FileKind.Folder or FileKind.Link:
                    return FoundSettings.None;
                default:
                    break;
            }
        }

        return FoundSettings.None;
    }
}
