using System.Runtime.InteropServices;
using System.Text;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Git;

/// <summary>One call of git.</summary>
/// <param name="Arguments">Subcommand and what follows it; user values only behind <c>--end-of-options</c> or as hashes.</param>
internal sealed record GitCall(params IReadOnlyList<string> Arguments)
{
    /// <summary>The variable that every git has that only looks and is soon gone: it stands in nobody's way.</summary>
    internal const string LookName = "WORKTREEMCP_LOOK";

    /// <summary>Where git runs.</summary>
    internal required string Directory { get; init; }

    /// <summary>The git directory, stated so that no <c>.git</c> file inside a worktree is believed.</summary>
    internal string? GitDirectory { get; init; }

    /// <summary>The directory of files that belongs to <see cref="GitDirectory"/>.</summary>
    internal string? WorkTree { get; init; }

    /// <summary>Locks that guard what this call writes; git keeps them if the server is killed. None for a read.</summary>
    internal IReadOnlyList<SafeHandle> Guards { get; init; } = [];

    /// <summary>What to put before git when it only reads, such as a sandbox; it is told which folders git writes to all the same.</summary>
    internal Func<IReadOnlyList<string>, IReadOnlyList<string>>? Confine { get; init; }

    /// <summary>Folders of ours that git writes to although it only reads what it looks at.</summary>
    internal IReadOnlyList<string> Scratch { get; init; } = [];

    /// <summary>Settings for this call only, as key=value.</summary>
    internal IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>The same with keys that may hold anything; they go to git as variables, where <c>=</c> ends no key.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Overrides { get; init; } = [];

    /// <summary>Variables for this call only.</summary>
    internal IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Why git must not be started for it at all; null when it may be.</summary>
    internal string? Forbidden { get; init; }

    /// <summary>What git reads.</summary>
    internal ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>Whether it gives way to whatever else the machine has to do.</summary>
    internal bool LowPriority { get; init; }

    /// <summary>Ends it.</summary>
    internal CancellationToken Cancel { get; init; }

    /// <summary>How long it may take.</summary>
    internal TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>What git answered.</summary>
/// <param name="ExitCode">Its exit code; null when it was killed.</param>
/// <param name="Output">Its output as bytes; paths need not be UTF-8.</param>
/// <param name="Error">Its own words.</param>
internal sealed record GitAnswer(int? ExitCode, byte[] Output, string Error)
{
    /// <summary>The answer where there was nothing to do.</summary>
    internal static GitAnswer Done { get; } = new(0, [], string.Empty);

    internal bool Succeeded => ExitCode == 0;

    /// <summary>The output without its last newline.</summary>
    internal string Text => Encoding.UTF8.GetString(Output).TrimEnd('\n');

    /// <summary>The members of an output made with <c>-z</c>.</summary>
    internal string[] Members => Encoding.UTF8.GetString(Output).Split('\0', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>git's own words in one line, without its advice to people.</summary>
    internal string ErrorInOneLine => string.Join("; ", Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Where(line => !line.StartsWith("hint:", StringComparison.Ordinal))
        .Select(line => LineStarts.Where(start => line.StartsWith(start, StringComparison.Ordinal)).Select(start => line[start.Length..]).FirstOrDefault(line)));

    private static readonly string[] LineStarts = ["error: ", "fatal: ", "warning: "];

    /// <summary>Refuses with git's own words unless it succeeded.</summary>
    /// <param name="doing">What was being done.</param>
    /// <returns>This answer.</returns>
    internal GitAnswer Require(string doing) => Succeeded
        ? this
        : throw new Refusal(
            RefusalCode.GitFailed,
            $"git failed while {doing}: {(Error.Length > 0 ? Error : $"exit code {ExitCode}")}",
            PartialClone.IsMissing(Error)
                ? "This is a partial clone, and content that it has not fetched is needed. A person fetches it by asking git for the same in the main checkout, or for all with git fetch --refetch --no-filter; then repeat the call."
                : (Advice)$"{(ExitCode is not null && Error.Length > 0 ? "Read git's words above; run" : "Run")} {Step.ListWorktrees} to see how things stand, then repeat the call.",
            new NextStep.ListWorktrees());
}
