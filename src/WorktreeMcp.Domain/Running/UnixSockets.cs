using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Running;

/// <summary>Sockets in files that processes of this machine's own network space have bound now. A read-only mount keeps nobody from connecting to one.</summary>
internal static class UnixSockets
{
    private const string List = "/proc/net/unix";
    private const int PathColumn = 7;

    /// <summary>Their real paths; those that were bound by a relative name are not told where.</summary>
    /// <param name="matters">Whether a path matters, as it was given.</param>
    internal static IReadOnlyList<string> Bound(Func<string, bool> matters)
    {
        try
        {
            return RealPaths.OfAll(PlainFile.Lines(List, followed: true).Skip(1).Select(Path).OfType<string>().Where(matters).Distinct(), null);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // Seven columns, then the path as it was given, which may hold blanks.
    private static string? Path(string line)
    {
        var at = 0;
        for (var column = 0; column < PathColumn; column++)
        {
            while (at < line.Length && line[at] == ' ')
            {
                at++;
            }

            at = line.IndexOf(' ', at);
            if (at < 0)
            {
                return null;
            }
        }

        var path = line[(at + 1)..];
        return path.StartsWith('/') ? path : null;
    }
}
