namespace WorktreeMcp.Domain.Platform;

/// <summary>Two questions asked at the same time, where neither needs the answer to the other.</summary>
internal static class Both
{
    /// <summary>Both answers, once both have ended. If both fail, the failure of the first one counts.</summary>
    internal static (TFirst First, TSecond Second) Of<TFirst, TSecond>(Func<TFirst> first, Func<TSecond> second)
    {
        var other = Task.Run(second);
        try
        {
            return (first(), other.GetAwaiter().GetResult());
        }
        finally
        {
            // Whatever the first one came to, nothing goes on behind the caller's back.
            Task.WaitAny(other);
        }
    }
}
