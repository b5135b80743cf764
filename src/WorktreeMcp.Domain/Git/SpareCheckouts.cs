using System.IO.Abstractions;
using System.Runtime.InteropServices;
using System.Text;
using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Git;

/// <summary>What git does for checkouts that are made ahead of time: detached, locked, at low priority.</summary>
internal sealed class SpareCheckouts(CheckoutGit git, SettingFiles settings, RepositoryPlace place, IFileSystem files)
{
    private static readonly TimeSpan CheckoutLimit = TimeSpan.FromMinutes(30);

    // Sections that say nothing about the files of a checkout.
    private static readonly string[] OfNoAccount =
        ["alias.", "branch.", "color.", "column.", "commit.", "credential.", "diff.", "gui.", "init.", "maintenance.", "pull.", "push.", "remote.", "url.", "user."];

    // Only these are there in the record of a checkout that nobody worked in.
    private static readonly HashSet<string> Expected = ["HEAD", "commondir", "gitdir", "index", "locked", "logs", "refs"];

    private readonly RefReader _refs = new(place.CommonDirectory, files);

    /// <summary>The files that git reads settings and attributes from unless it is told otherwise, there or not.</summary>
    internal IReadOnlyList<string> UsualSettingFiles() => settings.Usual();

    /// <summary>Whether a file of settings may have changed without a change for checkouts: one whose settings git lists.</summary>
    internal static bool HoldsSettings(string path) => Path.GetFileName(path) is "config" or ".gitconfig" or "gitconfig";

    /// <summary>The files that settings do come from now, included ones too, and the file of attributes that they name.</summary>
    internal IReadOnlyList<string> SettingFiles() => settings.Named("core.attributesfile");

    /// <summary>The settings that a checkout may depend on, as git names them.</summary>
    internal IReadOnlyList<string> CheckoutSettings() =>
        [.. settings.List().Where(member => !Array.Exists(OfNoAccount, section => member.StartsWith(section, StringComparison.Ordinal)))];

    /// <summary>Whether git shows other objects in the place of some: then a commit's hash does not tell what a checkout of it is.</summary>
    internal bool ReplacesObjects => _refs.ReplacesObjects();

    /// <summary>Whether checkouts of this repository can be kept ready at all, as far as its settings go; filters that must not run would.</summary>
    internal bool SettingsAllow() => !ReplacesObjects
        && git.ForbiddenFilters(new AdminEntry(string.Empty, place.CommonDirectory)).Count == 0
        && !settings.List().Any(IsOwnToCheckouts);

    /// <summary>Makes git's record of a detached checkout without its files, locked so that no prune takes it.</summary>
    internal GitAnswer Add(string directory, string commit, string reason, SafeHandle guard) =>
        git.Run(git.At("worktree", "add", "--no-checkout", "--detach", "--quiet", "--lock", "--reason", reason, "--end-of-options", directory, commit) with { GitDirectory = null, Guards = [guard] });

    /// <summary>Brings the files of a detached checkout to a commit, and then its HEAD.</summary>
    internal GitAnswer CheckOut(AdminEntry entry, string directory, string commit, SafeHandle guard, CancellationToken cancel)
    {
        var filled = git.Run(In(entry, directory, [.. Checkouts.Fill, commit]) with
        {
            Guards = [guard],
            Limit = CheckoutLimit,
            LowPriority = true,
            Cancel = cancel,
        });
        return filled.Succeeded ? git.Run(In(entry, directory, "update-ref", "--no-deref", "HEAD", commit) with { Guards = [guard] }) : filled;
    }

    /// <summary>
    /// Writes the index anew if it is as old as its files. git trusts a stamp only if the index is of a later second: until then every
    /// status reads every file again, also after the checkout has become a worktree.
    /// </summary>
    internal GitAnswer Refresh(AdminEntry entry, string directory, SafeHandle guard, CancellationToken cancel) =>
        git.Run(In(entry, directory, "status", "--porcelain=v2", "-z", "--untracked-files=no", CheckoutGit.NotInNested, "--no-renames") with
        {
            Guards = [guard],
            LowPriority = true,
            Cancel = cancel,
        });

    /// <summary>Puts HEAD on a branch that exists, without a look at any file.</summary>
    internal GitAnswer Attach(AdminEntry entry, string directory, string branch, SafeHandle guard) =>
        git.Run(In(entry, directory, "symbolic-ref", "-m", "worktree: made", "HEAD", BranchRef.Of(branch)) with { Guards = [guard] });

    /// <summary>How many files differ between two commits; null when one of them says how files are checked out.</summary>
    internal int? Distance(string from, string to)
    {
        var answer = git.Run(git.At("diff-tree", "-r", "-z", "--name-only", "--no-renames", from, to));
        return answer.Succeeded && !answer.Members.Any(SaysHow) ? answer.Members.Length : null;
    }

    /// <summary>Whether a checkout holds submodules, or files that a filter makes.</summary>
    internal bool IsSpecial(AdminEntry entry, string directory)
    {
        var modules = git.Run(In(entry, directory, "ls-files", "-s", "-z", "--", ":(glob)**/.gitmodules", ".gitmodules"));

        // All but those for which the attribute is unspecified: with "attr:filter" git means one that is set to no value.
        var filtered = git.Run(In(entry, directory, "ls-files", "-z", "--", ":(exclude,attr:!filter)"));
        return !modules.Succeeded || modules.Output.Length > 0 || !filtered.Succeeded || filtered.Output.Length > 0;
    }

    /// <summary>
    /// Whether nobody has been at work in a checkout: its files are those of the commit, nothing lies beside them, not
    /// even an empty folder, and git's record of it is as it was left.
    /// </summary>
    /// <param name="entry">git's record.</param>
    /// <param name="directory">Its files.</param>
    /// <param name="commit">The commit it must be at.</param>
    /// <param name="background">Whether it may take its time.</param>
    internal bool IsPristine(AdminEntry entry, string directory, string commit, bool background)
    {
        if (!IsRecordPristine(entry, directory, commit))
        {
            return false;
        }

        var status = In(entry, directory, "status", "--porcelain=v2", "-z", "--untracked-files=no", CheckoutGit.NotInNested, "--no-renames") with { LowPriority = background };
        var beside = In(entry, directory, "clean", "-n", "-ffdx") with { LowPriority = background };
        var (left, right) = Both.Of(() => git.Run(status), () => git.Run(beside));
        return left is { Succeeded: true, Output.Length: 0 } && right is { Succeeded: true, Output.Length: 0 };
    }

    /// <summary>The same for git's record of it alone.</summary>
    internal bool IsRecordPristine(AdminEntry entry, string directory, string commit) =>
        files.KindOf(directory) == FileKind.Folder
        && files.Directory.Exists(entry.Directory)
        && files.Directory.EnumerateFileSystemEntries(entry.Directory).All(path => Expected.Contains(Path.GetFileName(path)))
        && Only("refs", null, entry) && Only("logs", "HEAD", entry)
        && Line(Path.Join(entry.Directory, "HEAD")) == commit
        && Line(Path.Join(entry.Directory, "commondir")) == "../.."
        && Line(Path.Join(entry.Directory, "gitdir")) == Path.Join(directory, ".git")
        && Line(Path.Join(directory, ".git")) == $"gitdir: {entry.Directory}";

    // Settings that are others in each checkout, or on each branch.
    private static bool IsOwnToCheckouts(string member) =>
        member is "core.sparsecheckout\ntrue" or "extensions.worktreeconfig\ntrue" or "worktree.userelativepaths\ntrue"
        || member.StartsWith("core.worktree\n", StringComparison.Ordinal)
        || member.StartsWith("includeif.onbranch:", StringComparison.Ordinal)
        || (member.Split('\n', 2) is ["core.attributesfile", var path] && !path.StartsWith('~') && !Path.IsPathRooted(path));

    private bool Only(string folder, string? name, AdminEntry entry) => files.KindOf(Path.Join(entry.Directory, folder)) != FileKind.Folder
        || files.Directory.EnumerateFiles(Path.Join(entry.Directory, folder), "*", SearchOption.AllDirectories).All(path => Path.GetRelativePath(Path.Join(entry.Directory, folder), path) == name);

    private string? Line(string path) => files.FileInfo.New(path) is { Exists: true, Length: < 8192 } info && !info.Attributes.HasFlag(FileAttributes.ReparsePoint)
        ? Encoding.UTF8.GetString(PlainFile.Bytes(path, FileLimits.Words)).TrimEnd('\n')
        : null;

    private static bool SaysHow(string path) => Path.GetFileName(path) is ".gitattributes" or ".gitmodules" or ".lfsconfig";

    private GitCall In(AdminEntry entry, string directory, params string[] arguments) => git.InOurs(entry, directory, arguments);
}
