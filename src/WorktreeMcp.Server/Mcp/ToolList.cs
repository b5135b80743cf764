using Microsoft.Extensions.DependencyInjection;
using WorktreeMcp.Server.Mcp.Prompts;
using WorktreeMcp.Server.Mcp.Resources;
using WorktreeMcp.Server.Mcp.Tools;

namespace WorktreeMcp.Server.Mcp;

/// <summary>The tools of the product, in the order in which clients see them.</summary>
public static class ToolList
{
    /// <summary>The names, in order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "task_create", "task_plan", "task_list", "task_get", "task_update", "task_bind_worktree",
        "worktree_create", "worktree_list", "worktree_status", "worktree_run", "worktree_keep", "worktree_remove", "worktree_events",
        "task_claim", "worktree_diff", "worktree_conflicts", "worktree_merge", "worktree_restore", "worktree_output", "worktree_stop", "board_show",
        "worktree_read", "worktree_edit",
    ];

    /// <summary>
    /// The set "core", for agents with a shell of their own: every tool that an answer may name as the next call, and what ends what they begin. Files,
    /// differences and lists are read without us (docs/decisions/0013).
    /// </summary>
    public static IReadOnlyList<string> Core { get; } =
    [
        "task_create", "task_plan", "task_get", "task_update", "worktree_create", "worktree_status", "worktree_run", "worktree_keep", "worktree_remove",
        "task_claim", "worktree_merge", "worktree_restore", "worktree_output", "worktree_stop", "board_show",
    ];

    /// <summary>Registers them and what they need.</summary>
    /// <param name="builder">The server.</param>
    public static void Register(IMcpServerBuilder builder)
    {
        builder.Services.AddSingleton<OpenRepository>().AddSingleton<CallNews>();
        builder.Services.AddHostedService<BackgroundSweep>();
        builder.WithWorktreeTools(Names, tools => tools.Add<TaskTools>().Add<WorktreeTools>().Add<RunTools>().Add<LandingTools>().Add<BoardTools>().Add<FileTools>());
        builder.WithBoardResources().WithPrompts<WorkPrompts>();
    }
}
