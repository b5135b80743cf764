using FluentAssertions;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.TestKit;

/// <summary>Checks that a call is refused and that nothing changed.</summary>
public static class Refused
{
    /// <summary>Runs a call that must be refused and compares everything before and after.</summary>
    /// <param name="repository">The repository it acts on.</param>
    /// <param name="code">The code it must be refused with.</param>
    /// <param name="call">The call.</param>
    /// <returns>The refusal, for its words.</returns>
    public static Refusal By(this TempRepository repository, RefusalCode code, Action call)
    {
        var before = repository.Snapshot();
        var events = repository.EventLines();
        var refusal = call.Should().Throw<Refusal>().Which;
        refusal.Code.Should().Be(code, refusal.Message);
        refusal.Hint.ToString().Should().NotBeNullOrWhiteSpace();
        repository.Snapshot().Should().Be(before);
        repository.AddedNothingOrOneFailedPair(events).Should().BeTrue(string.Join('\n', repository.EventLines().Skip(events.Count)));
        return refusal;
    }
}
