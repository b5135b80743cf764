using System.Diagnostics;

namespace WorktreeMcp.TestKit;

/// <summary>
/// Users of a machine beside this one, for what root never meets: files of others that cannot be written. A process of root
/// becomes one of them; where that cannot be done, tests that need it say so.
/// </summary>
public static class OtherUsers
{
    /// <summary>Why a test cannot be run.</summary>
    public const string Reason = "Only root, with setpriv, can become another user.";

    private static readonly Lazy<bool> Works = new(() => Environment.IsPrivilegedProcess && Runs(Command("true")));

    /// <summary>Whether a process can be started as another user here.</summary>
    public static bool CanBecome => Works.Value;

    /// <summary>A command as that user.</summary>
    /// <param name="words">The program and its arguments.</param>
    /// <returns>The command to start.</returns>
    public static IReadOnlyList<string> Command(params string[] words) => As(1, words);

    /// <summary>A command as one of several users, all of one group.</summary>
    /// <param name="number">Which.</param>
    /// <param name="words">The program and its arguments.</param>
    /// <returns>The command to start.</returns>
    public static IReadOnlyList<string> As(int number, params string[] words) =>
        ["setpriv", $"--reuid={First + number}", $"--regid={Group}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", .. words];

    /// <summary>The number of such a user.</summary>
    public static int Id(int number) => First + number;

    /// <summary>The group of all of them.</summary>
    public const int Group = 54_300;

    private const int First = 54_300;

    private static bool Runs(IReadOnlyList<string> command)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
