using System.Text.RegularExpressions;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>What the page on security promises is held by tests that exist.</summary>
public sealed partial class SecurityDocumentTests
{
    [Fact]
    public async Task Every_test_that_the_page_names_exists()
    {
        var page = await File.ReadAllTextAsync(Path.Join(Golden.SourceRoot, "docs", "security.md"), TestContext.Current.CancellationToken);
        var sources = Directory.EnumerateFiles(Path.Join(Golden.SourceRoot, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();

        var named = Named().Matches(page).Select(match => (Class: match.Groups[1].Value, Test: match.Groups[2].Value)).ToList();

        named.Should().HaveCountGreaterThan(20);
        named.Where(one => !sources.Any(text => text.Contains($"class {one.Class}", StringComparison.Ordinal) && text.Contains($" {one.Test}(", StringComparison.Ordinal))).Should().BeEmpty();
    }

    [GeneratedRegex(@"`([A-Za-z]+Tests)\.([A-Z][A-Za-z_]+)`")]
    private static partial Regex Named();
}
