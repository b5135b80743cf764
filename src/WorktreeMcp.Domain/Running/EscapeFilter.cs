using System.Buffers;

namespace WorktreeMcp.Domain.Running;

/// <summary>Takes text that is plain.</summary>
/// <param name="text">UTF-8; gone when the call returns.</param>
internal delegate void PlainTextSink(ReadOnlySpan<byte> text);

/// <summary>
/// Takes escape sequences and control codes out of a terminal's byte stream. It remembers where it is between calls, so a
/// sequence may be spread over any number of them. Only \n and \t remain; \r\n and a lone \r become \n. A line end also
/// ends a sequence, so that an unfinished one cannot swallow what follows.
/// </summary>
internal sealed class EscapeFilter
{
    private const byte Escape = 0x1B;
    private const byte Bell = 0x07;

    // The codes U+0080 to U+009F are this byte and one of 80 to 9F; U+00A0 to U+00BF begin with it too.
    private const byte HighControlLead = 0xC2;

    private static readonly SearchValues<byte> Special = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Where(code => code is not ('\n' or '\t')).Select(code => (byte)code), 0x7F, HighControlLead]);

    private State _state;

    /// <summary>How many NUL bytes were taken out: they are no formatting, so what is left is not all that was written.</summary>
    internal long Nuls { get; private set; }

    private enum State
    {
        Text,
        AfterReturn,
        AfterHighLead,
        AfterEscape,
        Intermediate,
        Control,
        String,
        StringAfterEscape,
        StringAfterHighLead,
    }

    /// <summary>Takes the next bytes and passes on what is plain.</summary>
    internal void Add(ReadOnlySpan<byte> bytes, PlainTextSink sink)
    {
        while (!bytes.IsEmpty)
        {
            if (_state == State.Text)
            {
                var run = bytes.IndexOfAny(Special);
                run = run < 0 ? bytes.Length : run;
                if (run > 0)
                {
                    sink(bytes[..run]);
                    bytes = bytes[run..];
                    continue;
                }
            }

            // A byte that ends a state without being part of it is looked at again in the next one.
            if (Step(bytes[0], sink))
            {
                bytes = bytes[1..];
            }
        }
    }

    /// <summary>Says that a byte still waits for its other half, now that none comes.</summary>
    internal void End(PlainTextSink sink)
    {
        if (_state == State.AfterHighLead)
        {
            sink("\uFFFD"u8);
        }

        _state = State.Text;
    }

    private bool Step(byte value, PlainTextSink sink) => _state switch
    {
        State.Text => Begin(value, sink),
        State.AfterReturn => To(State.Text, value == '\n'),
        State.AfterHighLead => HighControl(value, sink),
        State.AfterEscape => AfterEscape(value),
        State.Intermediate => Within(value, 0x20, 0x2F, 0x30),
        State.Control => Within(value, 0x20, 0x3F, 0x40),
        State.String => InString(value),
        State.StringAfterEscape => value == '\\' ? To(State.Text, true) : To(State.AfterEscape, false),
        _ => value == 0x9C ? To(State.Text, true) : To(State.String, false),
    };

    private bool Begin(byte value, PlainTextSink sink)
    {
        switch (value)
        {
            case Escape:
                return To(State.AfterEscape, true);
            case HighControlLead:
                return To(State.AfterHighLead, true);
            case (byte)'\r':
                sink("\n"u8);
                return To(State.AfterReturn, true);
            default:
                Nuls += value == 0 ? 1 : 0;
                return true;
        }
    }

    private bool HighControl(byte value, PlainTextSink sink)
    {
        if (value is >= 0xA0 and <= 0xBF)
        {
            sink([HighControlLead, value]);
            return To(State.Text, true);
        }

        if (value is < 0x80 or > 0x9F)
        {
            // Passed on alone it could make a control code with what follows the sequence that begins here.
            sink("\uFFFD"u8);
            return To(State.Text, false);
        }

        // U+0080 to U+009F are short for ESC and the code less 0x40.
        return Sequence((byte)(value - 0x40));
    }

    private bool AfterEscape(byte value) => value switch
    {
        Escape => true,
        >= 0x20 and <= 0x2F => To(State.Intermediate, true),
        >= 0x30 and <= 0x7E => Sequence(value),
        0x18 or 0x1A => To(State.Text, true),
        _ => To(State.Text, false),
    };

    private bool Sequence(byte kind) => kind switch
    {
        (byte)'[' => To(State.Control, true),
        (byte)']' or (byte)'P' or (byte)'X' or (byte)'^' or (byte)'_' => To(State.String, true),
        _ => To(State.Text, true),
    };

    private bool Within(byte value, byte least, byte most, byte final)
    {
        if (value >= least && value <= most)
        {
            return true;
        }

        return To(State.Text, value >= final && value <= 0x7E);
    }

    private bool InString(byte value) => value switch
    {
        Bell or 0x18 or 0x1A => To(State.Text, true),
        Escape => To(State.StringAfterEscape, true),
        HighControlLead => To(State.StringAfterHighLead, true),
        (byte)'\n' or (byte)'\r' => To(State.Text, false),
        _ => true,
    };

    private bool To(State next, bool taken)
    {
        _state = next;
        return taken;
    }
}
