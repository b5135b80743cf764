using System.Runtime.InteropServices;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>Finds a program by name.</summary>
internal static class ProgramPath
{
    private const int Execute = 1;
    private const string DefaultPath = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>
    /// The program's path. Entries of PATH that are not absolute are passed over: they would be read in the child's
    /// directory, where anyone who writes the files there would choose the program.
    /// </summary>
    internal static string Find(ChildSpec spec)
    {
        if (spec.FileName.Contains('/', StringComparison.Ordinal))
        {
            return spec.FileName;
        }

        var path = spec.Environment.TryGetValue("PATH", out var value) ? value : DefaultPath;
        foreach (var directory in path.Split(':'))
        {
            var candidate = $"{directory}/{spec.FileName}";
            if (directory.StartsWith('/') && Libc.Access(candidate, Execute) == 0 && !IsDirectory(candidate))
            {
                return candidate;
            }
        }

        throw new ChildStartException(
            ChildStartFault.Program, Errno.NoEntry, $"Cannot start '{spec.FileName}': no such program in PATH ({path}).");
    }

    /// <summary>Why the system refused to start it.</summary>
    internal static ChildStartException Explain(ChildSpec spec, int errno)
    {
        var words = Marshal.GetPInvokeErrorMessage(errno);
        if (errno is Errno.NoEntry or Errno.Access or Errno.NotDirectory && !IsDirectory(spec.WorkingDirectory))
        {
            return new ChildStartException(
                ChildStartFault.WorkingDirectory,
                errno,
                $"Cannot start '{spec.FileName}' in '{spec.WorkingDirectory}': that directory cannot be entered: {words} (errno {errno}).");
        }

        var fault = errno switch
        {
            Errno.NoEntry or Errno.Access or Errno.NotDirectory or Errno.NoExec => ChildStartFault.Program,
            Errno.TooLong => ChildStartFault.Arguments,
            _ => ChildStartFault.System,
        };
        return new ChildStartException(fault, errno, $"Cannot start '{spec.FileName}': {words} (errno {errno}).");
    }

    private static bool IsDirectory(string path) => Libc.Access($"{path}/.", Execute) == 0;
}
