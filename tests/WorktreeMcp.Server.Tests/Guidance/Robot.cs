using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests.Guidance;

/// <summary>
/// An agent that knows nothing but how to follow what answers call next. Where they leave a command or a message to it, it does a piece of work and
/// commits it; where conflicts have to be resolved, it takes both sides. It ends when an answer says that all is done.
/// </summary>
internal sealed partial class Robot(AgentClient client, string name)
{
    private const int MostCalls = 60;
    private const int MostSame = 3;

    private readonly List<string> _calls = [];
    private readonly List<string> _refusals = [];
    private readonly HashSet<string> _work = [];

    /// <summary>All calls, in order.</summary>
    internal IReadOnlyList<string> Calls => _calls;

    /// <summary>What was refused, in order: the tool, the code and the message.</summary>
    internal IReadOnlyList<string> Refusals => _refusals;

    /// <summary>The lines that it wrote as its work.</summary>
    internal IReadOnlyCollection<string> Work => _work;

    /// <summary>Whether an answer said that all is done.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>Follows until all is done, or it goes in a circle.</summary>
    internal async Task Follow(string first = "board_show()")
    {
        var seen = new Dictionary<string, int>();
        for (var next = first; _calls.Count < MostCalls;)
        {
            var call = Filled(NamedCall.Parse(next));
            var result = await client.Call(call.Tool, call.Arguments);
            var text = AgentClient.TextOf(result);
            var answer = JsonElement.Parse(text);
            _calls.Add($"{call.Tool} {call.Arguments!.ToJsonString()}");
            if (result.IsError == true)
            {
                var error = answer.GetProperty("error");
                _refusals.Add($"{call.Tool} {error.GetProperty("code").GetString()}: {error.GetProperty("message").GetString()}");
            }

            if (answer.TryGetProperty("done", out var done) && done.GetBoolean())
            {
                IsDone = true;
                return;
            }

            if (!answer.TryGetProperty("next", out var named))
            {
                throw new InvalidOperationException($"no next after {_calls[^1]}: {text}");
            }

            next = named.GetString()!;
            if ((seen[next + call] = seen.GetValueOrDefault(next + call) + 1) > MostSame)
            {
                throw new InvalidOperationException($"a circle: {string.Join('\n', _calls)}\nlast answer: {text}");
            }
        }
    }

    private NamedCall Filled(NamedCall call)
    {
        if (call is { Tool: "worktree_run", Arguments: { } arguments } && (string?)arguments["command"] is { } command)
        {
            arguments["command"] = Marked().Match(command) is { Success: true } marked ? $"sed -i -e '/^<<<<<<< /d' -e '/^=======$/d' -e '/^>>>>>>> /d' -- {marked.Groups[1].Value} && {command}"
                : command == "..." ? NextPiece((string)arguments["name"]!)
                : command.Replace("'...'", $"'by {name}'", StringComparison.Ordinal);
        }

        return call;
    }

    private string NextPiece(string worktree)
    {
        var piece = $"{name}-{worktree}-{_work.Count}";
        _work.Add(piece);
        return $"echo {piece} > {piece}.txt && git add -A && git commit -qm {piece}";
    }

    [GeneratedRegex("^! grep -n '\\^<<<<<<< ' -- (.*?) && ")]
    private static partial Regex Marked();
}
