using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Setup;

namespace WorktreeMcp.Server.Trusting;

/// <summary>
/// Shows a person the commands that a repository wants to run in its worktrees, and remembers that these were approved.
/// What is approved is what was shown: it is read once.
/// </summary>
public static class TrustCommand
{
    /// <summary>Runs to its end.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="answer">Reads one line that a person types; null when nobody is there.</param>
    /// <returns>0 if they are approved, or taken back, or if there are none; else 1.</returns>
    public static async Task<int> Run(TrustOptions options, Func<string?> answer)
    {
        try
        {
            using var repository = Repository.Open(options.RepositoryPath);
            return options.Revoke ? await Revoke(repository, options) : await Approve(repository, options, answer);
        }
        catch (Refusal refusal)
        {
            await options.Error.WriteLineAsync($"worktree-mcp: {refusal.Message} {refusal.Hint}");
            return 1;
        }
    }

    private static async Task<int> Revoke(Repository repository, TrustOptions options)
    {
        var had = repository.Trust.Revoke();
        await options.Output.WriteLineAsync(had ? $"The approval for {repository.Place.Root} was taken back." : $"Nothing was approved for {repository.Place.Root}.");
        return 0;
    }

    private static async Task<int> Approve(Repository repository, TrustOptions options, Func<string?> answer)
    {
        var wanted = repository.Trust.Wanted();
        if (wanted.Unread is { } unread)
        {
            await options.Error.WriteLineAsync($"worktree-mcp: {unread}");
            return 1;
        }

        if (wanted.IsEmpty)
        {
            await options.Output.WriteLineAsync($"{repository.Place.Root} has no setup or teardown commands in .worktree-mcp.json.");
            return 0;
        }

        await options.Output.WriteLineAsync($"{repository.Place.Root} wants to run, as you:");
        await Show(options.Output, "in each new worktree", wanted.Setup);
        await Show(options.Output, "before a worktree is removed", wanted.Teardown);
        if (repository.Trust.IsApproved(wanted))
        {
            await options.Output.WriteLineAsync("They are approved as they stand. worktree-mcp trust --revoke takes that back.");
            return 0;
        }

        if (!options.Yes && !await Asked(options.Output, answer))
        {
            await options.Output.WriteLineAsync("They were not approved and will not run.");
            return 1;
        }

        repository.Trust.Approve(wanted);
        await options.Output.WriteLineAsync("Approved. Any change of them has to be approved again.");
        return 0;
    }

    private static async Task Show(TextWriter output, string when, IReadOnlyList<string> commands)
    {
        if (commands.Count > 0)
        {
            await output.WriteLineAsync($"  {when}:");
        }

        foreach (var command in commands)
        {
            await output.WriteLineAsync($"    $ {command.Replace("\n", "\n      ", StringComparison.Ordinal)}");
        }
    }

    private static async Task<bool> Asked(TextWriter output, Func<string?> answer)
    {
        await output.WriteAsync("Approve exactly these commands? [y/N] ");
        return answer()?.Trim().ToLowerInvariant() is "y" or "yes";
    }
}
