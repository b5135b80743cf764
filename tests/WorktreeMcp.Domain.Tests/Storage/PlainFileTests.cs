using System.IO.Abstractions;
using System.Text;
using FluentAssertions;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Storage;

/// <summary>What is read of a file: all of it, up to what a file of its kind may have, and each line that is not too long.</summary>
public sealed class PlainFileTests : IDisposable
{
    private readonly StateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(99_999)]
    [InlineData(100_000)]
    public void A_file_is_read_whole_up_to_its_limit(int length)
    {
        var path = Write(new string('x', length));

        PlainFile.Bytes(path, 100_000).Should().HaveCount(length);
        PlainFile.Problem(path, 100_000).Should().BeNull();
    }

    [Fact]
    public void One_byte_more_is_refused_and_said()
    {
        var path = Write(new string('x', 100_001));

        ((Action)(() => PlainFile.Bytes(path, 100_000))).Should().Throw<NotPlainException>().Which.Message.Should().StartWith(path).And.Contain("more than 97 kB");
    }

    [Fact]
    public void What_the_kernel_says_has_no_length_is_read_to_its_end()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no /proc.");

        PlainFile.TextIfThere("/proc/self/status", 100_000).Should().Contain("Pid:");
        ((Action)(() => PlainFile.Bytes("/proc/self/status", 10))).Should().Throw<NotPlainException>();
    }

    [Fact]
    public void What_is_not_there_is_told_from_what_cannot_be_there()
    {
        var path = Path.Join(_folder.Layout.Root, "absent");

        PlainFile.BytesIfThere(path, 10).Should().BeNull();
        PlainFile.Lines(path).Should().BeEmpty();
        PlainFile.Problem(path, 10).Should().BeNull();
        ((Action)(() => PlainFile.Bytes(path, 10))).Should().Throw<FileNotFoundException>();
        ((Action)(() => PlainFile.Bytes(Path.Join(path, "deeper"), 10))).Should().Throw<DirectoryNotFoundException>();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_link_is_followed_only_where_that_is_asked_for(bool followed)
    {
        var link = Path.Join(_folder.Layout.Root, "link");
        File.CreateSymbolicLink(link, Write("behind"));

        var read = () => Encoding.UTF8.GetString(PlainFile.Bytes(link, 10, followed));

        if (followed)
        {
            read().Should().Be("behind");
        }
        else
        {
            read.Should().Throw<NotPlainException>().Which.Problem.Should().Contain("it is a link");
        }
    }

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("one", new[] { "one" })]
    [InlineData("one\n", new[] { "one" })]
    [InlineData("one\r\n\ntwo", new[] { "one", "", "two" })]
    public void Lines_are_what_stands_between_newlines(string text, string[] lines) => PlainFile.Lines(Write(text)).Should().Equal(lines);

    [Theory]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(200_000)]
    [InlineData(262_144)]
    public void A_line_that_is_too_long_is_passed_over_and_no_other(int length)
    {
        var text = $"first\n{new string('x', length)}\nsecond\n{new string('y', length)}\n\nlast";

        PlainFile.Lines(Write(text)).Where(line => line.Length < 60_000).Should().Equal("first", "second", "", "last");
    }

    [Theory]
    [InlineData(10)]
    [InlineData(16 * 1024)]
    [InlineData((16 * 1024) + 1)]
    [InlineData(100_000)]
    public void A_log_is_read_from_both_ends_alike_and_a_line_that_is_too_long_stands_as_one_that_cannot_be_understood(int length)
    {
        var path = Write($"one\n{new string('x', length)}\ntwo\n{new string('y', 3 * length)}\nthree\ntorn");
        var log = new LineFile(path, _folder.Layout, new FileSystem(), new Disk(), longest: length);

        var backward = log.Backward().Select(line => (line.Offset, Text: Encoding.UTF8.GetString(line.Line))).Reverse().ToList();

        backward.Should().Equal(log.Forward(0).Select(line => (line.Offset, Encoding.UTF8.GetString(line.Line))));
        backward.Select(line => line.Text).Should().Equal("one", new string('x', length), "two", "!", "three");
        log.WholeLength().Should().Be(new FileInfo(path).Length - 4);
    }

    private string Write(string text)
    {
        var path = Path.Join(_folder.Layout.Root, $"file-{Guid.NewGuid():N}");
        Directory.CreateDirectory(_folder.Layout.Root);
        File.WriteAllText(path, text);
        return path;
    }
}
