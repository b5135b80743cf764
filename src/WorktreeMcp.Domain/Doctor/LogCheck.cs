using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>Torn, damaged or oversized logs, an operation that was not finished, and a registry that cannot be read.</summary>
internal sealed class LogCheck(WorktreePlaces parts)
{
    private const long Oversized = 64L * 1024 * 1024;

    internal IEnumerable<RepairableFinding> Look() => [.. Log(parts.Layout.OperationLog, "oplog"), .. Log(parts.Layout.Events, "events"), .. Newer(), .. Unfinished(), .. Registry()];

    /// <summary>Logs that end in a torn line; a log that somebody is writing at this moment is none.</summary>
    internal IEnumerable<string> Torn() =>
        new[] { parts.Layout.OperationLog, parts.Layout.Events }.Where(path => IsTorn(path) && NobodyWrites() && IsTorn(path));

    private bool IsTorn(string path) =>
        parts.Files.KindOf(path) == FileKind.Regular && Lines(path).EndsTorn;

    private bool NobodyWrites()
    {
        if (parts.Files.KindOf(parts.Layout.Lock) != FileKind.Regular)
        {
            return false;
        }

        using var held = Posix.OpenForLock(parts.Layout.Lock);
        return Posix.TryFlock(held, shared: true);
    }

    private LineFile Lines(string path) =>
        new(path, parts.Layout, parts.Files, parts.Disk, path == parts.Layout.OperationLog ? FileLimits.OperationLine : FileLimits.EventLine, isOptional: true);

    private IEnumerable<RepairableFinding> Log(string path, string name)
    {
        if (parts.Files.KindOf(path) != FileKind.Regular)
        {
            yield break;
        }

        var lines = Lines(path);
        var length = lines.Length;
        var whole = lines.WholeLength();
        if (length > whole)
        {
            yield return RepairableFinding.Ours(
                $"{name}_torn",
                FindingSeverity.Warning,
                path,
                $"{path} ends in {length - whole} bytes without a line's end: a writer was stopped there.",
                "The torn end is cut off and kept in quarantine.");
        }

        var damaged = lines.Forward(0).Count(line => line.Line.Length > 0 && StateJson.Read(line.Line) is null);
        if (damaged > 0)
        {
            yield return RepairableFinding.ForPerson(
                $"{name}_damaged",
                FindingSeverity.Info,
                path,
                $"{damaged} line{(damaged == 1 ? " of" : "s of")} {path} cannot be read and {(damaged == 1 ? "is" : "are")} passed over.",
                "Nothing has to be done; the disk may be worth a look.");
        }

        if (length > Oversized)
        {
            yield return RepairableFinding.ForPerson(
                $"{name}_oversized",
                FindingSeverity.Info,
                path,
                $"{path} has {length / (1024 * 1024)} MB.",
                "Nothing has to be done; reading it from its end costs the same at any size.");
        }
    }

    private IEnumerable<RepairableFinding> Newer()
    {
        if (parts.Store.OnDisk.NewerLog is { } words)
        {
            yield return ByNewer("oplog_newer", parts.Layout.OperationLog, words, "Changes are refused");
        }

        if (parts.Store.OnDisk.NewerRegistry is { } version)
        {
            yield return ByNewer("registry_newer", parts.Layout.Index, FormatVersion.Words(version), "Changes of worktrees are refused");
        }
    }

    private static RepairableFinding ByNewer(string code, string path, string words, string what) =>
        RepairableFinding.ForPerson(code, FindingSeverity.Error, path, $"{path} {words}. {what}; what can be understood is shown.", "Work with the newer worktree-mcp that wrote it.");

    private IEnumerable<RepairableFinding> Unfinished()
    {
        if (parts.Store.OnDisk.Unfinished is { } last)
        {
            yield return RepairableFinding.Ours(
                "operation_unfinished",
                FindingSeverity.Warning,
                $"operation {last.Number}",
                $"Operation {last.Number} ({last.Kind} by {last.By}) is in the log, but not all of its files or events are.",
                "It is finished from the operation log.");
        }
    }

    private IEnumerable<RepairableFinding> Registry()
    {
        var state = parts.Store.OnDisk;
        if (state.RegistryKind == FileKind.Regular && !state.IsRegistryReadable)
        {
            yield return RepairableFinding.Ours(
                "registry_damaged",
                FindingSeverity.Error,
                parts.Layout.Index,
                $"{parts.Layout.Index} is not one JSON object with a list \"worktrees\".",
                "It is set aside in quarantine and rebuilt from the operation log.");
        }
        else if (!state.IsRegistrySound)
        {
            yield return RepairableFinding.Ours(
                "registry_missing",
                FindingSeverity.Error,
                parts.Layout.Index,
                $"{parts.Layout.Index} is missing, although the operation log knows worktrees.",
                "It is rebuilt from the operation log.");
        }
    }
}
