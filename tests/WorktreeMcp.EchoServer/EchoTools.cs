using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.EchoServer;

/// <summary>Tools that show how arguments arrive and what becomes of faults.</summary>
public sealed partial class EchoTools(CallerIdentity caller)
{
    private static readonly JsonSerializerOptions Json = WireJson.With(EchoContext.Default);

    public static IReadOnlyList<string> Names { get; } = ["echo_task", "fail", "wait", "stuck", "print"];

    public static void Register(IMcpServerBuilder builder) =>
        builder.WithWorktreeTools(Names, tools => tools.Add<EchoTools>(), Json);

    /// <summary>Say back what was given. It changes nothing.</summary>
    /// <param name="request">The call.</param>
    /// <param name="task_id">Task id from task_list.</param>
    /// <param name="subject">What the task is about.</param>
    /// <param name="mood">How it is to be done.</param>
    /// <param name="blocked_by">Ids of tasks to wait for.</param>
    /// <param name="ready">Only ready ones.</param>
    /// <param name="limit">How many, at most 200.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="agent">Who you are, if not the connection.</param>
    [McpServerTool(
        Name = "echo_task", Title = "Echo a task", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(EchoResult))]
    public partial CallToolResult Echo(
        RequestContext<CallToolRequestParams> request,
        int task_id,
        [StringLength(20, MinimumLength = 1)] string? subject = null,
        Mood? mood = null,
        int[]? blocked_by = null,
        bool? ready = null,
        [Range(1, 200)] int limit = 20,
        long offset = 0,
        [RegularExpression("^[a-z][a-z0-9-]*$")] string? agent = null) =>
        Reply.Of(
            new EchoResult(
                task_id,
                offset,
                caller.AgentOf(request, agent),
                [.. (blocked_by ?? []).Select(number => new EchoRow(number, null))],
                mood,
                subject,
                ready,
                limit,
                $"echo_task(task_id: {task_id})"),
            (JsonTypeInfo<EchoResult>)Json.GetTypeInfo(typeof(EchoResult)));

    /// <summary>Fail in one of several ways.</summary>
    /// <param name="how">refusal, fault or cancelled.</param>
    [McpServerTool(Name = "fail", Title = "Fail", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false)]
    public static partial CallToolResult Fail(string how) => throw (how switch
    {
        "refusal" => new AggregateException(
            new Refusal(RefusalCode.TaskBlocked, "Task 2 waits for task 1.", "Complete task 1 first.", new NextStep.ShowTask(1))),
        "cancelled" => new OperationCanceledException(),
        _ => new InvalidOperationException("the secret cause"),
    });

    /// <summary>Wait until the call is cancelled, and say so on stderr.</summary>
    /// <param name="cancel">Ends the wait.</param>
    [McpServerTool(Name = "wait", Title = "Wait", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false)]
    public static partial CallToolResult Wait(CancellationToken cancel)
    {
        Console.Error.WriteLine("waiting");
        cancel.WaitHandle.WaitOne();
        Console.Error.WriteLine("cancelled");
        cancel.ThrowIfCancellationRequested();
        return new CallToolResult();
    }

    /// <summary>Never end, whatever happens.</summary>
    [McpServerTool(Name = "stuck", Title = "Stuck", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false)]
    public static partial CallToolResult Stuck()
    {
        Console.Error.WriteLine("stuck");
        Thread.Sleep(Timeout.Infinite);
        return new CallToolResult();
    }

    /// <summary>Write to the console, which a tool must not do, and answer with a large text.</summary>
    /// <param name="size">How many characters the answer has.</param>
    [McpServerTool(Name = "print", Title = "Print", ReadOnly = true, Destructive = false, Idempotent = true, OpenWorld = false)]
    public static partial CallToolResult Print(int size = 10)
    {
        Console.WriteLine("a stray line");
        return new CallToolResult { Content = [new TextContentBlock { Text = new string('x', size) }] };
    }
}
