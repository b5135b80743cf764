namespace WorktreeMcp.Domain.Storage;

/// <summary>Says what in a file is not what it must be; whoever reads the file sets that part of it aside and goes on.</summary>
/// <param name="problem">What is wrong.</param>
/// <param name="isNewer">Whether a newer version of this program may well have written it: then it is nobody's to repair.</param>
internal sealed class FaultyValue(string problem, bool isNewer = false) : FormatException(problem)
{
    internal bool IsNewer { get; } = isNewer;
}
