using System.Runtime.InteropServices;

namespace WorktreeMcp.Bench;

/// <summary>The server compiled ahead, from a copy of the sources, so that nothing of the working tree is touched.</summary>
internal static class ReadyToRun
{
    /// <summary>Publishes into a folder of the run; null where the sources are not at hand.</summary>
    internal static string? Publish(string folder)
    {
        if (Sources.Folder is not { } sources)
        {
            return null;
        }

        var copy = Directory.CreateDirectory(Path.Join(folder, "sources")).FullName;
        foreach (var file in new[] { "Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "BannedSymbols.txt" })
        {
            File.Copy(Path.Join(sources, file), Path.Join(copy, file));
        }

        Copy(Path.Join(sources, "src"), Path.Join(copy, "src"));
        var output = Path.Join(folder, "ready-to-run");
        Commands.Output(
            "dotnet", copy, "publish", "src/WorktreeMcp.Server", "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier,
            "-p:PublishReadyToRun=true", "-p:RunAnalyzers=false", "--self-contained", "false", "-o", output, "--nologo", "-v", "q");
        return Path.Join(output, "worktree-mcp.dll");
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
