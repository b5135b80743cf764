namespace WorktreeMcp.Domain.Configuration;

/// <summary>What is set now: files that are mended or changed count from the next look on, without a new start.</summary>
/// <param name="read">Reads them.</param>
internal sealed class CurrentSettings(Func<RepositorySettings> read)
{
    private volatile RepositorySettings _known = read();

    /// <summary>As of the last look.</summary>
    internal RepositorySettings Known => _known;

    /// <summary>Looks at the files again.</summary>
    internal RepositorySettings Look() => _known = read();

    /// <summary>A list among them that is always as of the last look.</summary>
    /// <param name="of">Which.</param>
    internal IReadOnlyList<string> Following(Func<RepositorySettings, IReadOnlyList<string>> of) => new Followed(this, of);

    private sealed class Followed(CurrentSettings settings, Func<RepositorySettings, IReadOnlyList<string>> of) : IReadOnlyList<string>
    {
        public int Count => of(settings.Known).Count;

        public string this[int index] => of(settings.Known)[index];

        public IEnumerator<string> GetEnumerator() => of(settings.Known).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
