using System.Collections;

namespace WorktreeMcp.Server.CommandLine;

/// <summary>What the process was started with, besides its arguments.</summary>
/// <param name="Variables">The environment variables.</param>
/// <param name="CurrentDirectory">The directory it was started in.</param>
public sealed record StartContext(IReadOnlyDictionary<string, string> Variables, string CurrentDirectory)
{
    /// <summary>That of this process.</summary>
    /// <returns>A copy that no longer changes.</returns>
    public static StartContext Current()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        return new StartContext(variables, Environment.CurrentDirectory);
    }
}
