using System.IO.Abstractions;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Setup;

/// <summary>
/// What a person has approved of which repository: commands, and settings that open something. It lies in the user's own state folder,
/// where no clone of a repository, no worktree and no confined command can bring it along; one file a repository, with the texts that were approved.
/// </summary>
/// <param name="root">The real path of the main checkout.</param>
/// <param name="folder">Where the approvals lie; null where the user has no home, and then nothing is approved.</param>
/// <param name="files">For reading.</param>
/// <param name="disk">For writing.</param>
/// <param name="time">The clock.</param>
/// <param name="refusedCaches">Why folders are no caches for commands, whoever approves them; none where all are.</param>
public sealed class Trust(string root, string? folder, IFileSystem files, IDisk disk, TimeProvider time, Func<IReadOnlyList<string>, IReadOnlyList<string>> refusedCaches)
{
    private readonly SettingsReader _reader = new(files, new Dictionary<string, string>());

    /// <summary>Where a user's approvals lie.</summary>
    internal static string? FolderOf(IReadOnlyDictionary<string, string> environment)
    {
        var state = environment.GetValueOrDefault("XDG_STATE_HOME") is { } set && Path.IsPathRooted(set) ? set
            : environment.GetValueOrDefault("HOME") is { Length: > 0 } home ? Path.Join(home, ".local", "state")
            : null;
        return state is null ? null : Path.Join(state, "worktree-mcp", "trust");
    }

    /// <summary>What the repository asks for as its main checkout has it now: it may have changed since the server began.</summary>
    /// <returns>Nothing where it asks for nothing.</returns>
    public SetupCommands Wanted()
    {
        var settings = _reader.Read(root);
        var refused = settings.Waiting.Where(one => one.Key == "run.cache_paths").SelectMany(one => refusedCaches([.. JsonNode.Parse(one.Value)!.AsArray().Select(path => path.Text()!)])).ToList();
        return new SetupCommands(settings.Setup, settings.Teardown)
        {
            Opens = settings.Waiting,
            Unread = settings.Unread,
            Refused = refused.Count == 0 ? null : $"{Path.Join(root, SettingsReader.FileName)}: {string.Join("; ", refused)}",
        };
    }

    /// <summary>Whether exactly these commands were approved for this repository.</summary>
    /// <param name="commands">The commands.</param>
    /// <returns>True if so.</returns>
    public bool IsApproved(SetupCommands commands) => Approval()?["fingerprint"].TextOrNull() == commands.Fingerprint(root);

    /// <summary>Whether all of it was approved as it stands, commands and settings.</summary>
    /// <param name="wanted">What the repository asks for.</param>
    /// <returns>True if so.</returns>
    public bool IsAllApproved(SetupCommands wanted)
    {
        var opened = Opened();
        return IsApproved(wanted) && opened.Count == wanted.Opens.Count && wanted.Opens.All(one => opened.GetValueOrDefault(one.Key) == one.Value);
    }

    /// <summary>The settings that were approved, as JSON by key.</summary>
    internal IReadOnlyDictionary<string, string> Opened() =>
        Approval()?["opens"] is JsonObject opens ? opens.Where(one => one.Value is not null).ToDictionary(one => one.Key, one => one.Value!.ToJsonString()) : [];

    /// <summary>Remembers that a person approved this; what was approved before holds no more.</summary>
    /// <param name="commands">What was shown to the person.</param>
    public void Approve(SetupCommands commands)
    {
        if (commands.Refused is { } refused)
        {
            throw new Refusal(RefusalCode.InvalidArgument, $"{refused}. Nobody can approve that.", "Take it out of the file, then repeat the command.");
        }

        var file = FileOf() ?? throw new Refusal(
            RefusalCode.InvalidArgument, "Neither HOME nor XDG_STATE_HOME is set, so there is no place for an approval.", "Set HOME and repeat the command.");
        disk.MakeFolder(folder!);
        disk.WriteTemporary(file + ".tmp", StateJson.Line(new JsonObject
        {
            ["repository"] = root,
            ["fingerprint"] = commands.Fingerprint(root),
            ["approved_at"] = StateJson.Seconds(time.GetUtcNow()),
            ["setup"] = new JsonArray([.. commands.Setup.Select(command => JsonValue.Create(command))]),
            ["teardown"] = new JsonArray([.. commands.Teardown.Select(command => JsonValue.Create(command))]),
            ["opens"] = new JsonObject(commands.Opens.Select(one => KeyValuePair.Create(one.Key, JsonNode.Parse(one.Value)))),
        }));
        disk.Sync(file + ".tmp");
        disk.Replace(file + ".tmp", file);
        disk.SyncFolder(folder!);
    }

    /// <summary>Takes an approval back.</summary>
    /// <returns>Whether there was one.</returns>
    public bool Revoke()
    {
        if (FileOf() is not { } file || files.KindOf(file) == FileKind.None)
        {
            return false;
        }

        disk.Delete(file);
        disk.SyncFolder(folder!);
        return true;
    }

    // What cannot be read approves nothing.
    private JsonObject? Approval()
    {
        try
        {
            return FileOf() is { } file && StateJson.Read(PlainFile.BytesIfThere(file, FileLimits.Record)) is { } approval && approval["repository"].TextOrNull() == root ? approval : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string? FileOf() =>
        folder is null ? null : Path.Join(folder, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(root)))[..32]}.json");
}
