using System.IO.Abstractions;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Storage;

namespace WorktreeMcp.Domain.Setup;

/// <summary>
/// Which commands of which repository a person has approved. It lies in the user's own state folder, where no clone of a
/// repository and no worktree can bring it along; one file a repository, with the texts that were approved.
/// </summary>
/// <param name="root">The real path of the main checkout.</param>
/// <param name="folder">Where the approvals lie; null where the user has no home, and then nothing is approved.</param>
/// <param name="files">For reading.</param>
/// <param name="disk">For writing.</param>
/// <param name="time">The clock.</param>
public sealed class Trust(string root, string? folder, IFileSystem files, IDurableFiles disk, TimeProvider time)
{
    /// <summary>Where a user's approvals lie.</summary>
    internal static string? FolderOf(IReadOnlyDictionary<string, string> environment)
    {
        var state = environment.GetValueOrDefault("XDG_STATE_HOME") is { } set && Path.IsPathRooted(set) ? set
            : environment.GetValueOrDefault("HOME") is { Length: > 0 } home ? Path.Join(home, ".local", "state")
            : null;
        return state is null ? null : Path.Join(state, "worktree-mcp", "trust");
    }

    /// <summary>The repository's commands as its main checkout has them now: they may have changed since the server began.</summary>
    /// <returns>None where there are none.</returns>
    public SetupCommands Wanted()
    {
        var settings = new SettingsReader(files, new Dictionary<string, string>()).Read(root);
        return new SetupCommands(settings.Setup, settings.Teardown) { Unread = settings.Unread };
    }

    /// <summary>Whether exactly these commands were approved for this repository.</summary>
    /// <param name="commands">The commands.</param>
    /// <returns>True if so.</returns>
    public bool IsApproved(SetupCommands commands) =>
        FileOf() is { } file
        && files.KindOf(file) == FileKind.Regular
        && StateJson.Read(files.File.ReadAllBytes(file)) is { } approval
        && approval["fingerprint"].TextOrNull() == commands.Fingerprint(root);

    /// <summary>Remembers that a person approved these commands; what was approved before holds no more.</summary>
    /// <param name="commands">What was shown to the person.</param>
    public void Approve(SetupCommands commands)
    {
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

    private string? FileOf() =>
        folder is null ? null : Path.Join(folder, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(root)))[..32]}.json");
}
