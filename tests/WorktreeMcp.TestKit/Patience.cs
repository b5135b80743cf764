using System.Globalization;
using WorktreeMcp.Domain.Configuration;

namespace WorktreeMcp.TestKit;

/// <summary>How long a list of worktrees waits in tests: until it is complete, however loaded the machine is.</summary>
public static class Patience
{
    /// <summary>The variable that says so to a server.</summary>
    public const string ListVariable = "WORKTREEMCP_LIST_WAIT_MS";

    /// <summary>The time.</summary>
    public static TimeSpan List { get; } = TimeSpan.FromSeconds(60);

    /// <summary>The same settings with that time, unless they have one of their own.</summary>
    internal static RepositorySettings In(RepositorySettings settings) => settings.ListWait == new RepositorySettings().ListWait ? settings with { ListWait = List } : settings;

    /// <summary>The same as a variable's value.</summary>
    public static string ListMilliseconds { get; } = List.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
}
