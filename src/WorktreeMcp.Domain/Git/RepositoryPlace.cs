using System.IO.Abstractions;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Git;

/// <summary>Where a repository lies, as real paths.</summary>
/// <param name="Root">Top level of the main checkout; where there is none, the folder around the git directory.</param>
/// <param name="CommonDirectory">The git directory that all worktrees share.</param>
/// <param name="IsBare">Whether there is no main checkout: all checkouts are linked ones, beside the git directory.</param>
public sealed record RepositoryPlace(string Root, string CommonDirectory, bool IsBare = false)
{
    private const int Sha1Digits = 40;
    private const int Sha256Digits = 64;

    /// <summary>How many hex digits its object ids have.</summary>
    internal int ObjectIdLength { get; init; } = Sha1Digits;

    /// <summary>What git is told where it would not find the repository from its top level by itself.</summary>
    internal string? GitDirectory => IsBare ? CommonDirectory : null;

    /// <summary>Finds the repository that a path is in, from anywhere inside it or inside a linked worktree.</summary>
    /// <param name="git">Starts git.</param>
    /// <param name="files">For a look at how it keeps its refs.</param>
    /// <param name="start">Any directory.</param>
    /// <returns>The main checkout's place, the same from everywhere.</returns>
    internal static RepositoryPlace Find(GitCommand git, IFileSystem files, string start)
    {
        if (!System.IO.Path.IsPathFullyQualified(start))
        {
            start = System.IO.Path.GetFullPath(start);
        }

        var answer = AskGit(git, start, "rev-parse", "--path-format=absolute", "--git-common-dir", "--git-dir", "--is-bare-repository", "--show-object-format");
        if (!answer.Succeeded)
        {
            throw NoRepository(start, answer.Error);
        }

        var lines = answer.Text.Split('\n');
        if (lines.Length < 3 || lines[2] is not ("true" or "false"))
        {
            throw BrokenPath(answer.Text);
        }

        var (common, own) = (lines[0], lines[1]);
        var digits = lines.Length > 3 && lines[3] == "sha256" ? Sha256Digits : Sha1Digits;
        var isBare = lines[2] == "true" || AskGit(git, common, $"--git-dir={common}", "config", "--type=bool", "core.bare").Text == "true";
        RefuseUnserved(common, isBare, files);
        if (isBare)
        {
            return new RepositoryPlace(System.IO.Path.GetDirectoryName(common)!, common, IsBare: true) { ObjectIdLength = digits };
        }

        var top = AdminEntry.SamePath(common, own)
            ? AskGit(git, start, "rev-parse", "--path-format=absolute", "--show-toplevel")
            : AskGit(git, common, $"--git-dir={common}", "config", "core.worktree");
        if (top.Succeeded && top.Text.Length > 0)
        {
            if (top.Text.Contains('\n', StringComparison.Ordinal))
            {
                throw BrokenPath(top.Text);
            }

            return new RepositoryPlace(System.IO.Path.GetFullPath(top.Text, common), common) { ObjectIdLength = digits };
        }

        return System.IO.Path.GetFileName(common) == ".git"
            ? new RepositoryPlace(System.IO.Path.GetDirectoryName(common)!, common) { ObjectIdLength = digits }
            : new RepositoryPlace(MainCheckoutAround(git, start, common), common) { ObjectIdLength = digits };
    }

    private static void RefuseUnserved(string common, bool isBare, IFileSystem files)
    {
        if (isBare && !IsBesideCheckouts(common, files))
        {
            throw new Refusal(
                RefusalCode.NotARepository,
                $"{common} is a bare repository: it has no main checkout that a board could belong to, and no folder of its own in which one could lie beside it.",
                $"Start the server in a clone that has files. Or give it a folder of its own: `git clone --bare {common} PROJECT/.bare`, then checkouts with `git -C PROJECT/.bare worktree add ../NAME BRANCH`, and start the server in one of these.");
        }

        if (files.Directory.Exists(System.IO.Path.Join(common, "reftable")))
        {
            throw new Refusal(
                RefusalCode.NotARepository,
                $"{common} keeps its refs as reftable. worktree-mcp reads HEADs and reflogs from files, so it could not tell there what a worktree holds.",
                "Work in a clone made with git clone --ref-format=files; or a person converts this one, when it has no other worktrees, with git refs migrate --ref-format=files.");
        }
    }

    /// <summary>The value of <c>core.sharedRepository</c>, which git reads from the repository's own file alone; null when it is not set.</summary>
    internal string? SharedRepository(GitCommand git)
    {
        // Nearly all have none, and then no process is needed to see that.
        var settings = System.IO.Path.Join(CommonDirectory, "config");
        if (PlainFile.TextIfThere(settings, FileLimits.GitSettings, followed: true)?.Contains("sharedrepository", StringComparison.OrdinalIgnoreCase) is not true)
        {
            return null;
        }

        var answer = AskGit(git, CommonDirectory, "config", "--file", settings, "--no-includes", "--get", "core.sharedRepository");
        return answer.Succeeded ? answer.Text : null;
    }

    // The layout of those who work in linked checkouts only: a folder that holds the git directory, hidden or named by a file, and the checkouts.
    private static bool IsBesideCheckouts(string common, IFileSystem files)
    {
        if (System.IO.Path.GetFileName(common).StartsWith('.'))
        {
            // Where git keeps an index there was a checkout: it was turned bare by mistake.
            return !files.File.Exists(System.IO.Path.Join(common, "index"));
        }

        const string Pointer = "gitdir:";
        var parent = System.IO.Path.GetDirectoryName(common);
        var pointer = System.IO.Path.Join(parent, ".git");
        return parent is not null && files.KindOf(pointer) == FileKind.Regular
            && PlainFile.TextIfThere(pointer, FileLimits.GitText)?.Trim() is { } words && words.StartsWith(Pointer, StringComparison.Ordinal)
            && AdminEntry.SamePath(System.IO.Path.GetFullPath(words[Pointer.Length..].Trim(), parent), common);
    }

    // git's pointers between a worktree and its record, and our own files, have a path a line.
    private static Refusal BrokenPath(string words) => new(
        RefusalCode.NotARepository,
        $"The path of this repository holds a line break: \"{VisibleText.Of(words.Length > 300 ? words[..300] : words)}\". The files by which git and worktree-mcp find a worktree hold a path on each line, so it cannot be served there.",
        "Rename the folder whose name holds the line break, then start the server again.");

    // git does not record where the main checkout of a separate git directory lies; one of our worktrees lies inside it.
    private static string MainCheckoutAround(GitCommand git, string start, string common)
    {
        var worktree = AskGit(git, start, "rev-parse", "--path-format=absolute", "--show-toplevel");
        if (worktree.Succeeded && System.IO.Path.GetDirectoryName(worktree.Text) is { } parent)
        {
            var around = AskGit(git, parent, "rev-parse", "--path-format=absolute", "--git-dir", "--show-toplevel");
            if (around.Succeeded && around.Text.Split('\n') is [var own, var top] && AdminEntry.SamePath(own, common))
            {
                return top;
            }
        }

        throw NoRepository(start, $"its git directory {common} does not say where the main checkout lies");
    }

    private static GitAnswer AskGit(GitCommand git, string directory, params string[] arguments)
    {
        try
        {
            return git.Run(new GitCall(arguments) { Directory = directory });
        }
        catch (Refusal refusal) when (refusal.InnerException is ChildStartException { Fault: ChildStartFault.WorkingDirectory })
        {
            throw NoRepository(directory, "that directory does not exist or cannot be entered");
        }
    }

    private static Refusal NoRepository(string start, string words) => new(
        RefusalCode.NotARepository,
        $"{start} is not inside a usable git repository: {OnOneLine(words)}",
        "Start the server inside a git repository, or name one with --repo PATH or WORKTREEMCP_REPO. A new one needs git init and a first commit.");

    // What git says about file system boundaries only confuses; the rest may hold the way out.
    private static string OnOneLine(string words) => string.Join(
        ' ', words.Split('\n').Select(line => line.Trim()).Where(line => !line.StartsWith("Stopping at filesystem boundary", StringComparison.Ordinal)));
}
