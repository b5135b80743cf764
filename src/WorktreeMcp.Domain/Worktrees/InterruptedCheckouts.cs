using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees;

/// <summary>
/// Checkouts whose git was killed on its way from one commit to another. Invariants:
/// - git writes the files first, then the index, then HEAD or the branch: an index that holds the new files says that they are all
///   there, and anything before that is put back;
/// - a file that holds neither side, nor a beginning of the new one, is a person's.
/// </summary>
internal sealed class InterruptedCheckouts(RegistryParts parts)
{
    private const string NoFile = "000000";
    private const string Submodule = "160000";

    /// <summary>Puts the files back unless they are all there.</summary>
    /// <param name="checkout">The checkout; no git is at work in it.</param>
    /// <param name="from">The commit it was at.</param>
    /// <param name="to">The commit it was on its way to.</param>
    /// <param name="guard">What git inherits.</param>
    /// <returns>Whether index and files are those of the new commit.</returns>
    internal bool Settle(BranchCheckout checkout, string from, string to, SafeHandle guard)
    {
        var changed = parts.Git.Trials.Changed(from, to);
        if (Holds(checkout, changed))
        {
            return true;
        }

        PutBack(checkout, to, changed, guard);
        return false;
    }

    /// <summary>Whether the index of a checkout holds what these files are afterwards.</summary>
    internal bool Holds(BranchCheckout checkout, IReadOnlyList<ChangedFile> changed)
    {
        var indexed = parts.Git.Landing.Indexed(checkout);
        return changed.All(file => file.After.Mode == NoFile ? !indexed.ContainsKey(file.Raw) : indexed.TryGetValue(file.Raw, out var entry) && entry == file.After);
    }

    private void PutBack(BranchCheckout checkout, string commit, IReadOnlyList<ChangedFile> changed, SafeHandle guard)
    {
        using var scratch = parts.Git.Trials.Scratch();
        var files = changed.Where(file => file.Before.Mode != Submodule && file.After.Mode != Submodule).ToList();
        var old = parts.Git.Landing.Same(checkout, files.Where(file => file.Before.Mode != NoFile).Select(file => (file.Raw, file.Before.Mode, file.Before.Hash)), scratch);
        var landed = parts.Git.Landing.Same(checkout, files.Where(file => file.After.Mode != NoFile).Select(file => (file.Raw, file.After.Mode, file.After.Hash)), scratch);
        var ours = files.Where(file => !old.Contains(file.Raw) && IsOurs(file)).ToList();
        foreach (var file in ours.Where(file => file.Before.Mode == NoFile))
        {
            parts.Store.Disk.Delete(Path.Join(checkout.Directory, file.Path));
        }

        var gone = ours.Where(file => file.Before.Mode != NoFile).Select(file => (file.Raw, file.Before.Mode, file.Before.Hash)).ToList();
        if (gone.Count > 0)
        {
            parts.Git.Landing.PutBack(checkout, gone, scratch, guard).Require($"putting files back in {checkout.Directory}");
        }

        foreach (var file in files.Where(file => file.Before.Mode == NoFile))
        {
            DropEmptyFolders(checkout.Directory, file.Path);
        }

        parts.Git.Landing.Refresh(checkout, guard);

        // What git wrote, a beginning of that, or nothing where git had just taken the old file away.
        bool IsOurs(ChangedFile file)
        {
            var path = Path.Join(checkout.Directory, file.Path);
            return landed.Contains(file.Raw) || (parts.Exists(path) ? IsBeginning(path, checkout, commit, file) : file.Before.Mode != NoFile);
        }
    }

    private bool IsBeginning(string path, BranchCheckout checkout, string commit, ChangedFile file)
    {
        var info = parts.Files.FileInfo.FromFileName(path);
        if (file.After.Mode == NoFile || !info.Exists || info.Attributes.HasFlag(FileAttributes.ReparsePoint) || parts.Git.Landing.CheckedOut(checkout, commit, file.Path) is not { } whole)
        {
            return false;
        }

        return info.Length < whole.Length && whole.AsSpan().StartsWith(parts.Files.File.ReadAllBytes(path));
    }

    // Folders that git made for a file.
    private void DropEmptyFolders(string root, string path)
    {
        for (var folder = Path.GetDirectoryName(path); folder is { Length: > 0 }; folder = Path.GetDirectoryName(folder))
        {
            var full = Path.Join(root, folder);
            if (parts.Files.KindOf(full) == FileKind.Folder)
            {
                if (parts.Files.Directory.EnumerateFileSystemEntries(full).Any())
                {
                    return;
                }

                parts.Files.Directory.Delete(full);
            }
        }
    }
}
