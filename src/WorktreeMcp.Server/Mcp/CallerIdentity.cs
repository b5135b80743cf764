using System.Collections.Concurrent;
using System.Text;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Mcp;

/// <summary>
/// Names the caller: what the call itself says, else what the server was started with, else the client's own name and the lowest
/// number that no other living server has, which stays while this process lives. A name that another living server's agents go by is
/// refused where a call gives it: else one connection could change what another holds, and the log would say it was the other.
/// </summary>
/// <param name="configured">The name from <c>--agent</c> or <c>WORKTREEMCP_AGENT</c>.</param>
public sealed class CallerIdentity(string? configured)
{
    private const int LongestName = 40;

    private readonly Lock _naming = new();
    private readonly ConcurrentDictionary<string, string> _made = new(StringComparer.Ordinal);
    private volatile Repository? _repository;

    /// <summary>Whether an agent's name was made up by this process, so that nobody goes by it once the process is gone.</summary>
    /// <param name="agent">The name.</param>
    /// <returns>True if so.</returns>
    public bool EndsWithThisProcess(string agent) => _made.Values.Contains(agent);

    /// <summary>From now on names are kept apart from those of other servers of this repository.</summary>
    /// <param name="repository">The repository that is served.</param>
    /// <returns>What a person should know of the name that was configured, or null.</returns>
    public string? Serve(Repository repository)
    {
        _repository = repository;
        return Warning;
    }

    /// <summary>Why the name that this server was started with does not tell its agents apart; null when it does.</summary>
    public string? Warning => configured is null || _repository?.TakeAgentName(configured) != false ? null
        : $"Another server that runs for this repository goes by the name {configured} too (--agent, WORKTREEMCP_AGENT), so their claims are not kept apart: give each a name of its own, or none.";

    /// <summary>The name of the agent that makes this call.</summary>
    /// <param name="request">The call; in both protocol eras its server knows the client.</param>
    /// <param name="agent">The name that the call itself gives, if any.</param>
    /// <returns>The name.</returns>
    /// <exception cref="Refusal">The given name is blank or not printable: it is written into tasks and events.</exception>
    public string AgentOf(RequestContext<CallToolRequestParams> request, string? agent = null)
    {
        if (agent is null)
        {
            return NameOf(request.Server);
        }

        return !string.IsNullOrWhiteSpace(agent) && !agent.Any(char.IsControl) ? Own(agent.Trim()) : throw new Refusal(
            RefusalCode.InvalidArgument,
            $"agent {(string.IsNullOrWhiteSpace(agent) ? "is blank" : "holds control characters")}.",
            "Give a plain name such as \"claude-1\", or leave agent out.");
    }

    private string Own(string agent) => agent == configured || _repository?.TakeAgentName(agent) != false ? agent : throw new Refusal(
        RefusalCode.InvalidArgument,
        $"agent \"{VisibleText.Of(agent)}\" is somebody at another connection that is open now; agent names only who shares this one.",
        $"Leave agent out, or give a name of your own. A task of theirs can be taken with {Step.ClaimTask} once its lease has ended, or a person frees it with: worktree-mcp release ID.",
        new NextStep.ShowBoard());

    /// <summary>The name of an agent that gives none.</summary>
    /// <param name="server">Knows the client.</param>
    /// <returns>The name.</returns>
    public string NameOf(McpServer server)
    {
        if (configured is not null)
        {
            return configured;
        }

        var client = Slug(server.ClientInfo?.Name);
        if (_made.TryGetValue(client, out var known))
        {
            return known;
        }

        lock (_naming)
        {
            // Without a repository nothing is on record yet, and no name has to be kept.
            return _repository is { } repository ? _made.GetOrAdd(client, repository.NameAgent) : client;
        }
    }

    private static string Slug(string? name)
    {
        var slug = new StringBuilder();
        foreach (var letter in (name ?? "").ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                slug.Append(letter);
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        var text = slug.ToString(0, Math.Min(slug.Length, LongestName)).Trim('-');
        return text.Length == 0 ? "agent" : text;
    }
}
