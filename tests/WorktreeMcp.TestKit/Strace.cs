using System.Diagnostics;

namespace WorktreeMcp.TestKit;

/// <summary>The program that watches system calls and makes them fail.</summary>
public static class Strace
{
    /// <summary>Why it cannot be used here; null when it can.</summary>
    public static string? Refusal { get; } = Try();

    private static string? Try()
    {
        try
        {
            using var strace = Process.Start(new ProcessStartInfo("strace", ["-f", "-o", "/dev/null", "-e", "inject=brk:signal=KILL:when=1", "true"]) { RedirectStandardError = true })!;
            var words = strace.StandardError.ReadToEnd();
            strace.WaitForExit();
            return strace.ExitCode is 137 ? null : $"strace cannot interfere with a program here: exit code {strace.ExitCode}, {words.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            return $"strace cannot be started: {fault.Message}";
        }
    }
}
