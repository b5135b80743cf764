using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Doctor;

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    /// <summary>Something stands in the way of calls, or work is in danger.</summary>
    Error,

    /// <summary>Something is not as recorded; calls still work.</summary>
    Warning,

    /// <summary>Worth knowing; nothing has to be done.</summary>
    Info,
}

/// <summary>One thing that is not as it should be.</summary>
/// <param name="Code">Its kind, in snake_case.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Subject">What it is about: a worktree, a task, a file.</param>
/// <param name="Message">What is the case, with the evidence.</param>
/// <param name="Repairable">Whether it is ours to repair.</param>
/// <param name="Step">What a repair does, or what a person has to do.</param>
/// <param name="Done">What was done about it; null while it is still so.</param>
public sealed record Finding(
    string Code, FindingSeverity Severity, string Subject, string Message, bool Repairable, Advice Step, Advice? Done = null)
{
    /// <summary>Whether it is still so and asks for something to be done.</summary>
    public bool IsOpen => Done is null && Severity != FindingSeverity.Info;
}
