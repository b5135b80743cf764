namespace WorktreeMcp.Domain.Git;

/// <summary>One setting under a name, such as <c>filter.NAME.clean</c>.</summary>
/// <param name="IsOwn">Whether the repository's own configuration sets it, and not the user's or the system's.</param>
/// <param name="Key">The key as git lists it.</param>
/// <param name="Value">Its value.</param>
internal sealed record ProgramSetting(bool IsOwn, string Key, string Value)
{
    private int First => Key.IndexOf('.', StringComparison.Ordinal);

    private int Last => Key.LastIndexOf('.');

    /// <summary>What stands before the first dot.</summary>
    internal string Section => First < 0 ? string.Empty : Key[..First];

    /// <summary>What stands between the first dot and the last, which may be nothing and may hold dots.</summary>
    internal string Name => Last > First ? Key[(First + 1)..Last] : string.Empty;

    /// <summary>What stands behind the last dot; nothing for a key without a name.</summary>
    internal string Member => Last > First ? Key[(Last + 1)..] : string.Empty;

    /// <summary>Whether it names a program that signs, or one that names a key for it.</summary>
    internal bool IsSigner => Section == "gpg" && (Key.EndsWith(".program", StringComparison.Ordinal) || Key.EndsWith("command", StringComparison.Ordinal));
}
