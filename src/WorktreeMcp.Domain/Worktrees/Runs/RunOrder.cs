using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>A command that is to run in a worktree.</summary>
/// <param name="Name">The worktree.</param>
/// <param name="Command">The command.</param>
/// <param name="Timeout">When it is ended with all it started.</param>
/// <param name="By">Who wants it.</param>
public sealed record RunOrder(string Name, string Command, TimeSpan Timeout, string By)
{
    private const int MostCommand = 32_000;

    /// <summary>What it is for: "command" when somebody asked for it, else such as "setup".</summary>
    public string Kind { get; init; } = BegunRun.Asked;

    /// <summary>The run's id.</summary>
    public string RunId { get; init; } = ShellCommand.NewId();

    /// <summary>Refuses a command that cannot be one.</summary>
    internal void Check()
    {
        if (string.IsNullOrWhiteSpace(Command) || Command.Length > MostCommand || Command.Contains('\0', StringComparison.Ordinal))
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"command is empty, holds a NUL, or is longer than {MostCommand} characters.", "Give one shell command; put a long one into a script in the worktree and run that.");
        }
    }

    internal JsonObject ToJson() => new()
    {
        ["run_id"] = RunId,
        ["name"] = Name,
        ["command"] = Command,
        ["kind"] = Kind,
        ["by"] = By,
        ["timeout_seconds"] = Timeout.TotalSeconds,
    };

    internal static RunOrder? From(JsonObject? json) =>
        json?["run_id"].Text() is { } id && RunFolders.IsId(id) && json["name"].Text() is { } name && json["command"].Text() is { } command && json["by"].Text() is { } by && json["timeout_seconds"].Number() is { } seconds
            ? new RunOrder(name, command, TimeSpan.FromSeconds(seconds), by) { RunId = id, Kind = json["kind"].TextOrNull() ?? BegunRun.Asked }
            : null;
}
