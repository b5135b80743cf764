using System.Diagnostics;

namespace WorktreeMcp.TestKit;

/// <summary>Whether this machine can make the sandbox.</summary>
public static class Sandboxes
{
    private static readonly Lazy<string?> Problem = new(Look);

    /// <summary>Why it cannot, for a test that has to be skipped; null when it can.</summary>
    /// <exception cref="InvalidOperationException">In CI, where bubblewrap is there and namespaces are allowed: then it has to work.</exception>
    public static string? Missing => Problem.Value;

    private static string? Look()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "the sandbox needs Linux";
        }

        var (exit, words) = Try("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid", "--unshare-net", "true");
        if (exit == 0)
        {
            return null;
        }

        var isCi = Environment.GetEnvironmentVariable("CI") == "true";
        return exit is not null && isCi && Try("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "true").Exit == 0
            ? throw new InvalidOperationException($"bubblewrap is installed and user namespaces work, but it made no sandbox: {words}")
            : $"bubblewrap does not work here: {words}";
    }

    private static (int? Exit, string Words) Try(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var words = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, words.Trim());
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            return (null, fault.Message);
        }
    }
}
