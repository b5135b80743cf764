using System.Text.Json.Serialization;

namespace WorktreeMcp.Domain.Board;

/// <summary>Where a task stands.</summary>
public enum TaskState
{
    /// <summary>Nobody works on it.</summary>
    [JsonStringEnumMemberName("pending")]
    Pending,

    /// <summary>Somebody works on it.</summary>
    [JsonStringEnumMemberName("in_progress")]
    InProgress,

    /// <summary>It is done.</summary>
    [JsonStringEnumMemberName("completed")]
    Completed,

    /// <summary>It was withdrawn; shown only when asked for.</summary>
    [JsonStringEnumMemberName("deleted")]
    Deleted,
}

/// <summary>What comes first.</summary>
public enum TaskPriority
{
    /// <summary>When nothing else waits.</summary>
    [JsonStringEnumMemberName("low")]
    Low,

    /// <summary>The default.</summary>
    [JsonStringEnumMemberName("normal")]
    Normal,

    /// <summary>Before all others.</summary>
    [JsonStringEnumMemberName("high")]
    High,
}

/// <summary>Whether a person should look at the task.</summary>
public enum TaskAttention
{
    /// <summary>No.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>An agent waits for an answer.</summary>
    [JsonStringEnumMemberName("needs_input")]
    NeedsInput,

    /// <summary>The work waits for a review.</summary>
    [JsonStringEnumMemberName("review")]
    Review,

    /// <summary>An agent gave up.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>The words for these states in files, events and answers.</summary>
internal static class TaskWords
{
    private static readonly string[] States = ["pending", "in_progress", "completed", "deleted"];
    private static readonly string[] Priorities = ["low", "normal", "high"];
    private static readonly string[] Attentions = ["none", "needs_input", "review", "failed"];

    /// <summary>The word for a state.</summary>
    /// <param name="state">The state.</param>
    /// <returns>snake_case.</returns>
    public static string Word(this TaskState state) => States[(int)state];

    /// <summary>The word for a priority.</summary>
    /// <param name="priority">The priority.</param>
    /// <returns>snake_case.</returns>
    public static string Word(this TaskPriority priority) => Priorities[(int)priority];

    /// <summary>The word for an attention flag.</summary>
    /// <param name="attention">The flag.</param>
    /// <returns>snake_case.</returns>
    public static string Word(this TaskAttention attention) => Attentions[(int)attention];

    internal static TaskState? State(string? word) => Find<TaskState>(States, word);

    internal static TaskPriority? Priority(string? word) => Find<TaskPriority>(Priorities, word);

    internal static TaskAttention? Attention(string? word) => Find<TaskAttention>(Attentions, word);

    private static T? Find<T>(string[] words, string? word)
        where T : struct, Enum
    {
        var index = Array.IndexOf(words, word);
        return index < 0 ? null : Enum.GetValues<T>()[index];
    }
}
