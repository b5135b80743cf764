namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>Signal numbers and their names on this system.</summary>
internal static class Signals
{
    internal const int Kill = 9;
    internal const int Terminate = 15;

    internal static readonly int Continue = OperatingSystem.IsMacOS() ? 19 : 18;
    internal static readonly int Child = OperatingSystem.IsMacOS() ? 20 : 17;

    private static readonly string[] Linux =
        ("HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT " +
         "CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS").Split(' ');

    private static readonly string[] MacOs =
        ("HUP INT QUIT ILL TRAP ABRT EMT FPE KILL BUS SEGV SYS PIPE ALRM TERM URG " +
         "STOP TSTP CONT CHLD TTIN TTOU IO XCPU XFSZ VTALRM PROF WINCH INFO USR1 USR2").Split(' ');

    /// <summary>The name, such as SIGKILL; a real-time signal has its number only.</summary>
    internal static string NameOf(int signal)
    {
        var names = OperatingSystem.IsMacOS() ? MacOs : Linux;
        return signal >= 1 && signal <= names.Length ? $"SIG{names[signal - 1]}" : $"signal {signal}";
    }
}
