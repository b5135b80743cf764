namespace WorktreeMcp.Domain.Storage;

/// <summary>Where damaged bytes are set aside, intact, under a name that says what they were.</summary>
internal static class Quarantine
{
    /// <summary>Keeps a copy of damaged bytes.</summary>
    /// <returns>The path of the copy.</returns>
    internal static string Keep(StateLayout layout, IDurableFiles disk, string name, ReadOnlySpan<byte> bytes)
    {
        disk.MakeFolder(layout.Quarantine);
        var path = Path.Join(layout.Quarantine, $"{name}.{StateJson.Hash(bytes)[..12]}");
        var temporary = path + ".tmp";
        disk.WriteTemporary(temporary, bytes);
        disk.Sync(temporary);
        disk.Replace(temporary, path);
        return path;
    }
}
