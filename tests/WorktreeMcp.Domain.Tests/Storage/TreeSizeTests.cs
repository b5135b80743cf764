using System.IO.Abstractions;
using FluentAssertions;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

public sealed class TreeSizeTests : IDisposable
{
    private readonly TempRepository _repo = new(commit: false);

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void All_files_below_a_folder_are_counted_but_not_what_links_point_to()
    {
        var folder = Folder();
        Directory.CreateDirectory(Path.Join(folder, "a", "b"));
        File.WriteAllText(Path.Join(folder, "a", "b", "deep"), "12345");
        File.WriteAllText(Path.Join(_repo.Base, "elsewhere"), "much more than that");
        File.CreateSymbolicLink(Path.Join(folder, "link"), Path.Join(_repo.Base, "elsewhere"));

        new FileSystem().TreeBytes(folder).Should().Be(5);
    }

    [Fact]
    public void A_file_or_a_folder_that_goes_between_being_found_and_measured_counts_as_nothing()
    {
        var folder = Folder();
        Directory.CreateDirectory(Path.Join(folder, "inner"));
        var paths = new[] { "stays", "goes", Path.Join("inner", "goes, too") }.Select(name => Path.Join(folder, name)).ToList();
        paths.ForEach(path => File.WriteAllText(path, "four"));
        var found = paths.Select(new FileSystem().FileInfo.New).ToList();

        File.Delete(paths[1]);
        Directory.Delete(Path.Join(folder, "inner"), recursive: true);

        found.Sum(TreeSize.SizeNow).Should().Be(4);
    }

    [Fact]
    public void A_folder_that_has_gone_has_no_bytes()
    {
        new FileSystem().TreeBytes(Path.Join(_repo.Base, "gone")).Should().Be(0);
    }

    private string Folder() => Directory.CreateDirectory(Path.Join(_repo.Base, "measured")).FullName;
}
