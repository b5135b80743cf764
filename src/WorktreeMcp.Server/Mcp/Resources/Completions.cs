using System.Globalization;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Mcp.Resources;

/// <summary>Completes the numbers of open tasks and the names of worktrees.</summary>
/// <param name="repository">The repository that is served.</param>
public sealed class Completions(OpenRepository repository)
{
    // The protocol allows no more.
    private const int Most = 100;

    /// <summary>What an argument can become.</summary>
    /// <param name="request">The call.</param>
    /// <param name="cancel">Unused.</param>
    /// <returns>Values that begin with what is there already.</returns>
    public ValueTask<CompleteResult> Complete(RequestContext<CompleteRequestParams> request, CancellationToken cancel)
    {
        var argument = request.Params.Argument;
        var all = ValuesOf(argument.Name).Where(value => value.StartsWith(argument.Value ?? string.Empty, StringComparison.OrdinalIgnoreCase)).ToList();
        return ValueTask.FromResult(new CompleteResult { Completion = new() { Values = [.. all.Take(Most)], Total = all.Count, HasMore = all.Count > Most } });
    }

    private IReadOnlyList<string> ValuesOf(string argument)
    {
        try
        {
            return argument switch
            {
                "id" or "task_id" => [.. repository.Require().Board.List(new TaskFilter(null, null, null, null, null, int.MaxValue - 1, null)).Tasks
                    .Where(view => argument == "id" || view.Task.IsOpen)
                    .Select(view => view.Task.Id.ToString(CultureInfo.InvariantCulture))],
                "name" => [.. repository.Require().Worktrees.Names],
                _ => [],
            };
        }
        catch (Refusal)
        {
            // Nothing can be completed where nothing can be read; the call itself will say why.
            return [];
        }
    }
}
