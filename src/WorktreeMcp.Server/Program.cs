using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.Server.CommandLine;
using WorktreeMcp.Server.CommandLine.Verbs;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.Server.Mcp.Stdio;

namespace WorktreeMcp.Server;

/// <summary>The executable <c>worktree-mcp</c>.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (OperatingSystem.IsWindows())
        {
#pragma warning disable RS0030 // Nothing else of ours works there.
            await Console.Error.WriteLineAsync("worktree-mcp: runs on Linux and macOS; on Windows start it inside WSL.");
#pragma warning restore RS0030
            return 1;
        }

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

        var shared = new VerbContext(StartContext.Current(), output, error) { Input = input, Typed = typed };
        return await new ProgramCommands(
            shared,
            (settings, cancel) => ServerProcess.Run(settings, error, cancel),
            verb => DemoVerb.Command(verb),
            verb => DoctorVerb.Command(verb),
            verb => GcVerb.Command(verb),
            verb => ReleaseVerb.Command(verb),
            verb => TaskVerb.Command(verb),
            verb => TrustVerb.Command(verb),
            verb => WebVerb.Command(verb)).Run(args);
    }
}
