using WorktreeMcp.Domain.Worktrees.Runs;

namespace WorktreeMcp.Server;

/// <summary>How this program starts itself in another mode.</summary>
internal static class OwnProgram
{
    /// <summary>The word that makes it a supervisor.</summary>
    internal const string Supervise = "supervise";

    private const string Name = "worktree-mcp";

    /// <summary>The supervisor of background commands; null where the program cannot be found again.</summary>
    internal static SupervisorProgram? Supervisor { get; } = Find();

    private static SupervisorProgram? Find()
    {
        var own = Environment.ProcessPath;
        if (Path.GetFileNameWithoutExtension(own) == Name)
        {
            return new SupervisorProgram(own!, [Supervise]);
        }

        // Started as `dotnet worktree-mcp.dll`, or hosted by another program that has us beside it.
        var assembly = Path.Join(AppContext.BaseDirectory, Name + ".dll");
        return !Path.Exists(assembly) ? null
            : new SupervisorProgram(Path.GetFileNameWithoutExtension(own) == "dotnet" ? own! : "dotnet", [assembly, Supervise]);
    }
}
