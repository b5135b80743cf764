#pragma warning disable RS0030 // Platform is where the File and Directory statics belong.
using System.Globalization;
using WorktreeMcp.Domain.Platform.Processes;

namespace WorktreeMcp.Domain.Platform;

/// <summary>Says of a file that this user may not use whose it is, so that a refusal names who can help. Linux only; elsewhere it says nothing.</summary>
internal static class Ownership
{
    private const int Write = 2;
    private const int Enter = 1;
    private const ushort Rights = 0xFFF;

    /// <summary>The first of these files and folders, each with what is above it, that this user may not write; null when all can be written.</summary>
    /// <param name="paths">Absolute paths; those that are not there stand for the folders that they would be in.</param>
    internal static string? Denied(params IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            for (var at = path; at is not null; at = Path.GetDirectoryName(at))
            {
                if (Path.Exists(at))
                {
                    if (Libc.Access(at, Directory.Exists(at) ? Write | Enter : Write) != 0 && Describe(at) is { } words)
                    {
                        return words;
                    }

                    break;
                }
            }
        }

        return null;
    }

    private static string? Describe(string path) => KernelFiles.Of(KernelFiles.PathOf(path)) is not { } facts ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"{path} belongs to {NameOf((uint)(facts.Owner >> 32))} (group {(uint)facts.Owner}, mode {Convert.ToString(facts.Mode & Rights, 8)}), and this server runs as {NameOf(Libc.EffectiveUser())}");

    private static string NameOf(uint user)
    {
        try
        {
            var number = user.ToString(CultureInfo.InvariantCulture);
            var name = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 2 && fields[2] == number)?[0];
            return name is null ? $"user {number}" : $"{name} ({number})";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"user {user}";
        }
    }
}
