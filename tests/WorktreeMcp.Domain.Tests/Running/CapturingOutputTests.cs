using System.Text;
using FluentAssertions;
using WorktreeMcp.Domain.Running;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

public sealed class CapturingOutputTests
{
    [Theory]
    [InlineData("plain\ttext\n", "plain\ttext\n")]
    [InlineData("\e[1;31mred\e[0m \e[38:2::255:0:0mx\e[m", "red x")]
    [InlineData("\e]0;title\aa\e]8;;http://x\e\\link\e]8;;\e\\b", "alinkb")]
    [InlineData("\e(B\e7\e8\e=\ecx\e[?25ly\e[2Kz", "xyz")]
    [InlineData("\ePq#0;2;0;0;0\e\\after", "after")]
    [InlineData("\u009b31mred\u009b0m\u009d0;title\u009cx", "redx")]
    [InlineData("a\r\nb\rc\r\r\nd\r", "a\nb\nc\n\nd\n")]
    [InlineData("a\u0000b\u0001c\bd\u007fe\u0085f\u000c", "abcdef")]
    [InlineData("\e]0;never ended\nnext line", "\nnext line")]
    [InlineData("\e[31\nnext", "\nnext")]
    [InlineData("\e\e[1mx\e", "x")]
    [InlineData("ä © € 😀 \u00a0", "ä © € 😀 \u00a0")]
    public void Text_is_made_plain_wherever_the_reads_fall(string written, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(written);

        for (var size = 1; size <= bytes.Length; size++)
        {
            Capture(bytes, size).Should().Be(new CapturedText(expected, false, bytes.Length, 0) { NulBytes = written.Count(letter => letter == '\0') });
        }
    }

    [Theory]
    [InlineData(new byte[] { (byte)'a', 0xFF, (byte)'b' }, "a\uFFFDb")]
    [InlineData(new byte[] { 0xE2, 0x82 }, "\uFFFD")]
    [InlineData(new byte[] { (byte)'a', 0xC2 }, "a\uFFFD")]
    [InlineData(new byte[] { 0xC2, 0xC2, 0xA9 }, "\uFFFD©")]
    [InlineData(new byte[] { 0xC2, 0x1B, (byte)'c', 0x9B, (byte)'x' }, "\uFFFD\uFFFDx")]
    public void What_is_not_utf8_becomes_a_replacement_character(byte[] bytes, string expected)
        => Capture(bytes, 1).Text.Should().Be(expected);

    [Theory]
    [InlineData("a\0b", "ab", 1)]
    [InlineData("\0\0\u0001\a", "", 2)]
    [InlineData("\u001b[31mred\u001b[0m\b", "red", 0)]
    public void NUL_bytes_that_are_taken_out_are_counted(string written, string text, long nuls) =>
        Capture(Encoding.UTF8.GetBytes(written), 3).Should().Be(new CapturedText(text, false, written.Length, 0) { NulBytes = nuls });

    [Fact]
    public void Output_that_just_fits_is_whole()
    {
        var text = string.Concat(Enumerable.Repeat("0123456789", 3));

        Capture(Encoding.UTF8.GetBytes(text), 7, head: 10, tail: 20).Should().Be(new CapturedText(text, false, 30, 0));
    }

    [Fact]
    public void Output_without_line_ends_is_cut_between_characters()
    {
        var text = string.Concat(Enumerable.Repeat("€😀ä", 1000));
        var bytes = Encoding.UTF8.GetBytes(text);

        for (var head = 20; head < 30; head++)
        {
            for (var tail = 20; tail < 30; tail++)
            {
                var captured = Capture(bytes, 1000, head, tail);
                var parts = captured.Text.Split('\n');
                parts.Should().HaveCount(3);
                text.Should().StartWith(parts[0]).And.EndWith(parts[2]);
                parts[0].Length.Should().BeGreaterThan(5);
                captured.OmittedBytes.Should().Be(bytes.Length - Encoding.UTF8.GetByteCount(parts[0] + parts[2]));
            }
        }
    }

    [Fact]
    public void Output_is_cut_at_line_ends_within_reach()
    {
        var text = string.Concat(Enumerable.Range(1000, 100).Select(i => $"{i}\n"));

        Capture(Encoding.UTF8.GetBytes(text), 13, head: 23, tail: 23).Should()
            .Be(new CapturedText("1000\n1001\n1002\n1003\n… 460 bytes omitted …\n1096\n1097\n1098\n1099\n", true, 500, 460));
    }

    [Fact]
    public void A_cut_never_shows_a_piece_of_an_escape_sequence()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\e[38;5;196mx\e[0m\e]8;;http://host/\e\\", 500)));

        for (var head = 20; head < 60; head++)
        {
            Capture(bytes, 11, head, head).Text.Replace($"{500 - (2 * head)}", "", StringComparison.Ordinal)
                .Should().Be($"{new string('x', head)}\n…  bytes omitted …\n{new string('x', head)}");
        }
    }

    [Fact]
    public void Random_bytes_are_survived_in_a_bounded_text()
    {
        var bytes = new byte[300_000];
        new Random(7).NextBytes(bytes);

        var captured = Capture(bytes, 4096);

        captured.TotalBytes.Should().Be(bytes.Length);
        captured.Text.Length.Should().BeLessThan(21 * 1024);
        captured.Text.Where(letter => char.IsControl(letter) && letter is not ('\n' or '\t')).Should().BeEmpty();
    }

    private static CapturedText Capture(
        byte[] bytes, int readSize, int head = StreamCapture.DefaultHead, int tail = StreamCapture.DefaultTail)
    {
        var capture = new StreamCapture(head, tail);
        foreach (var piece in bytes.Chunk(readSize))
        {
            capture.Add(piece);
        }

        return capture.Finish();
    }
}
