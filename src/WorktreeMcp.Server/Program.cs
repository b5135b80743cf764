using WorktreeMcp.Server.CommandLine;
using WorktreeMcp.Server.Demo;
using WorktreeMcp.Server.Doctor;
using WorktreeMcp.Server.Release;
using WorktreeMcp.Server.Gc;

namespace WorktreeMcp.Server;

/// <summary>The executable <c>worktree-mcp</c>.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
#pragma warning disable RS0030 // The one place that may touch the console: stdout is the protocol, so stray writes go to stderr.
        var error = Console.Error;
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        Console.SetOut(error);
        static StreamReader Input() => new(Console.OpenStandardInput());
#pragma warning restore RS0030

        // Tools block a pool thread while they wait for git or a lock; the pool alone adds two threads a second.
        ThreadPool.SetMinThreads(64, 64);

        return await new ProgramCommands(
            Serve: (settings, cancel) => ServerProcess.Run(settings, error, cancel),
            Demo: options => DemoCommand.Run(options),
            Doctor: options => DoctorCommand.Run(options),
            Release: options => ReleaseCommand.Run(options),
            Gc: options => GcCommand.Run(options, Input()),
            CommandEnvironment.Current(),
            output,
            error).Run(args);
    }
}
