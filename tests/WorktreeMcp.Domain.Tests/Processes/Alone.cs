using Xunit;

namespace WorktreeMcp.Domain.Tests.Processes;

/// <summary>Tests that look at the whole process, what it holds or which orphans it was handed, run while no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
