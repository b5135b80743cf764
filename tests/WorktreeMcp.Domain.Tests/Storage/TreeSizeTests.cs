using System.IO.Abstractions;
using FluentAssertions;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class TreeSizeTests : IDisposable
{
    private const int Count = 3000;

    private readonly TempRepository _repo = new(commit: false);

    public void Dispose() => _repo.Dispose();

    [Fact]
    public async Task Files_that_go_while_their_folder_is_measured_count_as_nothing()
    {
        var files = new FileSystem();
        var folder = Directory.CreateDirectory(Path.Join(_repo.Base, "measured")).FullName;
        var paths = Enumerable.Range(0, Count).Select(n => Path.Join(folder, $"{n}")).ToList();
        paths.ForEach(path => File.WriteAllText(path, "four"));
        files.TreeBytes(folder).Should().Be(4 * Count);

        var deleting = Task.Run(() => paths.ForEach(File.Delete), TestContext.Current.CancellationToken);
        var sizes = new List<long>();
        do
        {
            sizes.Add(files.TreeBytes(folder));
        }
        while (!deleting.IsCompleted);
        await deleting;

        sizes.Should().BeInDescendingOrder();
        files.TreeBytes(folder).Should().Be(0);
    }
}
