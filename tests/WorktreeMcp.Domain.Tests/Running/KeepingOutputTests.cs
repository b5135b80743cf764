using System.Text;
using FluentAssertions;
using WorktreeMcp.Domain.Platform.Processes;
using WorktreeMcp.Domain.Running;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

public sealed class KeepingOutputTests : IDisposable
{
    private static readonly RunLogLimits Small = new(SegmentBytes: 100, FirstSegments: 2, LastSegments: 3, FreeSpaceFloor: 1000);

    private readonly string _folder = Directory.CreateTempSubdirectory("worktree-mcp-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Both_streams_are_read_back_in_the_order_they_were_written()
    {
        using var writer = new RunLogWriter(_folder, RunLogLimits.Default);
        for (var i = 0; i < 50; i++)
        {
            writer.Append(i % 3 == 0 ? ChildStream.Error : ChildStream.Output, Encoding.UTF8.GetBytes($"line {i}\n"));
        }

        var (parts, next) = OutputPart.Of(new RunLogReader(_folder).Read(0, 100_000), isWhole: true);

        string.Concat(parts.Select(part => part.Text)).Should().Be(string.Concat(Enumerable.Range(0, 50).Select(i => $"line {i}\n")));
        string.Concat(parts.Where(part => part.Stream == ChildStream.Error).Select(part => part.Text)).Should()
            .Be(string.Concat(Enumerable.Range(0, 50).Where(i => i % 3 == 0).Select(i => $"line {i}\n")));
        next.Should().Be(writer.Offset);
    }

    [Fact]
    public void What_is_read_in_pieces_is_the_same_as_the_whole()
    {
        using var writer = new RunLogWriter(_folder, Small with { FirstSegments = 100 });
        var expected = new StringBuilder();
        for (var i = 0; i < 60; i++)
        {
            var line = $"{i} ä€😀\n";
            expected.Append(line);
            writer.Append(i % 2 == 0 ? ChildStream.Output : ChildStream.Error, Encoding.UTF8.GetBytes(line));
        }

        for (var most = 20; most < 40; most++)
        {
            var text = new StringBuilder();
            for (long from = 0; from < writer.Offset;)
            {
                var (parts, next) = OutputPart.Of(new RunLogReader(_folder).Read(from, most), isWhole: true);
                parts.ToList().ForEach(part => text.Append(part.Text));
                next.Should().BeGreaterThan(from);
                from = next;
            }

            text.ToString().Should().Be(expected.ToString(), $"pieces of {most}");
        }
    }

    [Fact]
    public void Of_an_endless_output_the_beginning_and_the_end_stay()
    {
        using var writer = new RunLogWriter(_folder, Small);
        for (var i = 0; i < 1000; i++)
        {
            writer.Append(ChildStream.Output, Encoding.UTF8.GetBytes($"{i:D9}\n"));
        }

        var reader = new RunLogReader(_folder);
        Directory.GetFiles(_folder).Sum(file => new FileInfo(file).Length).Should().BeLessThan(700);
        var head = reader.Read(0, 10_000);
        Encoding.UTF8.GetString(head.Bytes).Should().StartWith("000000000\n").And.EndWith("000000019\n").And.HaveLength(200);
        var tail = reader.Read(200, 10_000);
        tail.Offset.Should().Be(9_700);
        tail.Length.Should().Be(10_000);
        Encoding.UTF8.GetString(tail.Bytes).Should().StartWith("000000970\n").And.EndWith("000000999\n");
    }

    [Fact]
    public void Below_the_floor_of_free_space_nothing_is_written_and_the_offsets_go_on()
    {
        long free = 5_000;
        using var writer = new RunLogWriter(_folder, Small with { FirstSegments = 1_000_000, SegmentBytes = 16 * 1024 * 1024 }, () => free);
        var piece = new byte[1024 * 1024];
        writer.Append(ChildStream.Output, "before\n"u8);
        free = 10;
        for (var i = 0; i < 10; i++)
        {
            writer.Append(ChildStream.Output, piece);
        }

        // What comes between two looks may still be written, once; after that nothing is, however long the disk stays full.
        Output().Should().Be(7 + RunLogWriter.SpaceCheckBytes);
        for (var i = 0; i < 10; i++)
        {
            writer.Append(ChildStream.Output, piece);
        }

        Output().Should().Be(7 + RunLogWriter.SpaceCheckBytes);
        free = 5_000;
        for (var i = 0; i < 10; i++)
        {
            writer.Append(ChildStream.Output, piece);
        }

        writer.Offset.Should().Be((30 * 1024 * 1024) + 7);
        Output().Should().BeInRange(7 + RunLogWriter.SpaceCheckBytes + (6 * piece.Length), 7 + RunLogWriter.SpaceCheckBytes + (10 * piece.Length));
        new RunLogReader(_folder).Read(0, 7).Bytes.Should().Equal("before\n"u8.ToArray());
        new RunLogReader(_folder).Read(writer.Offset - 5, 100).Bytes.Should().HaveCount(5);

        long Output() => Directory.GetFiles(_folder, RunLogWriter.OutputPrefix + "*").Sum(file => new FileInfo(file).Length);
    }

    [Fact]
    public void A_folder_that_vanishes_does_not_end_the_command()
    {
        using var writer = new RunLogWriter(_folder, Small);
        Directory.Delete(_folder, recursive: true);

        FluentActions.Invoking(() => writer.Append(ChildStream.Output, new byte[1000])).Should().NotThrow();

        Directory.CreateDirectory(_folder);
        writer.Offset.Should().Be(1000);
    }

    [Theory]
    [InlineData("whole line\nand a pie", "whole line\n")]
    [InlineData("no line end", "no line end")]
    [InlineData("text \e[31", "text ")]
    [InlineData("text \e[31m red", "text  red")]
    [InlineData("text \e]0;a title", "text ")]
    public void What_is_cut_is_not_torn(string written, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(written);
        StreamChange[] changes = [new(0, ChildStream.Output)];

        var (parts, next) = OutputPart.Of(new LogChunk(0, bytes, changes, expected.EndsWith('\n') ? bytes.Length + 10 : bytes.Length), isWhole: false);

        parts.Should().ContainSingle().Which.Text.Should().Be(expected);
        if (expected.Length < written.Length && !written.Contains("red", StringComparison.Ordinal))
        {
            next.Should().Be(expected.Length);
        }
    }

    [Fact]
    public void A_character_whose_rest_is_still_to_come_is_left_for_later()
    {
        StreamChange[] changes = [new(0, ChildStream.Output)];
        var bytes = Encoding.UTF8.GetBytes("a€");

        OutputPart.Of(new LogChunk(0, bytes[..3], changes, 3), isWhole: false).Next.Should().Be(1);
        OutputPart.Of(new LogChunk(0, bytes[..3], changes, 3), isWhole: true).Parts.Single().Text.Should().Be("a\uFFFD");
    }

    [Fact]
    public void A_short_output_makes_no_file_and_is_read_from_memory()
    {
        using var log = new RunLog(() => throw new InvalidOperationException("no folder is asked for"));
        log.Add(ChildStream.Output, "one\n"u8);
        log.Add(ChildStream.Error, "two\n"u8);

        var (parts, next) = OutputPart.Of(log.Read(0, 100)!, isWhole: true);

        parts.Should().Equal(new OutputPart(ChildStream.Output, "one\n"), new OutputPart(ChildStream.Error, "two\n"));
        next.Should().Be(8);
        log.LastLine().Should().Be("two");
    }

    [Fact]
    public void An_output_that_outgrows_memory_lies_in_files_from_its_first_byte()
    {
        using var log = new RunLog(() => _folder);
        for (var i = 0; i < 10_000; i++)
        {
            log.Add(ChildStream.Output, Encoding.UTF8.GetBytes($"{i}\n"));
        }

        log.Read(0, 10).Should().BeNull();
        var (output, _, readOn) = log.Now(ended: true);
        output.Truncated.Should().BeTrue();
        var head = output.Text.Split('\n').TakeWhile(line => !line.StartsWith('…')).ToList();
        var chunk = new RunLogReader(_folder).Read(readOn!.Value, 1000);
        Encoding.UTF8.GetString(new RunLogReader(_folder).Read(0, 4).Bytes).Should().Be("0\n1\n");
        Encoding.UTF8.GetString(chunk.Bytes).Split('\n')[1].Should().Be($"{int.Parse(head[^1], null) + 2}", "it goes on where the beginning was cut, within a line");
    }
}
