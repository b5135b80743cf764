using System.Text;
using WorktreeMcp.Domain.Processes;

namespace WorktreeMcp.Domain.Running;

/// <summary>The program that makes the sandbox, and whether it can make one on this machine: found out by making one.</summary>
/// <param name="environment">Where commands get their PATH from.</param>
internal sealed class Bubblewrap(CommandEnvironment environment)
{
    private const int MostWords = 300;

    /// <summary>
    /// Namespaces of its own, no capabilities, gone when the server is. No session of its own: the child has no terminal to
    /// inject keys into, and ends of runs go by the session.
    /// </summary>
    internal static readonly IReadOnlyList<string> Confinement =
        ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--cap-drop", "ALL"];

    private static readonly string[] Trial =
        ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--unshare-net", .. Confinement, "--", "/bin/sh", "-c", ":"];

    private string? _program;

    /// <summary>The program's path, or why there can be no sandbox.</summary>
    internal (string? Program, string? Problem) Find()
    {
        if (_program is { } known)
        {
            return (known, null);
        }

        if (!OperatingSystem.IsLinux())
        {
            return (null, "there is no sandbox on this system; it needs Linux");
        }

        var words = new StringBuilder();
        try
        {
            var variables = environment.For(new Dictionary<string, string>(), string.Empty);
            var program = ProgramPath.Find(new ChildSpec("bwrap", [], "/", variables));
            var exit = ChildProcess.Run(
                new ChildSpec(program, Trial, "/", variables) { Timeout = TimeSpan.FromSeconds(20) },
                (_, bytes) => words.Append(words.Length < MostWords ? Encoding.UTF8.GetString(bytes) : string.Empty),
                CancellationToken.None);
            if (exit.ExitCode == 0)
            {
                _program = program;
                return (program, null);
            }

            return (null, $"bubblewrap cannot make one here: {(words.Length > 0 ? words.ToString().Trim() : $"exit code {exit.ExitCode}")}");
        }
        catch (ChildStartException)
        {
            return (null, "bubblewrap (bwrap) is not installed");
        }
    }
}
