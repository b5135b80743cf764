using System.Diagnostics;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>How a program ended and what it wrote.</summary>
internal sealed record Ended(int Code, string Output, string Error)
{
    public override string ToString() => $"exit code {Code}\n{Output}\n{Error}";
}

/// <summary>Runs a program to its end, within a limit.</summary>
internal static class ChildProgram
{
    public static async Task<Ended> Run(
        string program, IEnumerable<string> arguments, string directory, IReadOnlyDictionary<string, string?>? environment = null, TimeSpan? limit = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(90));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return new Ended(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end in time.");
        }
    }
}
