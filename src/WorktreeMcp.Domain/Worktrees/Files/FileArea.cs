using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Worktrees.Files;

/// <summary>
/// A checkout in which files are read and edited. Invariants:
/// - a file is reached from the top of the repository by one name after the other, and none of them is a link, whatever comes or goes meanwhile;
/// - what belongs to git, the board, another worktree, or is hidden from commands is not reached, and whether it is there is not said;
/// - what was opened is asked what it is, not its name.
/// </summary>
/// <param name="name">The worktree's name, or that of the main checkout.</param>
/// <param name="directory">Its top, a path without links.</param>
/// <param name="layout">Where everything of ours lies.</param>
/// <param name="others">The tops of other worktrees, by name.</param>
/// <param name="secrets">What is hidden.</param>
internal sealed class FileArea(string name, string directory, StateLayout layout, IEnumerable<(string Name, string Directory)> others, HiddenFiles secrets) : IFolderRoots
{
    private const int MostListed = 30;

    private readonly List<(string Name, string Directory)> _others = [.. others.Where(other => other.Directory != directory)];

    /// <summary>The worktree's name, or that of the main checkout.</summary>
    internal string Name => name;

    /// <summary>Its top.</summary>
    internal string Directory => directory;

    /// <summary>git's record of it.</summary>
    internal required AdminEntry Entry { get; init; }

    /// <summary>The worktree; null for the main checkout.</summary>
    internal Worktree? Worktree { get; init; }

    /// <inheritdoc/>
    public string? RootOf(string path) => layout.Root;

    /// <summary>Opens the folder that a file is in; null where it is absent.</summary>
    /// <param name="address">The file.</param>
    /// <param name="make">Whether to make folders that are absent.</param>
    internal HeldFolder? Folder(FileAddress address, bool make = false)
    {
        RefuseForeign(address);
        var folder = Path.Join([directory, .. address.Above]);
        return Understood(address, () => make ? HeldFolder.Make(this, folder) : HeldFolder.Find(this, folder));
    }

    /// <summary>Reads a file; null where nothing is.</summary>
    internal (byte[] Bytes, FileFacts? Facts)? Bytes(HeldFolder folder, FileAddress address) => Understood<(byte[], FileFacts?)?>(address, () =>
    {
        using var file = folder.OpenToRead(address.Names[^1], out var size);
        if (file is null)
        {
            return null;
        }

        var facts = KernelFiles.Of(file);
        if (secrets.Reason(facts) is { } hidden)
        {
            throw Unfit(address, hidden);
        }

        return size > FileLimits.Content
            ? throw Unfit(address, $"it has {size >> 20} MB, more than the {FileLimits.Content >> 20} MB that are read and edited as text")
            : (PlainFile.Bytes(file, size, FileLimits.Content, address.Text), facts);
    });

    /// <summary>Does something to a file, and words what stands in the way.</summary>
    internal T Understood<T>(FileAddress address, Func<T> act)
    {
        try
        {
            return act();
        }
        catch (NotPlainException fault) when (fault.Problem == FileKinds.IsFolder)
        {
            throw IsFolder(address);
        }
        catch (NotPlainException fault)
        {
            var place = fault.Place.StartsWith(directory + "/", StringComparison.Ordinal) ? fault.Place[(directory.Length + 1)..] : address.Text;
            throw place == address.Text ? Unfit(address, fault.Problem) : Unfit(address, $"{VisibleText.Of(place)} is in the way: {fault.Problem}");
        }
        catch (UnauthorizedAccessException)
        {
            throw Unfit(address, "the user that this server runs as may not do that there");
        }
    }

    /// <summary>Refuses a file, with the reason.</summary>
    internal Refusal Unfit(FileAddress address, string problem) => new(
        RefusalCode.InvalidArgument,
        $"{VisibleText.Of(address.Text)} in {Words} is not read or edited here: {problem}. Nothing was changed.",
        Worktree is null ? "Only plain UTF-8 files are." : (Advice)$"What is no plain UTF-8 file is looked at and changed with {Step.RunCommand}, as far as a command may.");

    /// <summary>Refuses a file that is not there.</summary>
    internal Refusal Missing(FileAddress address)
    {
        var near = NearestName.Of(address.Names[^1], Seen(address.Above)) is { } other && VisibleText.Of(other) == other ? string.Join('/', address.Above.Append(other)) : null;
        var unnamed = address.Text.Contains('\uFFFD', StringComparison.Ordinal) ? " A name that is not UTF-8 cannot be given here." : string.Empty;
        return new Refusal(
            RefusalCode.NotFound,
            $"There is no file {VisibleText.Of(address.Text)} in {Words}.{(near is null ? string.Empty : $" There is {near}.")}{unnamed}",
            Worktree is null ? (Advice)$"{Step.ReadFile} with a folder as path tells what is in it." : (Advice)$"{Step.ReadFile} with a folder as path tells what is in it; {Step.EditFile} with create makes a file.",
            new NextStep.ReadFile(name, near ?? "."));
    }

    /// <summary>Refuses a folder where a file is wanted, and tells what is in it.</summary>
    internal Refusal IsFolder(FileAddress address)
    {
        var names = Seen(address.Names).ToList();
        var shown = names.Count == 0 ? "nothing that is shown here" : string.Join(", ", names.Take(MostListed).Select(VisibleText.Of)) + (names.Count > MostListed ? $" and {names.Count - MostListed} more" : string.Empty);
        return new Refusal(
            RefusalCode.InvalidArgument,
            $"{(address.Names.Count == 0 ? "The top" : VisibleText.Of(address.Text))} of {Words} is a folder; in it: {shown}.",
            "Give the path of a file.",
            names.Find(found => !found.EndsWith('/')) is { } file && file == VisibleText.Of(file) ? new NextStep.ReadFile(name, string.Join('/', address.Names.Append(file))) : null);
    }

    private string Words => Worktree is null ? "the main checkout" : $"worktree \"{name}\"";

    private void RefuseForeign(FileAddress address)
    {
        var path = Path.Join(directory, address.Text);
        if (_others.Find(other => IsIn(path, other.Directory)) is { Name: { } other })
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"{VisibleText.Of(address.Text)} lies in worktree \"{other}\".", "Give that worktree's name.", new NextStep.ListWorktrees());
        }

        if (Ours.Any(folder => IsIn(path, folder)))
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"{VisibleText.Of(address.Text)} belongs to the board or to the worktrees; it is neither read nor edited here.", $"Look with {Step.ShowBoard}; a worktree's files are found under its name.", new NextStep.ShowBoard());
        }

        if (secrets.ReasonOf(path) is { } hidden)
        {
            throw Unfit(address, hidden);
        }
    }

    private IEnumerable<string> Ours => new[] { layout.CommonDirectory, layout.Tasks, layout.Worktrees }.Where(folder => HiddenPaths.IsWithin(folder, directory));

    private static bool IsIn(string path, string folder) => path.Equals(folder, StringComparison.OrdinalIgnoreCase) || path.StartsWith(folder + "/", StringComparison.OrdinalIgnoreCase);

    // What may be read of a folder, folders with a slash.
    private IEnumerable<string> Seen(IEnumerable<string> folder)
    {
        try
        {
            var path = Path.Join([directory, .. folder]);
            using var held = HeldFolder.Find(this, path);
            return held is null ? [] : [.. held.Names().Order(StringComparer.Ordinal).Where(found => IsSeen(Path.Join(path, found))).Select(found => held.KindOf(found) == FileKind.Folder ? found + "/" : found)];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private bool IsSeen(string path)
    {
        try
        {
            RefuseForeign(FileAddress.Of(Path.GetRelativePath(directory, path)));
            return true;
        }
        catch (Refusal)
        {
            return false;
        }
    }
}
