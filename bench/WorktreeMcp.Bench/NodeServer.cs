using System.ComponentModel;
using System.Text.Json;

namespace WorktreeMcp.Bench;

/// <summary>A server on Node.js that lists the same tools and does nothing: what a client is used to wait for.</summary>
internal sealed class NodeServer
{
    private readonly string _folder;

    private NodeServer(string folder) => _folder = folder;

    /// <summary>Restores its packages in a folder of the run and gives it our tools; null where that cannot be done.</summary>
    internal static NodeServer? Prepare(string scratch, Server ours)
    {
        if (Sources.Folder is not { } sources)
        {
            return null;
        }

        var folder = Directory.CreateDirectory(Path.Join(scratch, "node-server")).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Join(sources, "bench", "node-server")))
        {
            File.Copy(file, Path.Join(folder, Path.GetFileName(file)));
        }

        try
        {
            Commands.Output("npm", folder, "ci", "--silent", "--no-audit", "--no-fund");
        }
        catch (Exception fault) when (fault is Win32Exception or InvalidOperationException)
        {
            return null;
        }

        using var answer = JsonDocument.Parse(ours.Request("tools/list"));
        File.WriteAllText(Path.Join(folder, "tools.json"), answer.RootElement.GetProperty("result").GetProperty("tools").GetRawText());
        return new NodeServer(folder);
    }

    internal Server Start() => Server.Start("node", [Path.Join(_folder, "server.mjs"), Path.Join(_folder, "tools.json")], _folder);
}
