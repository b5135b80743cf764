using System.Globalization;
using System.Text;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>
/// A small shell between this process and a child that may be handed over. It stays the child's parent when this process
/// ends, so that a child that dies with its parent lives on, and tells how the child ended to whoever holds the other end.
/// Signals that are meant for the whole session do not end it before the child.
/// </summary>
internal static unsafe class ExitTeller
{
    private const int MostWords = 4096;
    private const int FirstSignal = 128;
    private const string End = "\n= ";

    // A shell says on its error stream by which signal a child was ended; that tells it from an exit code above 128. The
    // subshell is what keeps that stream apart from the child's.
    private const string Script = """
        trap : HUP INT QUIT ABRT USR1 USR2 ALRM PIPE TERM
        exec 4>&2 2>&3
        (exec "$@" 2>&4 3>&- 4>&-)
        code=$?
        printf '\n= %s\n' $code >&3
        exit $code
        """;

    /// <summary>The same child, under a keeper that tells its end on <paramref name="told"/>.</summary>
    internal static ChildSpec Over(ChildSpec spec, Descriptor told) => spec with
    {
        FileName = "/bin/sh",
        Arguments = ["-c", Script, "worktree-mcp-keeper", spec.FileName, .. spec.Arguments],
        Inherited = [told],
    };

    /// <summary>How the child ended, or null when the keeper did not come to tell it.</summary>
    /// <param name="telling">Our end; it never blocks.</param>
    internal static (int? Code, int? Signal)? Said(Descriptor telling)
    {
        var bytes = stackalloc byte[MostWords];
        var length = (int)Libc.Read(telling.Number, bytes, MostWords);
        var words = length <= 0 ? string.Empty : Encoding.UTF8.GetString(bytes, length);
        var end = words.LastIndexOf(End, StringComparison.Ordinal);
        if (end < 0 || !int.TryParse(words.AsSpan(end + End.Length).TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            return null;
        }

        return code > FirstSignal && !string.IsNullOrWhiteSpace(words[..end]) ? (null, code - FirstSignal) : (code, null);
    }
}
