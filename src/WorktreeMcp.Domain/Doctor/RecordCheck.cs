using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>
/// git's records of worktrees, read file by file: an empty <c>commondir</c> in one of them makes git's own listing, and
/// every change of a worktree, fail for all.
/// </summary>
internal sealed class RecordCheck(WorktreePlaces parts, IReadOnlyList<Worktree> entries)
{
    private const string Broken = "record_broken";
    private const string Missing = "record_missing";
    private const string HalfMade = "record_half_made";

    private static readonly string[] Parts = ["HEAD", "commondir", "gitdir", "index"];

    private readonly RecordRepair _repair = new(parts);
    private readonly RecordOwners _owners = new(parts, entries);

    internal static bool IsAboutRecord(Finding finding) => finding.Code is Broken or Missing or HalfMade;

    internal IEnumerable<RepairableFinding> Look()
    {
        var owners = _owners.All();
        return
        [
            .. Records(inTrash: true).Select(record => OfRecord(record, owners)).OfType<RepairableFinding>(),
            .. owners.Values.Where(owner => !parts.Exists(owner.Record.Directory)).Select(OfMissing).OfType<RepairableFinding>(),
        ];
    }

    /// <summary>Records that are broken, in short; whose they are and what to do the full look says.</summary>
    internal IEnumerable<string> InShort()
    {
        var owners = _owners.All();
        return Records(inTrash: false).Select(record => (Record: record, Problems: Problems(record, _owners.Of(record, owners))))
            .Where(found => found.Problems.Count > 0 && !IsBeingMade(found.Record) && !parts.Spares.Owns(found.Record) && !parts.Git.Records.IsInTheMaking(found.Record))
            .OrderByDescending(found => IsPoison(found.Problems))
            .Select(found => $"git's record .git/worktrees/{found.Record.Id} is broken: {found.Problems[0]}{(IsPoison(found.Problems) ? "; git worktree fails for all because of it" : string.Empty)}");
    }

    // Those of removed worktrees are out of git's sight and stop nobody.
    private List<AdminEntry> Records(bool inTrash)
    {
        string[] folders = [AdminEntry.Folder(parts.Layout.CommonDirectory), .. inTrash ? [parts.Layout.TrashedRecords] : Array.Empty<string>()];
        return [.. folders.Where(folder => parts.Files.KindOf(folder) == FileKind.Folder)
            .SelectMany(folder => parts.Files.Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal)).Select(path => new AdminEntry(Path.GetFileName(path), path))];
    }

    private bool IsOutOfSight(AdminEntry record) => AdminEntry.SamePath(Path.GetDirectoryName(record.Directory)!, parts.Layout.TrashedRecords);

    private static bool IsPoison(List<string> problems) => problems.Any(problem => problem.StartsWith("commondir", StringComparison.Ordinal));

    private RepairableFinding? OfRecord(AdminEntry record, Dictionary<string, RecordOwner> owners)
    {
        var owner = _owners.Of(record, owners);
        var problems = Problems(record, owner);
        if (problems.Count == 0 || IsBeingMade(record))
        {
            return null;
        }

        var poison = IsPoison(problems) && !IsOutOfSight(record);
        var spare = parts.Spares.Owns(record);
        if (spare && !poison)
        {
            return null;
        }

        var message = $"git's record {record.Directory} is broken: {string.Join(", ", problems)}.{(poison ? " git worktree list, add, remove and gc fail for the whole repository because of it." : string.Empty)}";
        if (owner is not null && !HasForeignParts(record))
        {
            return RepairableFinding.Ours(
                Broken,
                FindingSeverity.Error,
                record.Directory,
                $"{message} It belongs to worktree \"{owner.Worktree.Name}\".",
                "What is missing is written anew from the registry; no file of the worktree is touched.",
                change => _repair.Complete(change, owner));
        }

        if (owner is null && (spare || IsHalfMadeByUs(record)))
        {
            return RepairableFinding.Ours(
                HalfMade,
                FindingSeverity.Error,
                record.Directory,
                $"{message} {(spare ? "A checkout was to be kept ready under that name." : "The operation log knows a creation under that name that was taken back; the record holds no index and no history.")}",
                "It is moved into quarantine.",
                change => _repair.SetAside(change, record));
        }

        return RepairableFinding.ForPerson(
            Broken,
            poison ? FindingSeverity.Error : FindingSeverity.Warning,
            record.Directory,
            $"{message} It is not one of ours.",
            "If the worktree is still wanted: its commondir holds \"{record.PathToCommon}\", its gitdir the path of the worktree's .git file, its HEAD \"ref: refs/heads/BRANCH\". If not, move that folder out of the repository's git directory.");
    }

    private RepairableFinding? OfMissing(RecordOwner owner)
    {
        if (AdminEntry.Pointer(owner.Directory, parts.Files) is not { } pointer || !AdminEntry.SamePath(pointer, owner.Record.Directory))
        {
            return null;
        }

        var message = $"git's record {owner.Record.Directory} is missing, but {owner.Directory} of worktree \"{owner.Worktree.Name}\" is there.";
        return owner.Branch is { } branch && parts.Git.CheckedOutAt(branch) is { } elsewhere
            ? RepairableFinding.ForPerson(Missing, FindingSeverity.Error, owner.Record.Directory, $"{message} Its branch {branch} is checked out at {elsewhere} now.", $"Save what is wanted from that directory, then move it away and call {Step.RemoveWorktree}.")
            : RepairableFinding.Ours(
                Missing,
                FindingSeverity.Error,
                owner.Record.Directory,
                message,
                "It is made anew from the registry, with an index from its branch; no file of the worktree is touched.",
                change => _repair.Complete(change, owner));
    }

    private List<string> Problems(AdminEntry record, RecordOwner? owner)
    {
        var problems = new List<string>();
        if (parts.Git.Refs.PlainHead(record.Directory) is null)
        {
            problems.Add("HEAD is missing or names nothing");
        }

        if (!record.SharesCommonDirectory(parts.Layout.CommonDirectory, parts.Files))
        {
            problems.Add("commondir is missing, empty or names another repository");
        }

        if (record.NamesWorktree(parts.Files) is null)
        {
            problems.Add("gitdir is missing or empty");
        }

        if (owner is not null && parts.Files.KindOf(owner.Directory) == FileKind.Folder && !HasIndex(record))
        {
            problems.Add("index is missing or damaged");
        }

        return problems;
    }

    private bool HasForeignParts(AdminEntry record) =>
        parts.Files.KindOf(record.Directory) == FileKind.Link
        || Parts.Any(name => !parts.Files.KindOf(Path.Join(record.Directory, name)).IsOurs());

    private bool HasIndex(AdminEntry record)
    {
        var path = Path.Join(record.Directory, "index");
        if (parts.Files.KindOf(path) != FileKind.Regular)
        {
            return false;
        }

        using var stream = PlainFile.Open(path);
        var start = new byte[4];
        return stream.Length >= 32 && stream.ReadAtLeast(start, 4, throwOnEndOfStream: false) == 4 && start.AsSpan().SequenceEqual("DIRC"u8);
    }

    // git is at work on it, or whoever settles the entry will take it back.
    private bool IsBeingMade(AdminEntry record) => entries.Any(worktree =>
        worktree.Status is WorktreeState.Creating or WorktreeState.Removing or WorktreeState.Restoring
        && (IsNumbered(record.Id, worktree.Name) || record.NamesWorktree(parts.Files) == Path.GetFullPath(worktree.Path, parts.Layout.Root)));

    private bool IsHalfMadeByUs(AdminEntry record) =>
        !HasForeignParts(record)
        && !parts.Exists(Path.Join(record.Directory, "index")) && !parts.Exists(Path.Join(record.Directory, "logs"))
        && (record.NamesWorktree(parts.Files) is not { } named || (named.StartsWith(parts.Layout.Worktrees + Path.DirectorySeparatorChar, StringComparison.Ordinal) && !parts.Exists(named)))
        && parts.Store.OnDisk.Operations().SelectMany(operation => operation.Changes)
            .Any(change => change is { Kind: EntityKind.Worktree, After: { } image } && image["name"].Text() is { } name && IsNumbered(record.Id, name));

    // git appends a number when a name is taken.
    private static bool IsNumbered(string id, string name) => id.StartsWith(name, StringComparison.Ordinal) && id.AsSpan(name.Length).IndexOfAnyExceptInRange('0', '9') < 0;
}
