namespace WorktreeMcp.Server.Wire;

/// <summary>The answer to a call that was refused.</summary>
/// <param name="Error">Why.</param>
/// <param name="Next">The one call that most likely comes next, where there is one.</param>
public sealed record ErrorReply(ErrorBody Error, string? Next = null);

/// <summary>Why a call was refused.</summary>
/// <param name="Code">The kind, in snake_case.</param>
/// <param name="Message">What is the case, with the evidence.</param>
/// <param name="Hint">What the caller can do next.</param>
public sealed record ErrorBody(string Code, string Message, string Hint);
