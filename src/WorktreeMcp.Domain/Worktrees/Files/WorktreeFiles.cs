using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Worktrees.Registry;
using WorktreeMcp.Domain.Worktrees.Runs;

namespace WorktreeMcp.Domain.Worktrees.Files;

/// <summary>
/// Reads and edits text files of worktrees, for those who have no shell. Invariants:
/// - what is replaced stands in the file exactly once, as it is when it is replaced; every other byte stays;
/// - an edit holds the worktree's shared lease, so that no removal and no landing comes between, and the lock from its last look to its rename;
/// - it is there whole or not at all, and what a kill leaves is out of git's sight;
/// - of the main checkout files are read, never written.
/// Where each file lies and what is not reached at all: <see cref="FileArea"/>.
/// </summary>
public sealed class WorktreeFiles
{
    /// <summary>The name under which the main checkout's files are read, unless a worktree has it.</summary>
    public const string Main = "main";

    private const int MostPlaces = 6;
    private const int MostRemembered = 500;

    private readonly WorktreePlaces _parts;
    private readonly WorktreeEntries _entries;
    private readonly ISettling _settling;
    private readonly RunPreparation _preparation;

    // What files held when they were last read or edited through here, to tell whoever finds other text there.
    private readonly ConcurrentDictionary<string, string> _seen = new(StringComparer.Ordinal);

    internal WorktreeFiles(WorktreePlaces parts, WorktreeEntries entries, ISettling settling, RunPreparation preparation) =>
        (_parts, _entries, _settling, _preparation) = (parts, entries, settling, preparation);

    /// <summary>Called when an edit is written and not in its place yet.</summary>
    internal Action BeforePlacing { get; set; } = () => { };

    /// <summary>Reads lines of a file.</summary>
    /// <param name="name">The worktree, or <see cref="Main"/>.</param>
    /// <param name="path">Where it lies in it.</param>
    /// <param name="from">The first line.</param>
    /// <param name="most">How many lines at most.</param>
    /// <returns>The lines.</returns>
    public FilePart Read(string name, string path, int from, int most)
    {
        var address = FileAddress.Of(path);
        var area = Area(_settling.Settled(), name);
        if (address.Names.Count == 0)
        {
            throw area.IsFolder(address);
        }

        using var folder = area.Folder(address) ?? throw area.Missing(address);
        var (bytes, _) = area.Bytes(folder, address) ?? throw area.Missing(address);
        var content = TextOf(area, address, bytes);
        if (from > Math.Max(1, content.TotalLines))
        {
            throw new Refusal(
                RefusalCode.InvalidArgument,
                string.Create(CultureInfo.InvariantCulture, $"{VisibleText.Of(address.Text)} has {content.TotalLines} lines; from_line is {from}."),
                "Begin at a line that is there.",
                new NextStep.ReadFile(name, address.Text));
        }

        Remember(area, address, bytes);
        return new FilePart(area.Name, address.Text, content.Lines(from, most), from, content.TotalLines, content.Traits(IsIgnored(area, address)), area.Worktree is null);
    }

    /// <summary>Replaces one passage of a file, or makes a new file.</summary>
    /// <param name="edit">What is wanted.</param>
    /// <param name="by">Who wants it.</param>
    /// <returns>What the file has become.</returns>
    public FileEdited Edit(FileEdit edit, string by)
    {
        RefuseUnclear(edit);
        var address = FileAddress.Of(edit.Path);
        var area = Area(_settling.SettledForChange(), edit.Name);
        var worktree = area.Worktree ?? throw OnlyRead();
        if (address.Names.Count == 0)
        {
            throw area.IsFolder(address);
        }

        _parts.Board.Claims.EnsureMay(_parts.TaskOf(worktree), by);
        using var lease = _parts.TryLease(worktree, shared: true) ?? throw _parts.InUse(worktree.Name, worktree.Runs);

        // What is refused anyway makes nobody wait.
        using (var now = area.Folder(address))
        {
            _ = Plan(area, address, edit, now);
        }

        var plan = Place(area, address, edit, worktree, by);
        Remember(area, address, plan.Bytes);
        var after = TextContent.Of(plan.Bytes).Content!;
        return new FileEdited(worktree.Name, address.Text, edit.Create, plan.FromLine, plan.ToLine, after.TotalLines, after.Traits(IsIgnored(area, address)));
    }

    private PlannedEdit Place(FileArea area, FileAddress address, FileEdit edit, Worktree known, string by)
    {
        using var change = _parts.Store.Continue("worktree.edit", by);
        var worktree = _entries.All(change).FirstOrDefault(one => one.Id == known.Id);
        if (worktree is not { IsUsable: true })
        {
            throw _parts.InUse(known.Name);
        }

        _parts.Board.Claims.EnsureMay(_parts.TaskOf(worktree), by);
        _ = _parts.RequireIdentity(worktree);
        _parts.Board.Claims.RenewAlone(change, worktree.TaskId);
        using var folder = area.Folder(address, make: edit.Create);
        var plan = Plan(area, address, edit, folder);
        var placing = new FilePlacing(_parts.Layout, _parts.Settings.Durable);
        return area.Understood(address, () => placing.Put(folder!, address.Names[^1], plan.Bytes, plan.Old, BeforePlacing)) ? plan : throw new Refusal(
            RefusalCode.WorktreeBusy,
            $"{VisibleText.Of(address.Text)} was changed by somebody else at this very moment. Nothing was edited.",
            $"Read it again with {Step.ReadFile}, then repeat the call.",
            new NextStep.ReadFile(worktree.Name, address.Text));
    }

    // What the file is to hold, or why it is not.
    private PlannedEdit Plan(FileArea area, FileAddress address, FileEdit edit, HeldFolder? folder)
    {
        var found = folder is null ? null : area.Bytes(folder, address);
        if (found is { Facts: { } facts })
        {
            RefuseReadOnly(area, address, folder!, facts);
        }

        if (edit.OldText is not { } given)
        {
            return found is { Bytes.Length: > 0 } ? throw Exists(area, address) : Fitting(area, address, new PlannedEdit(FileAddress.Bytes(edit.NewText), found?.Facts, 1, LinesOf(edit.NewText)));
        }

        var (bytes, old) = found ?? throw area.Missing(address);
        var content = TextOf(area, address, bytes);
        var (wanted, text) = (TextContent.Plain(given), TextContent.Plain(edit.NewText));
        var places = content.PlacesOf(wanted, MostPlaces);
        if (places is not [var at])
        {
            throw places.Count == 0 ? Absent(area, address, content, bytes, wanted) : Ambiguous(area, address, content, places);
        }

        var from = content.LineAt(at);
        return Fitting(area, address, new PlannedEdit(content.With(at, wanted.Length, text), old, from, from + LinesOf(text) - 1));
    }

    private static void RefuseUnclear(FileEdit edit)
    {
        var problem = edit switch
        {
            { OldText: null, Create: false } => "Neither old_text nor create was given",
            { OldText: not null, Create: true } => "create makes a new file, in which there is no old_text",
            { OldText: "" } => "old_text is empty",
            { OldText: { } old } when old == edit.NewText => "old_text and new_text are the same, so nothing would change",
            _ when edit.NewText.Contains('\0', StringComparison.Ordinal) => "new_text holds a NUL, which no text file has",
            _ when !FileAddress.IsText(edit.NewText) || (edit.OldText is { } text && !FileAddress.IsText(text)) => "old_text or new_text holds half a character",
            _ => null,
        };
        if (problem is not null)
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"{problem}. Nothing was changed.", "Give old_text and new_text to replace a passage, or create and new_text for a new file.");
        }
    }

    private FileArea Area(IReadOnlyList<Worktree> all, string name)
    {
        _preparation.RequireKnownSecrets();
        var secrets = new HiddenFiles(_preparation.Hidden(), _parts.Files);
        var living = all.Where(worktree => worktree.IsLive).ToList();
        var others = living.Select(worktree => (worktree.Name, _parts.DirectoryOf(worktree)));
        if (name == Main && living.TrueForAll(worktree => worktree.Name != Main))
        {
            return new FileArea(Main, _parts.Layout.Root, _parts.Layout, others, secrets) { Entry = new AdminEntry(string.Empty, _parts.Layout.CommonDirectory) };
        }

        var found = WorktreeEntries.Require(all, name);
        return new FileArea(name, _parts.DirectoryOf(found), _parts.Layout, others, secrets) { Entry = _parts.RequireIdentity(found), Worktree = found };
    }

    private static TextContent TextOf(FileArea area, FileAddress address, byte[] bytes) =>
        TextContent.Of(bytes) is ({ } content, _) ? content : throw area.Unfit(address, $"it {TextContent.Of(bytes).Problem}");

    private static PlannedEdit Fitting(FileArea area, FileAddress address, PlannedEdit plan) =>
        plan.Bytes.Length <= FileLimits.Content ? plan : throw area.Unfit(address, $"it would have more than {FileLimits.Content >> 20} MB");

    // A file that its owner may not write was made so on purpose, which a rename would not ask.
    private static void RefuseReadOnly(FileArea area, FileAddress address, HeldFolder folder, FileFacts facts)
    {
        const int AnyWriting = 0x92;
        if ((facts.Mode & AnyWriting) == 0)
        {
            throw area.Unfit(address, $"it is read-only (mode {Convert.ToString(facts.Mode & 0x1FF, 8)})");
        }

        area.Understood(address, () => folder.OpenToWrite(address.Names[^1], create: false)).Dispose();
    }

    private static int LinesOf(string text) => text.AsSpan().Count('\n') + (text.Length > 0 && text[^1] != '\n' ? 1 : 0);

    private static Refusal OnlyRead() => new(
        RefusalCode.InvalidArgument,
        "The main checkout is only read here; work is done in worktrees.",
        $"Give a worktree's name from {Step.ListWorktrees}, or make one with {Step.CreateWorktree}.",
        new NextStep.ListWorktrees());

    private static Refusal Exists(FileArea area, FileAddress address) => new(
        RefusalCode.AlreadyExists,
        $"{VisibleText.Of(address.Text)} is there already, and holds something. Nothing was changed.",
        $"Read it with {Step.ReadFile}, then replace a passage of it with old_text.",
        new NextStep.ReadFile(area.Name, address.Text));

    private Refusal Absent(FileArea area, FileAddress address, TextContent content, byte[] bytes, string wanted)
    {
        var since = _seen.TryGetValue(Key(area, address), out var seen) && seen != Print(bytes) ? " The file has changed since it was last read here." : string.Empty;
        var near = NearText.Of(content, wanted) is { } words ? $" {words}." : string.Empty;
        return new Refusal(
            RefusalCode.NotFound,
            string.Create(CultureInfo.InvariantCulture, $"old_text is not in {VisibleText.Of(address.Text)} ({content.TotalLines} lines).{since}{near} Nothing was changed."),
            $"Read it again with {Step.ReadFile}, and give old_text exactly as it stands there, white space included.",
            new NextStep.ReadFile(area.Name, address.Text));
    }

    private static Refusal Ambiguous(FileArea area, FileAddress address, TextContent content, IReadOnlyList<int> places)
    {
        var lines = string.Join(", ", places.Take(MostPlaces - 1).Select(content.LineAt));
        return new Refusal(
            RefusalCode.InvalidArgument,
            string.Create(CultureInfo.InvariantCulture, $"old_text stands in {VisibleText.Of(address.Text)} {(places.Count == MostPlaces ? "more than " : string.Empty)}{Math.Min(places.Count, MostPlaces - 1)} times, at lines {lines}. Nothing was changed."),
            "Give more of the lines around the one that is meant, so that old_text stands there once.",
            new NextStep.ReadFile(area.Name, address.Text, content.LineAt(places[0])));
    }

    // For an answer that says so, not for anything that is decided.
    private bool IsIgnored(FileArea area, FileAddress address)
    {
        try
        {
            return _parts.Git.IgnoredIn(area.Entry, area.Directory, [$"./{address.Text}"]).Count > 0;
        }
        catch (Refusal)
        {
            return false;
        }
    }

    private void Remember(FileArea area, FileAddress address, byte[] bytes)
    {
        if (_seen.Count >= MostRemembered)
        {
            _seen.Clear();
        }

        _seen[Key(area, address)] = Print(bytes);
    }

    private static string Key(FileArea area, FileAddress address) => $"{area.Worktree?.Id}/{address.Text}";

    private static string Print(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    private sealed record PlannedEdit(byte[] Bytes, FileFacts? Old, int FromLine, int ToLine);
}
