using System.Globalization;

namespace WorktreeMcp.Bench;

/// <summary>The table. A time beside an aim is a fact about this machine at this moment; nothing fails because of it.</summary>
internal sealed class Report(params IReadOnlyList<TextWriter?> outputs)
{
    internal void Section(string title)
    {
        Line();
        Line($"### {title}");
        Line();
        Line("| what | n | median ms | min ms | beside it | median ms | min ms | ratio (of minima) | aim |");
        Line("|---|---:|---:|---:|---|---:|---:|---:|---|");
    }

    internal void Row(string what, Samples ours, string aim = "") =>
        Line($"| {what} | {ours.Count} | {Ms(ours.Median)} | {Ms(ours.Min)} | | | | | {aim} |");

    internal void Row(string what, Samples ours, string beside, Samples other, string aim = "") =>
        Line($"| {what} | {ours.Count} | {Ms(ours.Median)} | {Ms(ours.Min)} | {beside} | {Ms(other.Median)} | {Ms(other.Min)} | "
            + $"{Ratio(ours.Median / other.Median)} ({Ratio(ours.Min / other.Min)}) | {aim} |");

    /// <summary>Begins a table with headings of its own; the first two hold words, the others numbers.</summary>
    internal void Table(params string[] headings)
    {
        Line();
        Cells(headings);
        Line($"|{string.Concat(headings.Select((_, at) => at < 2 ? "---|" : "---:|"))}");
    }

    internal void Cells(params string[] cells) => Line($"| {string.Join(" | ", cells)} |");

    internal void Note(string text)
    {
        Line();
        Line(text);
    }

    private void Line(string text = "")
    {
        foreach (var output in outputs.OfType<TextWriter>())
        {
            output.WriteLine(text);
        }
    }

    internal static string Ms(double value) => value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);

    // Some aims are a hundredth.
    private static string Ratio(double value) => value.ToString(value < 0.1 ? "0.0000" : "0.00", CultureInfo.InvariantCulture);
}
