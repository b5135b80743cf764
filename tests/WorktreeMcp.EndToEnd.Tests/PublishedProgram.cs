using System.Diagnostics;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>
/// The program as publishing makes it, once for a run of the tests: what a variable names, as where it is published anyway, or one that
/// leans on the installed runtime, which takes seconds.
/// </summary>
internal static class PublishedProgram
{
    /// <summary>Names a folder into which the program was published.</summary>
    private const string Variable = "WORKTREEMCP_PUBLISHED";

    private static readonly Lazy<Task<string>> Made = new(Publish);

    /// <summary>The program's path.</summary>
    public static Task<string> Path => Made.Value;

    /// <summary>Where a program that leans on the installed runtime finds that, wherever it lies.</summary>
    public static string RuntimeFolder { get; } = System.IO.Path.GetFullPath("../../..", System.IO.Path.GetDirectoryName(typeof(object).Assembly.Location)!);

    private static async Task<string> Publish()
    {
        var folder = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(folder))
        {
            // Kept, so that the next run finds it up to date.
            folder = SourceTree.PathOf("src", "WorktreeMcp.Server", "obj", "published-for-tests");
            await Run("publish", SourceTree.PathOf("src", "WorktreeMcp.Server"), "-c", "Release", "-o", folder, "-p:SelfContained=false", "-p:PublishReadyToRun=false", "--nologo", "-v", "quiet");
        }

        var program = System.IO.Path.Join(folder, "worktree-mcp");
        File.Exists(program).Should().BeTrue($"publishing makes {program}");
        return program;
    }

    private static async Task Run(params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", words) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using var publish = Process.Start(start)!;
        publish.StandardInput.Close();
        var error = publish.StandardError.ReadToEndAsync();
        var output = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        publish.ExitCode.Should().Be(0, $"dotnet {string.Join(' ', words)} wrote {output}{await error}");
    }
}
