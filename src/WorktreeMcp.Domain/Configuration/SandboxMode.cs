namespace WorktreeMcp.Domain.Configuration;

/// <summary>Whether commands are confined to their worktree; the later the stricter.</summary>
public enum SandboxMode
{
    /// <summary>They are not.</summary>
    Off,

    /// <summary>They are where the machine can; the result says so where it cannot.</summary>
    Auto,

    /// <summary>They are, or they do not run.</summary>
    Required,
}

/// <summary>The words for these modes.</summary>
public static class SandboxWords
{
    private static readonly string[] Words = ["off", "auto", "required"];

    /// <summary>All of them, for messages.</summary>
    public static string Allowed => "\"off\", \"auto\" or \"required\"";

    /// <summary>The word for a mode.</summary>
    /// <param name="mode">The mode.</param>
    /// <returns>As it is written in settings.</returns>
    public static string Word(this SandboxMode mode) => Words[(int)mode];

    /// <summary>The mode of a word.</summary>
    /// <param name="word">As it is written in settings.</param>
    /// <returns>Null for any other word.</returns>
    public static SandboxMode? Mode(string? word) => Array.IndexOf(Words, word) is >= 0 and var index ? (SandboxMode)index : null;
}
