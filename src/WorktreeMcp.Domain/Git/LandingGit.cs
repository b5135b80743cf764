using System.Globalization;
using System.IO.Abstractions;
using System.Runtime.InteropServices;
using System.Text;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// The git acts of a landing: commits beside every checkout, and moves of branches that succeed only from the commit that
/// was judged.
/// </summary>
internal sealed class LandingGit(CheckoutGit git, FilteredFiles filtered, RepositoryPlace place, IFileSystem files)
{
    private static readonly string[] HookNames =
        ["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-merge-commit", "post-merge", "post-checkout", "post-rewrite", "pre-rebase", "reference-transaction"];

    private const int MostNamed = 200;
    private const string NoFile = "000000";

    private static readonly TimeSpan CheckoutLimit = TimeSpan.FromMinutes(30);

    /// <summary>The commits that one has and another lacks, oldest first.</summary>
    internal IReadOnlyList<PickedCommit> CommitsToLand(string tip, string onto)
    {
        var answer = Run("log", "-z", "--no-show-signature", "--no-color", "--reverse", "--topo-order", "--date=raw", "--encoding=UTF-8",
            "--format=%H%x00%P%x00%T%x00%an%x00%ae%x00%ad%x00%B", tip, "--not", onto, "--").Require("listing commits");
        return [.. Encoding.UTF8.GetString(answer.Output).Split('\0').Chunk(7).Where(fields => fields.Length == 7).Select(fields => new PickedCommit(
            fields[0], fields[1].Split(' ', StringSplitOptions.RemoveEmptyEntries), fields[2], new CommitAuthor(fields[3], fields[4], fields[5]), fields[6]))];
    }

    /// <summary>What is set about merging and making commits.</summary>
    internal CommitHabits Habits()
    {
        var settings = Run("config", "-z", "--show-scope", "--get-regexp", @"^(commit\.gpgsign|core\.hookspath)$").Members.Chunk(2)
            .Where(pair => pair.Length == 2 && pair[0] != "command").Select(pair => pair[1].Split('\n', 2)).ToList();
        var sign = Last("commit.gpgsign") is { } value && value.ToLowerInvariant() is "true" or "yes" or "on" or "1";
        var folder = Last("core.hookspath") is { Length: > 0 } set ? Path.GetFullPath(set, place.Root) : Path.Join(place.CommonDirectory, "hooks");
        return new CommitHabits(sign, git.ForeignSigner, [.. HookNames.Where(hook => files.File.Exists(Path.Join(folder, hook)))]);

        string? Last(string key) => settings.Where(s => s[0] == key).Select(s => s.Length > 1 ? s[1] : "true").LastOrDefault();
    }

    /// <summary>Whose name new commits bear, or git's words why it does not know.</summary>
    internal GitAnswer Committer() => Run("var", "GIT_COMMITTER_IDENT");

    /// <summary>Makes a commit that is on no branch yet.</summary>
    internal GitAnswer Commit(string tree, IReadOnlyList<string> parents, string message, CommitAuthor? author, bool sign, SafeHandle guard)
    {
        string[] arguments = ["commit-tree", tree, .. parents.SelectMany(parent => new[] { "-p", parent }), .. sign ? ["-S"] : Array.Empty<string>(), "-F", "-"];
        var variables = author is null ? new Dictionary<string, string>() : new Dictionary<string, string>
        {
            ["GIT_AUTHOR_NAME"] = author.Name,
            ["GIT_AUTHOR_EMAIL"] = author.Email,
            ["GIT_AUTHOR_DATE"] = author.Date,
        };
        if (sign)
        {
            foreach (var (name, value) in git.ForSigning)
            {
                variables[name] = value;
            }
        }

        return git.Run(git.At(arguments) with { Input = Encoding.UTF8.GetBytes(message), Variables = variables, Guards = [guard] });
    }

    /// <summary>Whether a commit is in the history of another.</summary>
    internal bool IsAncestor(string commit, string of) => commit == of || Run("merge-base", "--is-ancestor", commit, of).Succeeded;

    /// <summary>Moves a branch that is nowhere checked out, if it is still where it was.</summary>
    internal GitAnswer MoveBranch(string branch, string from, string to, string words, IReadOnlyList<SafeHandle> guards) =>
        git.Run(git.At("update-ref", "-m", words, BranchRef.Of(branch), to, from) with { Guards = guards });

    /// <summary>Where a branch is checked out, or where a rebase or a bisect of it waits; the main checkout first.</summary>
    internal IReadOnlyList<BranchCheckout> CheckoutsOf(string branch, RefReader refs)
    {
        var records = Path.Join(place.CommonDirectory, "worktrees");
        var main = new BranchCheckout(new AdminEntry(string.Empty, place.CommonDirectory), place.Root);
        var linked = files.Directory.Exists(records)
            ? files.Directory.EnumerateDirectories(records).Select(path => new AdminEntry(Path.GetFileName(path), path)).Where(entry => !entry.IsTrash)
                .Select(entry => new BranchCheckout(entry, entry.NamesWorktree(files) ?? entry.Directory))
            : [];
        return [.. (place.IsBare ? linked : linked.Prepend(main)).Where(checkout => AdminEntry.HoldsBranch(checkout.Entry.Directory, branch, refs, files))];
    }

    /// <summary>What keeps these files of a commit from being written into a checkout, or null: a filter that must not run.</summary>
    internal string? FilterInTheWay(BranchCheckout checkout, string commit, IReadOnlyCollection<ChangedFile> among) =>
        filtered.InTheWay(checkout.Entry, checkout.Directory, commit, () => [.. among.Where(file => file.After.Mode != NoFile).Select(file => file.Raw)]);

    /// <summary>Moves a branch together with its checkout, if nothing local is in the way; an ignored file is local too.</summary>
    internal GitAnswer FastForward(BranchCheckout checkout, string branch, string to, string words, SafeHandle guard)
    {
        var call = In(checkout, "merge", "--ff-only", "--no-overwrite-ignore", "--no-squash", "--no-autostash", "--no-verify-signatures", "--no-stat", "--quiet", to);
        return git.Run(call with
        {
            Guards = [guard],
            Limit = CheckoutLimit,
            Variables = new Dictionary<string, string> { ["GIT_REFLOG_ACTION"] = words },

            // A branch may have options of its own, which would be read first.
            Overrides = [.. call.Overrides, KeyValuePair.Create($"branch.{branch}.mergeOptions", string.Empty)],
        });
    }

    /// <summary>Takes a fast-forward back, local changes left alone.</summary>
    internal GitAnswer StepBack(BranchCheckout checkout, SafeHandle guard) =>
        git.Run(In(checkout, "reset", "--keep", "--quiet", "ORIG_HEAD") with { Guards = [guard], Limit = CheckoutLimit });

    /// <summary>Which of these files a checkout has other than its HEAD; those that git does not know are left out.</summary>
    internal IReadOnlyList<string> Modified(BranchCheckout checkout, IReadOnlyCollection<ChangedFile> among)
    {
        // With few names git looks at these files only.
        string[] paths = among.Count <= MostNamed && among.All(file => RawPath.IsText(file.Raw)) ? ["--", .. among.Select(file => file.Path)] : [];
        var answer = git.Run(In(checkout, ["status", "--porcelain=v2", "-z", "--untracked-files=no", CheckoutGit.NotInNested, "--no-renames", .. paths]) with { Variables = new Dictionary<string, string> { ["GIT_LITERAL_PATHSPECS"] = "1" } });
        var touched = among.Select(file => file.Raw).ToHashSet(StringComparer.Ordinal);
        return [.. UncommittedFile.Parse(RawPath.Members(answer.Require($"reading the status of {checkout.Directory}"))).Select(file => file.Raw).Where(touched.Contains).Select(RawPath.Readable)];
    }

    /// <summary>Checks a commit out without a branch; files that are not committed, ignored ones too, stop it.</summary>
    internal GitAnswer Detach(BranchCheckout checkout, string commit, SafeHandle guard) =>
        Hindered(checkout, "HEAD", commit) ?? git.Run(In(checkout, "checkout", "--quiet", "--detach", "--no-overwrite-ignore", "--no-recurse-submodules", commit, "--") with { Guards = [guard], Limit = CheckoutLimit });

    /// <summary>Puts HEAD of a checkout on a branch without touching a file.</summary>
    internal GitAnswer Attach(BranchCheckout checkout, string branch, SafeHandle guard) =>
        git.Run(In(checkout, "symbolic-ref", "-m", "worktree-mcp: back on its branch", "HEAD", BranchRef.Of(branch)) with { Guards = [guard] });

    /// <summary>What the index of a checkout holds: mode and hash of each file.</summary>
    internal IReadOnlyDictionary<string, (string Mode, string Hash)> Indexed(BranchCheckout checkout) =>
        RawPath.Members(git.Run(In(checkout, "ls-files", "-s", "-z")).Require($"reading the index of {checkout.Directory}"))
            .Select(line => (Line: line, Fields: line.Split(' ', 3)))
            .GroupBy(line => line.Line[(line.Line.IndexOf('\t', StringComparison.Ordinal) + 1)..], StringComparer.Ordinal)
            .ToDictionary(same => same.Key, same => (same.First().Fields[0], same.First().Fields[1]), StringComparer.Ordinal);

    /// <summary>Brings files and index of a checkout from one commit to another, HEAD left alone; local changes and files that git does not know stop it.</summary>
    internal GitAnswer Carry(BranchCheckout checkout, string from, string to, SafeHandle guard) =>
        Hindered(checkout, from, to) ?? git.Run(In(checkout, "read-tree", "-m", "-u", from, to) with { Guards = [guard], Limit = CheckoutLimit });

    /// <summary>The same for the index alone, whatever the files are.</summary>
    internal GitAnswer CarryIndex(BranchCheckout checkout, string from, string to, SafeHandle guard) =>
        git.Run(In(checkout, "read-tree", "-m", "-i", from, to) with { Guards = [guard] });

    /// <summary>Looks again at the files of a checkout, so that git knows those that were put back.</summary>
    internal void Refresh(BranchCheckout checkout, SafeHandle guard) => git.Run(In(checkout, "update-index", "-q", "--refresh") with { Guards = [guard] });

    /// <summary>Which of these files a checkout has exactly so; the list is of one commit's files.</summary>
    internal IReadOnlySet<string> Same(BranchCheckout checkout, IEnumerable<(string Raw, string Mode, string Hash)> expected, ScratchStore scratch)
    {
        var variables = Index(checkout, expected, scratch, out var listed);
        git.Run(In(checkout, "update-index", "-q", "--refresh") with { Variables = variables, Scratch = [scratch.Folder] });
        var differing = RawPath.Members(git.Run(In(checkout, "diff-files", CheckoutGit.NotInNested, "--name-only", "-z") with { Variables = variables, Scratch = [scratch.Folder] }).Require("comparing files"));
        return listed.Except(differing, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Writes files into a checkout as a commit has them.</summary>
    internal GitAnswer PutBack(BranchCheckout checkout, IEnumerable<(string Raw, string Mode, string Hash)> wanted, ScratchStore scratch, SafeHandle guard)
    {
        var variables = Index(checkout, wanted, scratch, out _);
        return git.Run(In(checkout, "checkout-index", "--force", "--all", "--quiet") with { Variables = variables, Guards = [guard] });
    }

    /// <summary>A file of a commit as a checkout would have it, or null.</summary>
    internal byte[]? CheckedOut(BranchCheckout checkout, string commit, string path)
    {
        var answer = git.Run(In(checkout, "cat-file", "--filters", $"{commit}:{path}"));
        return answer.Succeeded ? answer.Output : null;
    }

    private Dictionary<string, string> Index(BranchCheckout checkout, IEnumerable<(string Raw, string Mode, string Hash)> entries, ScratchStore scratch, out List<string> listed)
    {
        var all = entries.ToList();
        listed = [.. all.Select(entry => entry.Raw)];
        var variables = new Dictionary<string, string> { ["GIT_INDEX_FILE"] = scratch.WithIndex(out _)["GIT_INDEX_FILE"] };
        var lines = RawPath.List(all.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Mode} {entry.Hash}\t{entry.Raw}")));
        git.Run(In(checkout, "update-index", "-z", "--index-info") with { Variables = variables, Scratch = [scratch.Folder], Input = lines, Settings = ["core.splitIndex=false"] }).Require("comparing files");
        return variables;
    }

    // What would be written without a filter that it needs is not written at all.
    private GitAnswer? Hindered(BranchCheckout checkout, string from, string to) =>
        filtered.InTheWay(checkout.Entry, checkout.Directory, to, () => RawPath.Members(git.Run(In(checkout, "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=d", from, to)).Require("comparing two commits"))) is { } why
            ? new GitAnswer(1, [], why)
            : null;

    private GitAnswer Run(params string[] arguments) => git.Run(git.At(arguments));

    private GitCall In(BranchCheckout checkout, params string[] arguments) => git.In(checkout.Entry, checkout.Directory, arguments);
}
