namespace WorktreeMcp.Domain.Running;

/// <summary>Whether a command was confined.</summary>
/// <param name="Word">"bubblewrap", or "none".</param>
/// <param name="Reason">Why it was not although that was wished for; else null.</param>
public sealed record SandboxUse(string Word, string? Reason)
{
    /// <summary>Nobody asked for it.</summary>
    public static SandboxUse None { get; } = new("none", null);

    /// <summary>Confined by bubblewrap.</summary>
    public static SandboxUse Bubblewrap { get; } = new("bubblewrap", null);

    /// <summary>Wished for, and not possible.</summary>
    /// <param name="reason">Why.</param>
    public static SandboxUse Without(string reason) => new("none", reason);
}
