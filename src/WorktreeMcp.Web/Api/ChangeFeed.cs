using WorktreeMcp.Domain;

namespace WorktreeMcp.Web.Api;

/// <summary>
/// Tells everybody who waits that something has changed in one of the repositories, whoever changed it. One follower a repository serves all tabs; the signal
/// is taken before one looks, so nothing falls in between.
/// </summary>
internal sealed class ChangeFeed : IDisposable
{
    private readonly List<IDisposable> _following;
    private TaskCompletionSource _next = New();
    private volatile bool _over;

    internal ChangeFeed(IEnumerable<Repository> repositories) => _following = [.. repositories.Select(repository => repository.Follow(_ => Pulse()))];

    /// <summary>Ends with the next change.</summary>
    internal Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Whether nothing is told any more.</summary>
    internal bool IsOver => _over;

    /// <summary>Has everybody look a last time and leave.</summary>
    internal void End()
    {
        _over = true;
        Pulse();
    }

    /// <inheritdoc/>
    public void Dispose() => _following.ForEach(one => one.Dispose());

    private void Pulse() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
