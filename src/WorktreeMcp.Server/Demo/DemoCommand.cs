namespace WorktreeMcp.Server.Demo;

/// <summary>Shows the product in a throw-away repository.</summary>
public static class DemoCommand
{
    /// <summary>Runs the demo.</summary>
    /// <param name="options">What was asked for.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> Run(DemoOptions options)
    {
        await options.Error.WriteLineAsync("worktree-mcp: this build has no demo.");
        return 1;
    }
}
