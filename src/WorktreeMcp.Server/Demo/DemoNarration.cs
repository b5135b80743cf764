using System.Text.Json;

namespace WorktreeMcp.Server.Demo;

/// <summary>Tells a story as it is played: each call with the heart of its answer, each check with how it went.</summary>
internal sealed class DemoNarration(TextWriter output)
{
    private static readonly string[] Members = ["status", "branch", "path"];

    /// <summary>How many checks did not hold.</summary>
    internal int Failed { get; private set; }

    /// <summary>Makes a call and tells it.</summary>
    internal async Task<JsonElement> Step(DemoAgent agent, string tool, params (string Name, object Value)[] arguments)
    {
        var (json, isError) = await agent.Call(tool, arguments);
        var shown = string.Join(", ", arguments.Select(a => $"{a.Name}: {Show(a.Value)}"));
        Say($"  {agent.Name}  {tool}({shown})\n       {(isError ? "refused: " : "")}{Tell(json, isError)}");
        return json;
    }

    internal void Check(string what, bool holds)
    {
        Say($"  [{(holds ? "ok" : "FAILED")}] {what}");
        Failed += holds ? 0 : 1;
    }

    internal void Say(string line) => output.WriteLine(line);

    // An answer tells of a worktree what its caller does not know yet.
    private static IEnumerable<string> Told(JsonElement worktree) =>
        Members.Where(member => worktree.TryGetProperty(member, out _)).Select(member => worktree.GetProperty(member).GetString()!);

    private static string Show(object value) => value switch
    {
        int[] list => $"[{string.Join(", ", list)}]",
        bool flag => flag ? "true" : "false",
        _ => $"{value}",
    };

    private static string Tell(JsonElement json, bool isError)
    {
        if (isError)
        {
            return $"{json.GetProperty("error").GetProperty("code").GetString()}: {json.GetProperty("error").GetProperty("message").GetString()}";
        }

        var told = json switch
        {
            _ when json.TryGetProperty("exit_code", out var code) => $"exit code {code}",
            _ when json.TryGetProperty("branch_kept", out var kept) => $"removed; {kept.GetString()}",
            _ when json.TryGetProperty("into", out var into) => $"landed in {into.GetString()} as {json.GetProperty("commit").GetString()![..12]}; verify_command ended with exit code {VerifiedWith(json)}",
            _ when json.TryGetProperty("conflicting", out var conflicting) => $"{json.GetProperty("worktrees")} worktrees, pairs that would conflict: {conflicting}",
            _ when json.TryGetProperty("counts", out var counts) => Count(counts),
            _ when json.TryGetProperty("worktree", out var worktree) => string.Join(", ", Told(worktree)),
            _ => $"task {json.GetProperty("task").GetProperty("id")} is {json.GetProperty("task").GetProperty("status").GetString()}",
        };
        return json.TryGetProperty("next", out var next) ? $"{told}; next: {next.GetString()}" : $"{told}; all is done";
    }

    private static string VerifiedWith(JsonElement landed) =>
        landed.TryGetProperty("verified", out var verified) && verified.TryGetProperty("exit_code", out var code) ? $"{code}" : "none";

    private static string Count(JsonElement counts) => string.Join(", ", counts.EnumerateObject().Select(one => $"{one.Name.Replace('_', ' ')} {one.Value}"));
}
