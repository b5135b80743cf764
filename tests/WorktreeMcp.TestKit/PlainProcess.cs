using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace WorktreeMcp.TestKit;

/// <summary>
/// Lets a test run as somebody whom the modes of files hold back: the super user reads and writes everything. Where tests run as
/// that one, such a test runs once more in a process of its own that has given this up.
/// </summary>
public static class PlainProcess
{
    private const string Marker = "WORKTREEMCP_TEST_PLAIN_USER";

    private static readonly string[] GiveUp = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown", "--inh-caps=-all"];

    private static readonly Lazy<string?> Problem = new(Look);

    /// <summary>Why no test can run so here, for one that has to be skipped; null when it can.</summary>
    /// <exception cref="InvalidOperationException">In CI, where it has to work.</exception>
    public static string? Missing => Problem.Value;

    private static bool IsHere => !Environment.IsPrivilegedProcess || Environment.GetEnvironmentVariable(Marker) == "1";

    /// <summary>Begins a test that needs it: where this says yes it has run, and passed, in another process.</summary>
    /// <param name="tests">The class of the test.</param>
    /// <param name="method">The test.</param>
    /// <returns>False where it is to go on here.</returns>
    public static bool HasRun(Type tests, [CallerMemberName] string method = "")
    {
        if (IsHere)
        {
            return false;
        }

        var start = new ProcessStartInfo(GiveUp[0], [.. GiveUp[1..], "dotnet", tests.Assembly.Location, "-method", $"{tests.FullName}.{method}", "-noColor"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Marker] = "1";
        using var run = Process.Start(start)!;
        run.StandardInput.Close();
        var error = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        return run.ExitCode == 0 && !output.Contains("Total: 0", StringComparison.Ordinal) ? true : throw new InvalidOperationException($"As a plain user: {output}\n{error.Result}");
    }

    private static string? Look()
    {
        if (IsHere || GivesUp())
        {
            return null;
        }

        return Environment.GetEnvironmentVariable("CI") == "true"
            ? throw new InvalidOperationException("setpriv gives up no right here, so tests that need a plain user cannot run.")
            : "setpriv gives up no right here";
    }

    private static bool GivesUp()
    {
        var probe = Directory.CreateTempSubdirectory("wtmcp-plain-").FullName;
        try
        {
            File.SetUnixFileMode(probe, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            using var touch = Process.Start(new ProcessStartInfo(GiveUp[0], [.. GiveUp[1..], "touch", Path.Join(probe, "x")]) { RedirectStandardError = true })!;
            touch.WaitForExit();
            return touch.ExitCode != 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
        finally
        {
            Directory.Delete(probe, recursive: true);
        }
    }
}
