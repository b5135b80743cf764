using System.Text.Json;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.Mcp;

/// <summary>Adds to an answer what its caller has to know and did not ask for; mostly nothing.</summary>
/// <param name="repository">The repository that is served.</param>
/// <param name="caller">Names who calls.</param>
/// <param name="log">Where is told what went wrong: no answer is lost for the sake of news.</param>
public sealed class CallNews(OpenRepository repository, CallerIdentity caller, ILogger<CallNews> log)
{
    /// <summary>The answer with what is new to its caller.</summary>
    /// <param name="answer">The answer of a tool.</param>
    /// <param name="request">The call.</param>
    /// <returns>The answer; unchanged when it is a refusal, or when there is nothing new.</returns>
    public CallToolResult With(CallToolResult answer, RequestContext<CallToolRequestParams> request)
    {
        if (answer.IsError == true || !repository.Opened.IsCompletedSuccessfully)
        {
            return answer;
        }

        try
        {
            var news = repository.Require().News.Take(caller.AgentOf(request, Named(request, "agent") ?? (request.Params.Name == "task_claim" ? Named(request, "owner") : null)));
            return news.Count == 0 ? answer : Reply.With(answer, [.. news.Select(NewsWords.Of)]);
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            log.LogDebug(fault, "news could not be read");
            return answer;
        }
    }

    private static string? Named(RequestContext<CallToolRequestParams> request, string argument) =>
        request.Params.Arguments?.TryGetValue(argument, out var value) == true && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
