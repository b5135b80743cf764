using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Domain.Platform;

/// <summary>Something else lies where a file or a folder of ours belongs: it is neither read nor written.</summary>
public sealed class NotPlainException : IOException
{
    /// <summary>Says so of no path in particular.</summary>
    public NotPlainException()
        : this(string.Empty, "it is no plain file")
    {
    }

    /// <summary>Says so in other words.</summary>
    /// <param name="message">The words.</param>
    public NotPlainException(string message)
        : base(message) => (Place, Problem) = (string.Empty, message);

    /// <summary>Says so in other words.</summary>
    /// <param name="message">The words.</param>
    /// <param name="innerException">What was behind it.</param>
    public NotPlainException(string message, Exception innerException)
        : base(message, innerException) => (Place, Problem) = (string.Empty, message);

    /// <summary>Says what lies there.</summary>
    /// <param name="place">Where.</param>
    /// <param name="problem">What is wrong with it: "it is a pipe, not a regular file".</param>
    public NotPlainException(string place, string problem)
        : base($"{place}: {problem}") => (Place, Problem) = (place, problem);

    /// <summary>Where it lies.</summary>
    public string Place { get; }

    /// <summary>What is wrong with it.</summary>
    public string Problem { get; }

    /// <summary>Says that a place of ours is a link.</summary>
    internal static Refusal Linked(string path) => new(
        RefusalCode.CorruptFile,
        $"{path} is a link. What it points to may belong to somebody else, so nothing is read or written through it.",
        "Replace the link by a folder or a file of its own.");

    /// <summary>The same, for whoever called.</summary>
    /// <returns>A refusal that names it.</returns>
    public Refusal ToRefusal() => Problem == FileKinds.IsLink
        ? Linked(Place)
        : new Refusal(RefusalCode.CorruptFile, $"{Place} cannot be used: {Problem}. It was left as it is.", "A person should move it away; then repeat the call.", inner: this);
}
