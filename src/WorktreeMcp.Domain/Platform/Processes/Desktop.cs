using System.Text;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>Hands something to the desktop of the person at this machine.</summary>
public static class Desktop
{
    // What it starts may be the browser itself, which outlives us and must not hold our streams; one word says that it began.
    private const string Script = "\"$0\" \"$1\" >/dev/null 2>&1 </dev/null & echo begun";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Opens a file with the program that the person has set for it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="environment">The environment of this process.</param>
    /// <returns>False where there is no desktop, or it could not be asked.</returns>
    public static bool TryOpen(string path, IReadOnlyDictionary<string, string> environment)
    {
        if (!OperatingSystem.IsMacOS() && !IsSet("DISPLAY") && !IsSet("WAYLAND_DISPLAY"))
        {
            return false;
        }

        try
        {
            var opener = OperatingSystem.IsMacOS() ? "open" : "xdg-open";
            var spec = new ChildSpec("/bin/sh", ["-c", Script, opener, path], "/", environment);
            return DetachedChild.Start(spec, Patience).Line is { } line && Encoding.UTF8.GetString(line).StartsWith("begun", StringComparison.Ordinal);
        }
        catch (ChildStartException)
        {
            return false;
        }

        bool IsSet(string name) => environment.GetValueOrDefault(name) is { Length: > 0 };
    }
}
