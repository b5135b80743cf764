using System.CommandLine;
using WorktreeMcp.Server.Demo;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>What the demo was asked for.</summary>
/// <param name="RepositoryPath">A repository to clone and play on, or null for a small one made for it.</param>
/// <param name="Keep">Whether the scratch folder stays for a look around.</param>
/// <param name="Team">Whether three agents land five tasks, instead of two at work side by side.</param>
/// <param name="Output">Where it tells its story.</param>
/// <param name="Error">Where it says what went wrong.</param>
public sealed record DemoOptions(string? RepositoryPath, bool Keep, bool Team, TextWriter Output, TextWriter Error);

/// <summary>Shows the product: agents, each with a server of its own, at work on one throw-away repository.</summary>
public static class DemoVerb
{
    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <param name="run">What it does; itself if left out.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared, Func<DemoOptions, Task<int>>? run = null)
    {
        var keep = new Option<bool>("--keep") { Description = "Leave the demo's scratch folder for a look around." };
        var team = new Option<bool>("--team") { Description = "Show three agents that plan, claim, collide and land five tasks." };
        var command = new Command("demo", "Show two agents at work in a throw-away repository; with --repo in a clone of that one.") { team, keep };
        command.SetAction((parsed, _) => (run ?? Run)(new DemoOptions(parsed.GetValue(shared.Repository), parsed.GetValue(keep), parsed.GetValue(team), shared.Output, shared.Error)));
        return command;
    }

    /// <summary>Plays the story and checks how it ends.</summary>
    /// <param name="options">What was asked for.</param>
    /// <returns>0 if everything held, else 1.</returns>
    public static async Task<int> Run(DemoOptions options)
    {
        try
        {
            using var scratch = DemoScratch.Make(options.RepositoryPath, options.Keep);
            await options.Output.WriteLineAsync($"A scratch repository{(options.RepositoryPath is null ? "" : $", cloned from {options.RepositoryPath},")} at {scratch.Root}");
            var failed = options.Team ? await new TeamStory(scratch, options.Output).Play() : await new DemoStory(scratch, options.Output).Play();
            if (options.Keep)
            {
                await options.Output.WriteLineAsync($"\nKept for a look around: {scratch.Root}");
            }

            if (failed == 0)
            {
                return 0;
            }

            await options.Error.WriteLineAsync($"worktree-mcp: {failed} of the demo's checks did not hold.");
        }
        catch (Exception fault)
        {
            await options.Error.WriteLineAsync($"worktree-mcp: the demo stopped: {fault.Message}");
        }

        return 1;
    }
}
