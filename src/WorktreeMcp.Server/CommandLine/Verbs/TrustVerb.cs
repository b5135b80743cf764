using System.CommandLine;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Setup;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>What <c>trust</c> was asked for.</summary>
/// <param name="RepositoryPath">A directory in the repository.</param>
/// <param name="Yes">Whether to approve without asking.</param>
/// <param name="Revoke">Whether to take an approval back.</param>
/// <param name="Output">Where the commands are shown.</param>
/// <param name="Error">Where refusals go.</param>
public sealed record TrustOptions(string RepositoryPath, bool Yes, bool Revoke, TextWriter Output, TextWriter Error);

/// <summary>
/// Shows a person what a repository asks for, commands to run in its worktrees and settings that open something, and remembers that this was approved.
/// What is approved is what was shown: it is read once.
/// </summary>
public static class TrustVerb
{
    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <param name="run">What it does; itself if left out.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared, Func<TrustOptions, Task<int>>? run = null)
    {
        var yes = new Option<bool>("--yes") { Description = "Do it without asking, for scripts." };
        var revoke = new Option<bool>("--revoke") { Description = "Take an approval back." };
        var command = new Command("trust", "Show what .worktree-mcp.json asks for, setup and teardown commands and settings that open something, and approve exactly that. Exit code 0: approved, revoked or nothing; 1: not.") { yes, revoke };
        command.SetAction((parsed, _) =>
        {
            var options = new TrustOptions(shared.Settings(parsed).RepositoryPath, parsed.GetValue(yes), parsed.GetValue(revoke), shared.Output, shared.Error);
            return run is null ? Run(options, shared.Typed) : run(options);
        });
        return command;
    }

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
            await options.Error.WriteLineAsync($"worktree-mcp: {refusal.Message} {ToolWords.Of(refusal.Hint)}");
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

        if (wanted.Refused is { } refused)
        {
            await options.Error.WriteLineAsync($"worktree-mcp: {refused}. Nobody can approve that; take it out of the file.");
            return 1;
        }

        if (wanted.IsEmpty)
        {
            await options.Output.WriteLineAsync($"{repository.Place.Root} has no setup or teardown commands in .worktree-mcp.json, and opens nothing.");
            return 0;
        }

        await Show(options.Output, repository, wanted);
        if (repository.Trust.IsAllApproved(wanted))
        {
            await options.Output.WriteLineAsync("They are approved as they stand. worktree-mcp trust --revoke takes that back.");
            return 0;
        }

        if (!options.Yes && !await Asked(options.Output, answer))
        {
            await options.Output.WriteLineAsync("They were not approved: no command will run, and no setting counts.");
            return 1;
        }

        repository.Trust.Approve(wanted);
        await options.Output.WriteLineAsync("Approved. Any change of it has to be approved again.");
        return 0;
    }

    private static async Task Show(TextWriter output, Repository repository, SetupCommands wanted)
    {
        if (wanted.Setup.Count + wanted.Teardown.Count > 0)
        {
            await output.WriteLineAsync($"{repository.Place.Root} wants to run, as you:");
            await Show(output, "in each new worktree", wanted.Setup);
            await Show(output, "before a worktree is removed", wanted.Teardown);
        }

        if (wanted.Opens.Count > 0)
        {
            await output.WriteLineAsync($"{repository.Place.Root} wants to set:");
        }

        foreach (var one in wanted.Opens)
        {
            await output.WriteLineAsync($"    {one.Key}: {one.Value}    ({one.Opens})");
        }

        // What a person's own configuration rules out stays ruled out.
        foreach (var line in repository.Settings.Outdone)
        {
            await output.WriteLineAsync($"    {line}");
        }
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
        await output.WriteAsync("Approve exactly this? [y/N] ");
        return answer()?.Trim().ToLowerInvariant() is "y" or "yes";
    }
}
