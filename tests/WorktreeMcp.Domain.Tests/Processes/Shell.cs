using System.Text;
using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Domain.Tests.Processes;

/// <summary>Runs scripts through <see cref="ChildProcess"/> and looks at what they leave in /proc.</summary>
internal static class Shell
{
    internal static readonly IReadOnlyDictionary<string, string> Variables =
        new Dictionary<string, string> { ["PATH"] = "/usr/local/bin:/usr/bin:/bin" };

    internal static ChildSpec Spec(string script) => new("/bin/sh", ["-c", script], Path.GetTempPath(), Variables);

    internal static ChildSpec MarkedSpec(string script, out string marker)
    {
        var value = Guid.NewGuid().ToString("N");
        marker = $"TEST_MARKER={value}";
        return Spec(script) with
        {
            Environment = new Dictionary<string, string>(Variables) { ["TEST_MARKER"] = value },
            Marker = marker,
            EndSessionAfterExit = true,
        };
    }

    internal static (ChildExit Exit, string Output, string Error) Run(ChildSpec spec, CancellationToken cancel = default)
    {
        var output = new MemoryStream();
        var error = new MemoryStream();
        var exit = ChildProcess.Run(
            spec, (stream, bytes) => (stream == ChildStream.Output ? output : error).Write(bytes), cancel);
        return (exit, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()));
    }

    /// <summary>Every process that has the variable in its environment and still runs.</summary>
    internal static IReadOnlyList<int> Carrying(string variable)
        => [.. Directory.EnumerateDirectories("/proc")
            .Where(path => int.TryParse(Path.GetFileName(path), out _) && Read($"{path}/environ").Split('\0').Contains(variable))
            .Select(path => int.Parse(Path.GetFileName(path), null))];

    internal static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
