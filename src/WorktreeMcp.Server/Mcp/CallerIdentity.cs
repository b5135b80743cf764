using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Mcp;

/// <summary>
/// Names the caller: what the call itself says, else what the server was started with, else the client's own name
/// and a number that stays while this process lives, so that two windows of one client are two agents.
/// </summary>
/// <param name="configured">The name from <c>--agent</c> or <c>WORKTREEMCP_AGENT</c>.</param>
/// <param name="number">The number behind a client's name.</param>
public sealed class CallerIdentity(string? configured, int number)
{
    private const int LongestName = 40;

    private readonly ConcurrentDictionary<string, string> _made = new(StringComparer.Ordinal);

    /// <summary>An identity with a number of its own. A process id would not do: each container has a process 1.</summary>
    /// <param name="configured">The name from <c>--agent</c> or <c>WORKTREEMCP_AGENT</c>.</param>
    public CallerIdentity(string? configured)
        : this(configured, RandomNumberGenerator.GetInt32(1000, 10000))
    {
    }

    /// <summary>Whether the name was made from the client's, so that it ends with this process.</summary>
    public bool IsDefault => configured is null;

    /// <summary>Whether an agent's name was made up by this process, so that nobody goes by it once the process is gone.</summary>
    /// <param name="agent">The name.</param>
    /// <returns>True if so.</returns>
    public bool EndsWithThisProcess(string agent) => _made.ContainsKey(agent);

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

        return !string.IsNullOrWhiteSpace(agent) && !agent.Any(char.IsControl) ? agent.Trim() : throw new Refusal(
            RefusalCode.InvalidArgument,
            $"agent {(string.IsNullOrWhiteSpace(agent) ? "is blank" : "holds control characters")}.",
            "Give a plain name such as \"claude-1\", or leave agent out.");
    }

    /// <summary>The name of an agent that gives none.</summary>
    /// <param name="server">Knows the client.</param>
    /// <returns>The name.</returns>
    public string NameOf(McpServer server) => configured ?? _made.GetOrAdd($"{Slug(server.ClientInfo?.Name)}-{number}", name => name);

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
