using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Locks;

/// <summary>Who holds the lock, as its side file says; for messages only, never to decide anything.</summary>
/// <param name="Pid">Process number.</param>
/// <param name="Host">Machine name.</param>
/// <param name="Operation">What it is doing.</param>
/// <param name="Since">Unix seconds.</param>
internal sealed record LockHolder(int Pid, string Host, string Operation, double Since)
{
    // The end of the year 9999, after which there is no DateTimeOffset.
    private const double LastSecond = 253_402_300_799;

    internal JsonObject ToJson(string boot) => new()
    {
        ["pid"] = Pid,
        ["host"] = Host,
        ["boot"] = boot,
        ["operation"] = Operation,
        ["since"] = Since,
    };

    internal static LockHolder? From(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StateJson.Read(bytes) is { } json && (double)json["since"]! is >= 0 and <= LastSecond
                ? new LockHolder((int)json["pid"]!, (string)json["host"]!, (string)json["operation"]!, (double)json["since"]!)
                : null;
        }
        catch (Exception fault) when (fault is InvalidOperationException or FormatException or NullReferenceException or ArgumentNullException)
        {
            return null;
        }
    }
}
