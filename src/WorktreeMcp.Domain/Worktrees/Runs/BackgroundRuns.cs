using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>The program that watches over a command when its server has ended: our own, in another mode.</summary>
/// <param name="FileName">The program.</param>
/// <param name="Arguments">What makes it a supervisor.</param>
public sealed record SupervisorProgram(string FileName, IReadOnlyList<string> Arguments);

/// <summary>
/// Starts commands that outlive this process, and gives away those that are to. Each gets a supervisor in a session of its own, which does all that this
/// process would do for it (lease, events, log, time limit), so whoever reads its folder or its worktree sees no difference.
/// </summary>
internal sealed class BackgroundRuns(SupervisorProgram program, StateLayout layout, Func<IReadOnlyDictionary<string, string>> environment)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Starts a supervisor and waits until the command runs; refuses with the supervisor's own words.</summary>
    internal void Start(RunOrder order) => Start(order.ToJson());

    /// <summary>Gives a running command to a supervisor of its own and waits until that watches over it.</summary>
    /// <param name="run">The command.</param>
    /// <param name="lease">Its worktree's lease.</param>
    /// <param name="watch">The watch over its folder.</param>
    /// <returns>Whether it was taken.</returns>
    internal bool Take(HandedOverRun run, SafeHandle lease, SafeHandle watch)
    {
        try
        {
            Start(run.ToJson(), [.. run.Child.Streams, lease, watch]);
            return true;
        }
        catch (Refusal)
        {
            return false;
        }
    }

    private void Start(JsonObject words, params IReadOnlyList<SafeHandle> inherited)
    {
        words["root"] = layout.Root;
        var spec = new ChildSpec(program.FileName, program.Arguments, layout.Root, environment()) { Input = StateJson.Line(words), Inherited = inherited };
        if (Said(spec)["error"] is JsonObject error)
        {
            throw SupervisorAnswer.ToRefusal(error);
        }
    }

    private static JsonObject Said(ChildSpec spec)
    {
        try
        {
            var (line, error) = DetachedChild.Start(spec, Patience);
            return line is null ? throw Silent($"it said nothing. {error}") : StateJson.ReadLine(line) ?? throw Silent("its answer cannot be read");
        }
        catch (ChildStartException fault)
        {
            throw Silent(fault.Message);
        }
    }

    private static Refusal Silent(string why) => new(
        RefusalCode.Internal,
        $"The supervisor of a background command could not be started: {why}. Nothing was run.",
        "Run it without background; it then ends together with this server.");
}

/// <summary>What a supervisor says of its start, on one line.</summary>
internal static class SupervisorAnswer
{
    internal static byte[] Started() => StateJson.Line(new JsonObject { ["started"] = true });

    internal static byte[] Refused(Refusal refusal) => StateJson.Line(new JsonObject
    {
        ["error"] = new JsonObject { ["code"] = refusal.Code.ToString(), ["message"] = refusal.Message, ["hint"] = JsonSerializer.SerializeToNode(refusal.Hint.Parts, AdviceJson.Default.IReadOnlyListAdvicePart), ["next"] = JsonSerializer.SerializeToNode(refusal.Next, AdviceJson.Default.NextStep) },
    });

    internal static Refusal ToRefusal(JsonObject error) => new(
        Enum.TryParse<RefusalCode>(error["code"].Text(), out var code) ? code : RefusalCode.Internal,
        error["message"].Text() ?? "The supervisor refused.",
        error["hint"].Deserialize(AdviceJson.Default.IReadOnlyListAdvicePart) is { } hint ? new Advice(hint) : "Run it without background.",
        error["next"].Deserialize(AdviceJson.Default.NextStep));
}
