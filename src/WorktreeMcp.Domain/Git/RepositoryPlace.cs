using System.IO.Abstractions;

namespace WorktreeMcp.Domain.Git;

/// <summary>Where a repository lies, as real paths.</summary>
/// <param name="Root">Top level of the main checkout.</param>
/// <param name="CommonDirectory">The git directory that all worktrees share.</param>
public sealed record RepositoryPlace(string Root, string CommonDirectory)
{
    private const int Sha1Digits = 40;
    private const int Sha256Digits = 64;

    /// <summary>How many hex digits its object ids have.</summary>
    internal int ObjectIdLength { get; init; } = Sha1Digits;

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
        var (common, own) = (lines[0], lines[1]);
        var digits = lines.Length > 3 && lines[3] == "sha256" ? Sha256Digits : Sha1Digits;
        if (lines[2] == "true" || AskGit(git, common, $"--git-dir={common}", "config", "--type=bool", "core.bare").Text == "true")
        {
            throw new Refusal(
                RefusalCode.NotARepository,
                $"{common} is a bare repository: it has no main checkout that a board could belong to.",
                "Start the server in a clone that has files, or pass one with --repo.");
        }

        if (files.Directory.Exists(System.IO.Path.Join(common, "reftable")))
        {
            throw new Refusal(
                RefusalCode.NotARepository,
                $"{common} keeps its refs as reftable. worktree-mcp reads HEADs and reflogs from files, so it could not tell there what a worktree holds.",
                "Work in a clone made with git clone --ref-format=files; or a person converts this one, when it has no other worktrees, with git refs migrate --ref-format=files.");
        }

        var top = AdminEntry.SamePath(common, own)
            ? AskGit(git, start, "rev-parse", "--path-format=absolute", "--show-toplevel")
            : AskGit(git, common, $"--git-dir={common}", "config", "core.worktree");
        if (top.Succeeded && top.Text.Length > 0)
        {
            return new RepositoryPlace(System.IO.Path.GetFullPath(top.Text, common), common) { ObjectIdLength = digits };
        }

        return System.IO.Path.GetFileName(common) == ".git"
            ? new RepositoryPlace(System.IO.Path.GetDirectoryName(common)!, common) { ObjectIdLength = digits }
            : new RepositoryPlace(MainCheckoutAround(git, start, common), common) { ObjectIdLength = digits };
    }

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
        catch (Refusal refusal) when (refusal.InnerException is Processes.ChildStartException { Fault: Processes.ChildStartFault.WorkingDirectory })
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
