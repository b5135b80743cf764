using WorktreeMcp.Domain;

namespace WorktreeMcp.Web;

/// <summary>What the page shows, and how it is served.</summary>
/// <param name="Repositories">The opened repositories, in the order of the page's switch.</param>
/// <param name="Port">The port; 0 for a free one.</param>
/// <param name="Open">Whether the browser is opened.</param>
/// <param name="Person">Under whose name things are done; null for the name that git knows the person by.</param>
/// <param name="Environment">The environment of this process.</param>
/// <param name="Output">Where the address is printed.</param>
/// <param name="Error">Where faults are told.</param>
public sealed record PageOptions(
    IReadOnlyList<Repository> Repositories, int Port, bool Open, string? Person, IReadOnlyDictionary<string, string> Environment, TextWriter Output, TextWriter Error);
