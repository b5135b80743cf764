using System.Diagnostics;

namespace WorktreeMcp.TestKit;

/// <summary>
/// Writes programs that are started at once. Another process writes them: a child that some other test begins at this moment
/// would inherit this process's open file for an instant, and the kernel starts no program that is open for writing.
/// </summary>
public static class Programs
{
    /// <summary>Whether programs are found on the path.</summary>
    /// <param name="names">Their names.</param>
    /// <returns>True if all are.</returns>
    public static bool AreThere(params string[] names) =>
        names.All(name => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Any(folder => File.Exists(Path.Join(folder, name))));

    /// <summary>Writes one, unless it is there with the same text.</summary>
    /// <param name="path">Where; its folder exists.</param>
    /// <param name="text">The script.</param>
    public static void Write(string path, string text)
    {
        if (File.Exists(path) && File.ReadAllText(path) == text)
        {
            return;
        }

        var start = new ProcessStartInfo("/bin/sh", ["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh", path]) { RedirectStandardInput = true };
        using var writer = Process.Start(start)!;
        writer.StandardInput.Write(text);
        writer.StandardInput.Close();
        writer.WaitForExit();
        if (writer.ExitCode != 0)
        {
            throw new IOException($"{path} could not be written.");
        }
    }
}
