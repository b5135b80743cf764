using WorktreeMcp.Server.Demo;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>Shows the product: agents, each with a server of its own, at work on one throw-away repository.</summary>
public static class DemoVerb
{
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
