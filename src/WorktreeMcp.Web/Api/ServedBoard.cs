using WorktreeMcp.Domain;

namespace WorktreeMcp.Web.Api;

/// <summary>One repository on the page.</summary>
/// <param name="Index">Its place in the page's switch, and in addresses.</param>
/// <param name="Repository">The repository.</param>
/// <param name="Named">Under whose name things are done, if that was said.</param>
internal sealed record ServedBoard(int Index, Repository Repository, string? Named)
{
    /// <summary>Its name, that of its folder.</summary>
    internal string Name => Path.GetFileName(Repository.Place.Root) is { Length: > 0 } name ? name : Repository.Place.Root;

    /// <summary>Under whose name things are done.</summary>
    internal string Person => Named ?? Repository.Person;
}
