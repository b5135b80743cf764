using System.IO.Abstractions;

using WorktreeMcp.Domain.Platform;

namespace WorktreeMcp.Domain.Running;

/// <summary>
/// What tools need that do nothing without a home to write to, although a confined command only reads the real one. dotnet gets
/// a home in the private /tmp; what NuGet has in the real one, packages and feeds, it still finds.
/// </summary>
internal static class SandboxHome
{
    private const string DotnetHome = "/tmp/dotnet-home";

    /// <summary>The words for it; none where the home, or dotnet's part of it, can be written or is configured.</summary>
    /// <param name="variables">The command's own environment.</param>
    /// <param name="caches">Real folders that can be written.</param>
    /// <param name="hidden">What is not seen.</param>
    /// <param name="files">The file system.</param>
    internal static IEnumerable<string> Words(IReadOnlyDictionary<string, string> variables, IReadOnlyList<string> caches, HiddenPaths hidden, IFileSystem files)
    {
        if (variables.GetValueOrDefault("HOME") is not { Length: > 0 } home || variables.ContainsKey("DOTNET_CLI_HOME") || IsBelow(Path.Join(home, ".dotnet"), caches))
        {
            return [];
        }

        var (feeds, packages) = (Path.Join(home, ".nuget", "NuGet"), Path.Join(home, ".nuget", "packages"));
        return
        [
            .. Unless("DOTNET_CLI_HOME", DotnetHome),
            .. Unless("DOTNET_NOLOGO", "1"),
            .. Unless("DOTNET_GENERATE_ASPNET_CERTIFICATE", "false"),
            .. files.Directory.Exists(packages) ? Unless("NUGET_PACKAGES", packages) : [],
            .. files.Directory.Exists(feeds) && RealPaths.OfAll([feeds], null) is [var real] && !hidden.Hides(real) ? (IEnumerable<string>)["--ro-bind", feeds, Path.Join(DotnetHome, ".nuget", "NuGet")] : [],
        ];

        // A path that is not there lies where its folder lies.
        static bool IsBelow(string path, IReadOnlyList<string> folders) =>
            RealPaths.OfAll([path, Path.GetDirectoryName(path)!], null) is [var real, ..] && folders.Any(folder => HiddenPaths.IsWithin(real, folder));

        IEnumerable<string> Unless(string name, string value) => variables.ContainsKey(name) ? [] : ["--setenv", name, value];
    }
}
