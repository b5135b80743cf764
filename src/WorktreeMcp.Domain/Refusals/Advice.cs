using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;

namespace WorktreeMcp.Domain.Refusals;

/// <summary>How a step is named within a sentence.</summary>
public enum StepForm
{
    /// <summary>As it would be written to be carried out.</summary>
    Written,

    /// <summary>With its arguments in words.</summary>
    With,
}

/// <summary>A piece of advice: text, or what can be done.</summary>
/// <param name="Text">The words; null where it is a step.</param>
/// <param name="Kind">A kind of step without arguments, or null.</param>
/// <param name="Step">A step with its arguments, or null.</param>
/// <param name="Form">How that is named.</param>
public sealed record AdvicePart(string? Text = null, Step? Kind = null, NextStep? Step = null, StepForm Form = StepForm.Written);

/// <summary>
/// A sentence that tells what to do, in which the steps are values: <c>$"Commit it with {Step.RunCommand}, then repeat the call."</c>
/// Whoever shows it puts in words of its own for them. In a conditional the first branch needs the cast <c>(Advice)$"..."</c>; without it the
/// sentence is made into text here, where there is no word for a step.
/// </summary>
[InterpolatedStringHandler]
public sealed class Advice
{
    private readonly List<AdvicePart> _parts;

    /// <summary>Begins a sentence.</summary>
    /// <param name="literalLength">As the compiler counts it.</param>
    /// <param name="formattedCount">As the compiler counts it.</param>
    public Advice(int literalLength, int formattedCount) => _parts = new List<AdvicePart>(literalLength > 0 ? 1 + (2 * formattedCount) : formattedCount);

    /// <summary>A sentence of these pieces.</summary>
    /// <param name="parts">The pieces, in order.</param>
    public Advice(IEnumerable<AdvicePart> parts) => _parts = [.. parts];

    /// <summary>Its pieces, in order.</summary>
    public IReadOnlyList<AdvicePart> Parts => _parts;

    /// <summary>Takes plain words.</summary>
    /// <param name="words">A sentence without a step.</param>
    public static implicit operator Advice(string words) => FromString(words);

    /// <summary>Takes plain words.</summary>
    /// <param name="words">A sentence without a step.</param>
    /// <returns>The sentence.</returns>
    public static Advice FromString(string words) => new([new AdvicePart(words)]);

    /// <summary>Adds words.</summary>
    /// <param name="words">The words.</param>
    public void AppendLiteral(string words) => _parts.Add(new AdvicePart(words));

    /// <summary>Adds a step as it would be written, the name of a kind of step, what another sentence says, or any other value in words.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="value">The value.</param>
    public void AppendFormatted<T>(T value)
    {
        // By what it is: an overload for steps would give way to this one, which fits each of their records better.
        switch (value)
        {
            case Step kind:
                _parts.Add(new AdvicePart(Kind: kind));
                break;
            case NextStep step:
                _parts.Add(new AdvicePart(Step: step));
                break;
            case Advice advice:
                _parts.AddRange(advice._parts);
                break;
            default:
                _parts.Add(new AdvicePart(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value}")));
                break;
        }
    }

    /// <summary>Adds a step with its arguments in words.</summary>
    /// <param name="step">The step.</param>
    /// <param name="format">"with".</param>
    public void AppendFormatted(NextStep step, string format) => _parts.Add(new AdvicePart(Step: step, Form: format == "with" ? StepForm.With : throw new ArgumentOutOfRangeException(nameof(format), format, null)));

    /// <summary>For logs and tests: the steps by the names they have here.</summary>
    /// <returns>The sentence.</returns>
    public override string ToString() => string.Concat(_parts.Select(part => part.Text ?? part.Step?.ToString() ?? part.Kind.ToString()));
}

/// <summary>Advice as it passes from one process of ours to another.</summary>
[JsonSerializable(typeof(NextStep))]
[JsonSerializable(typeof(IReadOnlyList<AdvicePart>))]
internal sealed partial class AdviceJson : JsonSerializerContext;
