using System.Text;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Running;

/// <summary>A run as its folder has it.</summary>
/// <param name="Record">What is known of it.</param>
/// <param name="Layout">Where the repository lies.</param>
/// <param name="Path">The folder.</param>
/// <param name="IsRunning">Whether somebody watches over it and its end is not written yet.</param>
internal sealed record FoundRun(RunRecord Record, StateLayout Layout, string Path, bool IsRunning)
{
    internal RunLogReader Output => new(Path);

    /// <summary>Asks whoever watches over it to end it.</summary>
    internal void AskToStop(string by)
    {
        try
        {
            using var folder = HeldFolder.Open(Layout, Path);
            folder.Put(RunFolder.StopFile, Encoding.UTF8.GetBytes(by));
        }
        catch (NotPlainException fault)
        {
            throw fault.ToRefusal();
        }
    }
}
