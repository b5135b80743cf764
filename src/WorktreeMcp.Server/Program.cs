using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Server.CommandLine;
using WorktreeMcp.Server.Demo;
using WorktreeMcp.Server.Doctor;
using WorktreeMcp.Server.Release;
using WorktreeMcp.Server.Gc;
using WorktreeMcp.Server.Stdio;
using WorktreeMcp.Server.Trusting;

namespace WorktreeMcp.Server;

/// <summary>The executable <c>worktree-mcp</c>.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        FileSizeLimit.MakeItAnError();
        if (OpenFilesLimit.Problem is { } tooFew)
        {
            await StandardStreams.TellError(tooFew);
            return 1;
        }

        if (args is [OwnProgram.Supervise])
        {
            using var order = StandardStreams.Input();
            using var answer = StandardStreams.Output();
            return await Supervision.Run(order, answer);
        }

#pragma warning disable RS0030 // The one place that may touch the console: stdout is the protocol, so stray writes go to stderr.
        var error = StandardStreams.HasError ? Console.Error : TextWriter.Null;
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        Console.SetOut(error);
        Func<TextReader> input = () => Console.In;
        Func<string?> typed = () => Console.IsInputRedirected ? null : Console.ReadLine();
#pragma warning restore RS0030

        // Tools block a pool thread while they wait for git or a lock; the pool alone adds two threads a second.
        ThreadPool.SetMinThreads(64, 64);

        return await new ProgramCommands(
            Serve: (settings, cancel) => ServerProcess.Run(settings, error, cancel),
            Demo: options => DemoCommand.Run(options),
            Doctor: options => DoctorCommand.Run(options),
            Release: options => ReleaseCommand.Run(options),
            Gc: options => GcCommand.Run(options, input()),
            Trust: options => TrustCommand.Run(options, typed),
            CommandEnvironment.Current(),
            output,
            error).Run(args);
    }
}
