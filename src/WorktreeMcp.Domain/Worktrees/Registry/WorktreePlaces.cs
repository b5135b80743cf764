using System.Globalization;
using System.IO.Abstractions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Spares;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Worktrees.Registry;

/// <summary>What the registry works with, for the classes that share its work.</summary>
internal sealed record WorktreePlaces(StateStore Store, TaskBoard Board, GitRepository Git, SpareRoom Spares, IFileSystem Files, IDisk Disk, CurrentSettings Configuration)
{
    /// <summary>What is set, as of the last look; who lets something be done looks again.</summary>
    internal RepositorySettings Settings => Configuration.Known;

    private const string Missing = "its directory is missing";

    internal StateLayout Layout => Store.Layout;

    /// <summary>What proves that a step, or a branch, is ours.</summary>
    internal StepProof Proof => field ??= new(Store, Files);

    /// <summary>The absolute directory of a worktree; refuses an entry that points out of the repository.</summary>
    internal string DirectoryOf(Worktree worktree)
    {
        var directory = Path.GetFullPath(worktree.Path, Layout.Root);
        return directory.StartsWith(Layout.Root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? directory
            : throw new Refusal(
                RefusalCode.CorruptFile,
                $"The registry says that worktree \"{worktree.Name}\" lies at {directory}, outside the repository {Layout.Root}.",
                $"A person should correct its path in {Layout.Index}.");
    }

    /// <summary>Whether anything lies at a path, a dangling link too.</summary>
    internal bool Exists(string path) => (int)Files.FileInfo.New(path).Attributes != -1;

    /// <summary>The commit that the base is at now, else the one the worktree started from; null for an old entry without either.</summary>
    internal string? BaseTip(Worktree worktree) =>
        (worktree.BaseRef is null ? null : Git.Refs.Resolve(BranchRef.Of(worktree.BaseRef))) ?? worktree.BaseCommit ?? Git.MainHead().Commit;

    /// <summary>
    /// Both directions of a worktree's identity: its directory names an admin entry of this repository, and that names
    /// the directory. Without it git would fall through to the main checkout, or run what a rewritten file names.
    /// </summary>
    /// <returns>The admin entry, or what is wrong.</returns>
    internal (AdminEntry? Entry, string? Problem) Identify(Worktree worktree)
    {
        var directory = DirectoryOf(worktree);
        var info = Files.DirectoryInfo.New(directory);
        if (!info.Exists)
        {
            return (null, Exists(directory) ? "something that is not a directory lies in its place" : Missing + MovedTo(worktree, directory));
        }

        if (info.Attributes.HasFlag(FileAttributes.ReparsePoint))
        {
            return (null, "its directory is a link");
        }

        // The folder that all usual ones lie in is looked at by every call.
        if (Path.GetDirectoryName(directory) != Layout.Worktrees && LinkAbove(directory) is { } link)
        {
            return (null, $"it lies behind {link}, which is a link");
        }

        if (AdminEntry.NamedBy(directory, Layout.CommonDirectory, Files) is not { } entry)
        {
            return (null, "its .git file is missing or does not name a worktree of this repository");
        }

        if (entry.NamesWorktree(Files) is not { } named || !AdminEntry.SamePath(named, directory))
        {
            return (null, $"git's record {entry.Id} belongs to another directory");
        }

        if (!entry.SharesCommonDirectory(Layout.CommonDirectory, Files))
        {
            return (null, $"git's record {entry.Id} names another common directory");
        }

        return worktree.AdminId is { } id && id != entry.Id
            ? (null, $"its .git file names git's record {entry.Id}, the registry {id}")
            : (entry, null);
    }

    /// <summary>The admin entry, or a refusal: nothing acts in a directory whose identity is in doubt.</summary>
    internal AdminEntry RequireIdentity(Worktree worktree)
    {
        var (entry, problem) = Identify(worktree);
        return entry ?? throw new Refusal(
            RefusalCode.NotFound,
            $"Worktree \"{worktree.Name}\" at {DirectoryOf(worktree)} fails its identity check: {problem}. Nothing was run in it.",
            problem!.StartsWith(Missing, StringComparison.Ordinal)
                ? (Advice)$"{new NextStep.RemoveWorktree(worktree.Name):with} takes it off the registry; its branch {worktree.Branch} stays if it has commits of its own."
                : "A person should look at that directory; `git worktree repair PATH` restores a lost .git file.",
            problem.StartsWith(Missing, StringComparison.Ordinal) ? new NextStep.RemoveWorktree(worktree.Name) : new NextStep.ListWorktrees());
    }

    /// <summary>
    /// A number for a new worktree, which no removed one waits under: the counters may be lost, and whatever is removed
    /// goes into the trash by its number.
    /// </summary>
    internal int NewWorktreeId(StateChange change)
    {
        int id;
        do
        {
            id = change.NewWorktreeId();
        }
        while (Exists(Path.Join(Layout.Trash, $"{id}")) || Exists(Path.Join(Layout.Worktrees, ".trash", $"{id}")) || Exists(AdminEntry.InTrash(Layout.CommonDirectory, id).Directory) || Exists(AdminEntry.InTrashBefore(Layout.CommonDirectory, id).Directory));

        return id;
    }

    /// <summary>A worktree's lease, or null when somebody holds it.</summary>
    /// <param name="worktree">The worktree.</param>
    /// <param name="shared">Shared for commands, exclusive for making and removing.</param>
    internal WorktreeLock? TryLease(Worktree worktree, bool shared) => WorktreeLock.Try(Layout, worktree.Id, shared);

    /// <summary>The refusal of what needs a worktree for itself; names the commands that run in it.</summary>
    /// <param name="name">The worktree.</param>
    /// <param name="runs">What runs in it; none when it is not known who has it.</param>
    internal Refusal InUse(string name, params IReadOnlyList<BegunRun> runs) => runs is [var first, ..]
        ? new Refusal(
            RefusalCode.WorktreeBusy,
            $"Worktree \"{name}\" is in use: {string.Join(", ", runs.Take(3).Select(Words))}{(runs.Count > 3 ? $" and {runs.Count - 3} more" : string.Empty)}.",
            $"Wait for the end with {Step.ReadOutput}, or end it with {new NextStep.StopRun(first.Id)}; then repeat the call.",
            new NextStep.ReadOutput(first.Id))
        : new Refusal(
            RefusalCode.WorktreeBusy,
            $"Worktree \"{name}\" is in use: a command runs in it, or it is being made or removed.",
            $"Wait for it to end, then repeat the call; {Step.ShowWorktree} shows what runs.",
            new NextStep.ShowWorktree(name));

    /// <summary>The task of a worktree, or null when it has none or the task's file is gone.</summary>
    internal BoardTask? TaskOf(Worktree worktree) =>
        worktree.TaskId is { } id && Store.FindTask(id) is not null ? Board.Require(id) : null;

    /// <summary>Refuses if a task is to be completed together with its worktree and cannot be.</summary>
    internal static void EnsureCanComplete(Worktree worktree, BoardTask? task, FinishedWork work)
    {
        if (task is null)
        {
            throw new Refusal(
                RefusalCode.InvalidArgument,
                $"complete_task was given, but worktree \"{worktree.Name}\" is bound to no task.",
                "Leave complete_task out.");
        }

        _ = task.CompleteWith(work);
    }

    /// <summary>The commits that are a worktree's work now: its branch's head, and what landed of it if that is all of it.</summary>
    internal FinishedWork WorkIn(Worktree worktree)
    {
        var tip = Git.Refs.Resolve(BranchRef.Of(worktree.Branch)) ?? worktree.Trash?.BranchTip ?? worktree.Trash?.Tip;
        var landed = worktree.Landed is { } all && (tip is null || tip == all.Tip || tip == all.Commit) ? all.Commit : null;
        return new FinishedWork([.. new[] { tip, landed }.OfType<string>().Distinct()], Settings.Verify);
    }

    /// <summary>The same for who asks only when the command has passed; the rest must be so already.</summary>
    internal FinishedWork WorkToBeVerified => new([], Settings.Verify) { IsYetToBeVerified = true };

    /// <summary>Lock files that a killed git of ours left.</summary>
    internal LeftLocks LeftLocks => new(Layout.CommonDirectory, Layout.Root, Files, Disk);

    private string MovedTo(Worktree worktree, string directory) =>
        worktree.AdminId is { } id && AdminEntry.At(Layout.CommonDirectory, id).NamesWorktree(Files) is { } named && !AdminEntry.SamePath(named, directory)
            ? $"; git says it was moved to {named}"
            : string.Empty;

    /// <summary>The link that a path lies behind, or null: by component, since a link on the way leads somewhere else than the path says.</summary>
    internal string? LinkAbove(string path)
    {
        var top = path.StartsWith(Layout.CommonDirectory + Path.DirectorySeparatorChar, StringComparison.Ordinal) ? Layout.CommonDirectory : Layout.Root;
        for (var folder = Path.GetDirectoryName(path); folder is not null && folder.Length > top.Length; folder = Path.GetDirectoryName(folder))
        {
            if (Files.KindOf(folder) == FileKind.Link)
            {
                return folder;
            }
        }

        return null;
    }

    /// <summary>git's record of a removed worktree.</summary>
    internal AdminEntry TrashedRecord(int id) => AdminEntry.InTrash(Layout.CommonDirectory, id, Files);

    private string Words(BegunRun run)
    {
        var age = Math.Max(0, StateJson.Seconds(Store.Time.GetUtcNow()) - run.StartedAt);
        return string.Create(CultureInfo.InvariantCulture, $"{run.Id} of {run.By} has been running for {age:0} s ({run.Command})");
    }
}
