using System.Runtime.InteropServices;

namespace WorktreeMcp.Bench;

/// <summary>The server as it can be published, made from copies of the sources, so that nothing of the working tree is touched.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Program">What is started.</param>
internal sealed record PublishedForm(string Name, string Program)
{
    private static readonly string[] Shared = ["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "BannedSymbols.txt"];

    /// <summary>One program, compiled ahead, with its own runtime: what <c>dotnet publish</c> makes; null where the sources are not at hand.</summary>
    internal static PublishedForm? OneProgram(string folder) =>
        Sources.Folder is null ? null : new PublishedForm("ReadyToRun, one program", Path.Join(Publish(Path.Join(folder, "one-program")), "worktree-mcp"));

    /// <summary>Compiled ahead, for the runtime that is installed.</summary>
    internal static PublishedForm? OnInstalledRuntime(string folder) =>
        Sources.Folder is null ? null : new PublishedForm("ReadyToRun, installed runtime", Path.Join(Publish(Path.Join(folder, "installed-runtime"), "-p:SelfContained=false"), "worktree-mcp.dll"));

    /// <summary>One native program; built on an older framework where the newest one's runtime pack cannot be had, and null with the reason where neither can.</summary>
    internal static PublishedForm? Native(string folder, Report report)
    {
        foreach (var framework in Sources.Folder is null ? [] : new[] { "net10.0", "net9.0" })
        {
            try
            {
                var output = Publish(Path.Join(folder, $"native-{framework}"), "-r", RuntimeInformation.RuntimeIdentifier, "-p:PublishAot=true", $"-p:BaseFramework={framework}");
                return new PublishedForm($"NativeAOT ({framework})", Path.Join(output, "worktree-mcp"));
            }
            catch (InvalidOperationException fault)
            {
                var reason = fault.Message.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal)) ?? fault.Message;
                report.Note($"A NativeAOT build on {framework} cannot be made here: {reason[Math.Max(0, reason.IndexOf("error", StringComparison.Ordinal))..].Trim()}");
            }
        }

        return null;
    }

    private static string Publish(string folder, params string[] more)
    {
        var copy = Directory.CreateDirectory(Path.Join(folder, "sources")).FullName;
        foreach (var file in Shared)
        {
            File.Copy(Path.Join(Sources.Folder, file), Path.Join(copy, file));
        }

        Copy(Path.Join(Sources.Folder, "src"), Path.Join(copy, "src"));
        var output = Path.Join(folder, "published");
        Commands.Output(
            "dotnet", copy, ["publish", "src/WorktreeMcp.Server", "-c", "Release", "-p:RunAnalyzers=false", "-p:RestoreLockedMode=false", "-o", output, "--nologo", "-v", "q", .. more]);
        return output;
    }

    // Without the lock files: they are for the portable build, and a runtime adds packages.
    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from).Where(f => Path.GetFileName(f) != "packages.lock.json"))
        {
            File.Copy(file, Path.Join(to, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(from).Where(d => Path.GetFileName(d) is not ("bin" or "obj")))
        {
            Copy(folder, Path.Join(to, Path.GetFileName(folder)));
        }
    }
}
