using System.IO.Abstractions;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.TestKit;

/// <summary>The state of one server process: what it keeps in memory, and the board on it.</summary>
/// <param name="Store">The state.</param>
/// <param name="Board">The board on it.</param>
public sealed record OpenState(StateStore Store, TaskBoard Board);

/// <summary>A folder with the files of a board and a registry, without git; gone when disposed. Opening it is cheap, so loops use it.</summary>
public sealed class StateFolder : IDisposable
{
    private readonly List<StateStore> _opened = [];

    /// <summary>Makes an empty one.</summary>
    public StateFolder()
    {
        var folder = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        Root = Path.Join(folder, $"wtmcp-state-{Guid.NewGuid():N}"[..24]);
        Directory.CreateDirectory(Path.Join(Root, ".git"));
    }

    /// <summary>Where it lies.</summary>
    public string Root { get; }

    /// <summary>Where each file lies.</summary>
    public StateLayout Layout => new(Root, Path.Join(Root, ".git"));

    /// <summary>Opens it as another server process would.</summary>
    /// <param name="disk">For writing; null for the real disk.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="patience">How long to wait for the lock; null for the default.</param>
    /// <param name="rotateAt">Up to which size the operation log is left as it is; null for the default.</param>
    /// <param name="files">For reading and listing; null for the real disk.</param>
    /// <returns>State and board.</returns>
    public OpenState Open(IDisk? disk = null, TimeProvider? time = null, TimeSpan? patience = null, long? rotateAt = null, IFileSystem? files = null)
    {
        var store = new StateStore(Layout, files ?? new FileSystem(), disk ?? new Disk(), time ?? TimeProvider.System, patience: patience, rotateAt: rotateAt);
        _opened.Add(store);
        return new OpenState(store, new TaskBoard(store));
    }

    /// <summary>Writes a file by hand.</summary>
    /// <param name="path">Relative to the folder.</param>
    /// <param name="text">Its content.</param>
    public void Write(string path, string text)
    {
        var full = Path.Join(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">Relative to the folder.</param>
    /// <returns>Its content.</returns>
    public string Read(string path) => File.ReadAllText(Path.Join(Root, path));

    /// <summary>The objects of a .jsonl file, oldest first; fails if a line is not one.</summary>
    /// <param name="path">Absolute.</param>
    /// <returns>None when the file is absent.</returns>
    public static IReadOnlyList<JsonObject> Lines(string path) =>
        File.Exists(path) ? [.. File.ReadAllLines(path).Select(line => JsonNode.Parse(line, documentOptions: new() { MaxDepth = 100 })!.AsObject())] : [];

    /// <summary>The events, oldest first.</summary>
    /// <returns>None when there is no log.</returns>
    public IReadOnlyList<JsonObject> Events() => Lines(Layout.Events);

    /// <summary>The operations, oldest first.</summary>
    /// <returns>None when there is no log.</returns>
    public IReadOnlyList<JsonObject> Operations() => Lines(Layout.OperationLog);

    /// <summary>What was set aside.</summary>
    /// <returns>The content of each file in quarantine.</returns>
    public IReadOnlyList<string> Quarantined() =>
        Directory.Exists(Layout.Quarantine) ? [.. Directory.GetFiles(Layout.Quarantine).Select(File.ReadAllText)] : [];

    /// <summary>Temporary files that lie about.</summary>
    /// <returns>Their paths.</returns>
    public IReadOnlyList<string> Leftovers() => [.. Directory.EnumerateFiles(Root, "*.tmp", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var store in _opened)
        {
            store.Dispose();
        }

        Directory.Delete(Root, recursive: true);
    }
}
