using System.IO.Abstractions;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Spares;

/// <summary>
/// A ready spare in hand: nobody else can take it, and it was proven to be what a fresh checkout would be. Between that and its
/// claim lies the wait for the lock, so whatever may have changed meanwhile is looked at again there.
/// </summary>
internal sealed class SpareReservation(Spare spare, string wanted, WorktreeLock lease, SpareShelf shelf, SpareMaker maker, SpareCheckouts git, IFileSystem files, IDisk disk) : IDisposable
{
    /// <summary>A spare from which so many files differ costs as much as a fresh checkout.</summary>
    internal const int MostChanged = 20_000;

    /// <summary>Its name, for the record of what is about to happen to it.</summary>
    internal string Id => spare.Id;

    /// <summary>The commit its files are of.</summary>
    internal string Commit => spare.Commit;

    /// <summary>
    /// Moves it to a worktree's place, on a branch that exists; the caller holds the lock and has put the intent on
    /// record. Git's record names the new place before the files go there, so that whoever finds a half of it finds both.
    /// </summary>
    /// <param name="directory">The worktree's place.</param>
    /// <param name="branch">The branch.</param>
    /// <param name="commit">The commit that the branch is at.</param>
    /// <param name="guard">What guards it.</param>
    /// <returns>git's record, or null when it is in doubt by now or could not be moved, and everything is as before.</returns>
    internal AdminEntry? MoveTo(string directory, string branch, string commit, System.Runtime.InteropServices.SafeHandle guard)
    {
        if (!IsBeyondDoubt(commit))
        {
            return null;
        }

        var entry = shelf.EntryOf(spare.Id);
        maker.Unwatch(spare.Id);
        shelf.Withdraw(spare.Id);
        shelf.Repoint(entry, directory);
        try
        {
            files.Directory.Move(shelf.DirectoryOf(spare.Id), directory);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            shelf.Repoint(entry, shelf.DirectoryOf(spare.Id));
            return null;
        }

        // A fresh checkout has no history of its own either.
        disk.Delete(Path.Join(entry.Directory, "logs", "HEAD"));
        git.Attach(entry, directory, branch, guard).Require($"putting HEAD on branch {branch}");
        disk.Delete(Path.Join(entry.Directory, "locked"));
        return entry;
    }

    private bool IsBeyondDoubt(string commit)
    {
        try
        {
            return Leads(commit) && spare.Conditions.Hold(git, files) && maker.IsStillPristine(spare);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
        {
            return false;
        }
    }

    // The name that the base was asked by may stand for another commit by now, or the base may have been chosen anew.
    private bool Leads(string commit) => commit == spare.Commit || commit == wanted || git.Distance(spare.Commit, commit) is <= MostChanged;

    public void Dispose() => lease.Dispose();
}
