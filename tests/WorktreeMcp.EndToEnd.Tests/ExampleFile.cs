using System.Text.Json;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>How a client configuration starts the server.</summary>
internal sealed record ExampleFile(string Command, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string?> Environment)
{
    public static ExampleFile Read(string name)
    {
        var text = File.ReadAllText(SourceTree.PathOf("examples", name));
        return name.EndsWith(".toml", StringComparison.Ordinal) ? FromToml(text) : FromJson(JsonElement.Parse(text));
    }

    /// <summary>Replaces what a person or the client fills in, wherever it stands.</summary>
    public ExampleFile With(params (string Placeholder, string Value)[] values)
    {
        string Filled(string text) => values.Aggregate(text, (now, one) => now.Replace(one.Placeholder, one.Value, StringComparison.Ordinal));
        return new ExampleFile(
            Filled(Command), [.. Arguments.Select(Filled)], Environment.ToDictionary(pair => pair.Key, pair => pair.Value is null ? null : Filled(pair.Value)));
    }

    private static ExampleFile FromJson(JsonElement file)
    {
        var servers = file.TryGetProperty("servers", out var vscode) ? vscode : file.GetProperty("mcpServers");
        return FromServer(servers.GetProperty("worktree-mcp"));
    }

    private static ExampleFile FromServer(JsonElement server) => new(
        server.GetProperty("command").GetString()!,
        server.TryGetProperty("args", out var arguments) ? [.. arguments.EnumerateArray().Select(one => one.GetString()!)] : [],
        server.TryGetProperty("env", out var variables)
            ? variables.EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetString())
            : []);

    // Tables, comments, and values that are written as in JSON: all that the file uses.
    private static ExampleFile FromToml(string text)
    {
        var tables = new Dictionary<string, Dictionary<string, JsonElement>>();
        var table = "";
        foreach (var line in text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line[0] == '[')
            {
                table = line.Trim('[', ']');
                tables.Add(table, []);
                continue;
            }

            var parts = line.Split('=', 2, StringSplitOptions.TrimEntries);
            tables[table].Add(parts[0], JsonElement.Parse(parts[1]));
        }

        var server = tables["mcp_servers.worktree-mcp"];
        return new ExampleFile(
            server["command"].GetString()!,
            [.. server["args"].EnumerateArray().Select(one => one.GetString()!)],
            tables["mcp_servers.worktree-mcp.env"].ToDictionary(pair => pair.Key, pair => pair.Value.GetString()));
    }
}
