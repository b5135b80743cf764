using Xunit;

namespace WorktreeMcp.Domain.Tests.Processes;

/// <summary>Tests that count what the whole process holds run while no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
