using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>
/// Checkouts that git left on the way from one commit to another: it was killed, it failed, or it only said that it had succeeded.
/// Invariants:
/// - what counts is what lies there; no exit code is believed, neither git's nor that of putting back;
/// - git writes the files first, then the index, then HEAD or the branch. A checkout has arrived when its index holds the new files and none of
///   them is as it was before or only begun; anything else is put back, files and index, and looked at once more;
/// - a file that holds neither side, nor a beginning of the new one, is a person's and stays.
/// </summary>
internal sealed class InterruptedCheckouts(WorktreePlaces parts)
{
    private const string NoFile = "000000";
    private const string Submodule = "160000";

    /// <summary>Puts the files back unless they are all there.</summary>
    /// <param name="checkout">The checkout; no git is at work in it.</param>
    /// <param name="from">The commit it was at.</param>
    /// <param name="to">The commit it was on its way to.</param>
    /// <param name="guard">What git inherits.</param>
    /// <returns>Whether index and files are those of the new commit.</returns>
    /// <exception cref="HalfMovedException">It can be brought to neither end now.</exception>
    internal bool Settle(BranchCheckout checkout, string from, string to, SafeHandle guard) => Asked(checkout, () =>
    {
        using var scratch = parts.Git.Trials.Scratch();
        var seen = Look(checkout, from, to, scratch);
        if (seen.HasArrived)
        {
            return true;
        }

        PutBack(checkout, seen, scratch, guard);
        return false;
    });

    /// <summary>Puts back whatever git wrote on its way, all of it too.</summary>
    /// <returns>Whether there was anything to be put back.</returns>
    /// <exception cref="HalfMovedException">Something of it cannot be put back now.</exception>
    internal bool TakeBack(BranchCheckout checkout, string from, string to, SafeHandle guard) => Asked(checkout, () =>
    {
        using var scratch = parts.Git.Trials.Scratch();
        var seen = Look(checkout, from, to, scratch);
        PutBack(checkout, seen, scratch, guard);
        return !seen.IsUntouched;
    });

    /// <summary>What lies there.</summary>
    /// <exception cref="HalfMovedException">It cannot be looked at.</exception>
    internal CheckoutSight Look(BranchCheckout checkout, string from, string to) => Asked(checkout, () =>
    {
        using var scratch = parts.Git.Trials.Scratch();
        return Look(checkout, from, to, scratch);
    });

    /// <summary>
    /// Whether nothing of these files differs from the commit that HEAD is at now: one question to git where all is well. It may say no
    /// because of a person's change; the whole look knows.
    /// </summary>
    internal bool IsThere(BranchCheckout checkout, IReadOnlyList<ChangedFile> changed) => Asked(checkout, () =>
        changed.Count == 0
        || (parts.Git.Landing.Modified(checkout, changed).Count == 0
            && !changed.Any(file => file.After.Mode == NoFile && file.Before.Mode != Submodule && IsFile(Path.Join(checkout.Directory, file.Path)))));

    private CheckoutSight Look(BranchCheckout checkout, string from, string to, ScratchStore scratch)
    {
        var changed = parts.Git.Trials.Changed(from, to);
        var indexed = parts.Git.Landing.Indexed(checkout);
        var files = changed.Where(file => file.Before.Mode != Submodule && file.After.Mode != Submodule).ToList();
        var old = Same(files.Where(file => file.Before.Mode != NoFile).Select(file => (file.Raw, file.Before.Mode, file.Before.Hash)));
        var landed = Same(files.Where(file => file.After.Mode != NoFile).Select(file => (file.Raw, file.After.Mode, file.After.Hash)));
        var begun = files.Where(file => !old.Contains(file.Raw) && !landed.Contains(file.Raw) && IsBeginning(checkout, to, file)).Select(file => file.Raw).ToHashSet(StringComparer.Ordinal);
        return new CheckoutSight(
            from,
            to,
            changed.All(file => Holds(file, file.After)),
            changed.All(file => Holds(file, file.Before)),
            [.. files.Where(file => !landed.Contains(file.Raw) && (old.Contains(file.Raw) || begun.Contains(file.Raw) || (file.After.Mode != NoFile && IsAbsent(file))))],
            [.. files.Where(file => !old.Contains(file.Raw) && (landed.Contains(file.Raw) || begun.Contains(file.Raw) || (file.Before.Mode != NoFile && IsAbsent(file))))],
            files);

        IReadOnlySet<string> Same(IEnumerable<(string Raw, string Mode, string Hash)> expected) => parts.Git.Landing.Same(checkout, expected, scratch);

        bool Holds(ChangedFile file, (string Mode, string Hash) side) =>
            side.Mode == NoFile ? !indexed.ContainsKey(file.Raw) : indexed.TryGetValue(file.Raw, out var entry) && entry == side;

        bool IsAbsent(ChangedFile file) => !parts.Exists(Path.Join(checkout.Directory, file.Path));
    }

    private void PutBack(BranchCheckout checkout, CheckoutSight seen, ScratchStore scratch, SafeHandle guard)
    {
        if (seen.IsUntouched)
        {
            return;
        }

        // New files first: what they take may be what a full disk lacks for the old ones.
        foreach (var file in seen.Ours.Where(file => file.Before.Mode == NoFile))
        {
            TryDelete(Path.Join(checkout.Directory, file.Path));
        }

        foreach (var file in seen.Files.Where(file => file.Before.Mode == NoFile))
        {
            TryDropEmptyFolders(checkout.Directory, file.Path);
        }

        // Where a folder lies now that is not empty, somebody's files are in it.
        var gone = seen.Ours.Where(file => file.Before.Mode != NoFile && !parts.Files.Directory.Exists(Path.Join(checkout.Directory, file.Path)))
            .Select(file => (file.Raw, file.Before.Mode, file.Before.Hash)).ToList();
        var answer = gone.Count > 0 ? parts.Git.Landing.PutBack(checkout, gone, scratch, guard) : GitAnswer.Done;
        if (seen.IsIndexMoved && parts.Git.Landing.CarryIndex(checkout, seen.To, seen.From, guard) is { Succeeded: false } refused)
        {
            answer = refused;
        }

        parts.Git.Landing.Refresh(checkout, guard);
        var now = Look(checkout, seen.From, seen.To, scratch);
        if (now.Ours.Count > 0 || now.IsIndexMoved)
        {
            throw new HalfMovedException(checkout.Directory, [.. now.Ours.Select(file => file.Path)], answer.Error);
        }
    }

    private bool IsBeginning(BranchCheckout checkout, string commit, ChangedFile file)
    {
        using var found = file.After.Mode == NoFile ? null : CheckoutFiles.Open(checkout.Directory, file.Path);
        if (found is null || parts.Git.Landing.CheckedOut(checkout, commit, file.Path) is not { } whole || found.Length >= whole.Length)
        {
            return false;
        }

        var begin = new byte[whole.Length];
        var count = found.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false);
        return count < whole.Length && whole.AsSpan().StartsWith(begin.AsSpan(0, count));
    }

    private bool IsFile(string path) => parts.Exists(path) && !parts.Files.Directory.Exists(path);

    private void TryDelete(string path)
    {
        try
        {
            parts.Disk.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It is seen by the look afterwards, and named.
        }
    }

    // Folders that git made for a file.
    private void TryDropEmptyFolders(string root, string path)
    {
        for (var folder = Path.GetDirectoryName(path); folder is { Length: > 0 }; folder = Path.GetDirectoryName(folder))
        {
            var full = Path.Join(root, folder);
            try
            {
                if (parts.Files.KindOf(full) == FileKind.Folder)
                {
                    if (parts.Files.Directory.EnumerateFileSystemEntries(full).Any())
                    {
                        return;
                    }

                    parts.Files.Directory.Delete(full);
                }
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // An empty folder is nothing to git.
                return;
            }
        }
    }

    // What stops git from moving a checkout may stop it from looking at one too: then nothing is known, and nothing is promised.
    private static T Asked<T>(BranchCheckout checkout, Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (Exception fault) when (fault is Refusal { Code: RefusalCode.GitFailed } or IOException or UnauthorizedAccessException)
        {
            throw new HalfMovedException(checkout.Directory, [], fault.Message, fault);
        }
    }
}
