using System.Text;
using WorktreeMcp.Domain.Platform.Processes;

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

    // What is only read is looked at rather than believed: where control files of the system can be written there is no sandbox.
    private const string Look = """
        for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sysrq-trigger /sys/fs/cgroup/cgroup.procs; do
            ! test -w $file || { echo "$file can be written inside" >&2; exit 1; }
        done
        while read -r name value; do
            test "$name" != Seccomp: || test "$value" = 2 || { echo "the kernel filters no system calls" >&2; exit 1; }
        done < /proc/self/status
        """;

    private string? _program;

    /// <summary>The words that start it with the filter of system calls.</summary>
    /// <param name="program">Its path.</param>
    internal static IReadOnlyList<string> Start(string program) => ["/bin/sh", "-c", "exec 9<\"$0\" \"$@\"", SystemCallFilter.Path ?? "/dev/null", program, "--seccomp", "9"];

    /// <summary>
    /// A list of processes of its own. Whoever is root owns the control files in it and needs no capability to write them, so for root it
    /// is only read.
    /// </summary>
    internal static IReadOnlyList<string> Processes => Environment.IsPrivilegedProcess ? ["--proc", "/proc", "--remount-ro", "/proc"] : ["--proc", "/proc"];

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

        if (SystemCallFilter.Path is null)
        {
            return (null, "there is no filter of system calls for this machine");
        }

        var words = new StringBuilder();
        try
        {
            var variables = environment.For(new Dictionary<string, string>(), string.Empty);
            var program = ProgramPath.Find(new ChildSpec("bwrap", [], "/", variables));
            IReadOnlyList<string> line = [.. Start(program), "--ro-bind", "/", "/", "--dev", "/dev", .. Processes, .. OpenedFolders.Closed, "/tmp", "--unshare-net", .. Confinement, "--", "/bin/sh", "-c", Look];
            var exit = ChildProcess.Run(
                new ChildSpec(line[0], [.. line.Skip(1)], "/", variables) { Timeout = TimeSpan.FromSeconds(20) },
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
