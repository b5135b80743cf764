using System.CommandLine;
using WorktreeMcp.Server.Mcp;

namespace WorktreeMcp.Server.CommandLine;

/// <summary>The command line of <c>worktree-mcp</c>: the verbs that are handed in, and serving where none is named.</summary>
/// <param name="shared">What every verb has.</param>
/// <param name="serve">Serves MCP until the client leaves; returns the exit code.</param>
/// <param name="verbs">Makes each verb, in the order of the help.</param>
public sealed class ProgramCommands(VerbContext shared, Func<ServerSettings, CancellationToken, Task<int>> serve, params IReadOnlyList<Func<VerbContext, Command>> verbs)
{
    private const int UsageError = 2;

    /// <summary>Runs the command that the arguments name.</summary>
    /// <param name="arguments">The arguments of the command line.</param>
    /// <returns>The exit code: 0, or 2 for a faulty command line, or what the command returned.</returns>
    public async Task<int> Run(IReadOnlyList<string> arguments)
    {
        var parsed = Commands().Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var fault in parsed.Errors)
            {
                await shared.Error.WriteLineAsync($"worktree-mcp: {fault.Message}");
            }

            await shared.Error.WriteLineAsync("Run 'worktree-mcp --help' for the commands and options.");
            return UsageError;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = shared.Output,
            Error = shared.Error,
            // The host ends on signals by itself.
            ProcessTerminationTimeout = null,
        });
    }

    private async Task<int> Serve(ParseResult parsed, CancellationToken cancel)
    {
        var settings = shared.Settings(parsed);
        if (settings.Tools is { } tools && ToolSet.FaultOf(tools) is { } fault)
        {
            await shared.Error.WriteLineAsync($"worktree-mcp: --tools: {fault}");
            return UsageError;
        }

        return await serve(settings, cancel);
    }

    private RootCommand Commands()
    {
        var served = new Command("serve", "Serve MCP on stdin and stdout. This is the default.");
        served.SetAction(Serve);
        var root = new RootCommand("A task board and git worktrees for several coding agents, served over MCP.")
        {
            shared.Repository, shared.Agent, shared.NoRun, shared.Sandbox, shared.Tools, served,
        };
        foreach (var verb in verbs)
        {
            root.Add(verb(shared));
        }

        root.SetAction(Serve);
        return root;
    }
}
