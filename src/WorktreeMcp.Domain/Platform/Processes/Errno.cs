namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>The error numbers this room tells apart.</summary>
internal static class Errno
{
    internal const int NoEntry = 2;
    internal const int Interrupted = 4;
    internal const int TooLong = 7;
    internal const int NoExec = 8;
    internal const int NoChild = 10;
    internal const int Access = 13;
    internal const int NotDirectory = 20;
    internal const int Invalid = 22;
    internal const int BrokenPipe = 32;

    internal static readonly int TryAgain = OperatingSystem.IsMacOS() ? 35 : 11;
}
