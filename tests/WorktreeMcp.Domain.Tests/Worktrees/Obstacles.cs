using System.Diagnostics;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Folders that may not be written and files that nobody may change, until they are cleared.</summary>
internal sealed class Obstacles(TempRepository repo) : IDisposable
{
    private readonly List<string> _unwritable = [];
    private readonly List<string> _immutable = [];

    /// <summary>Lets an ordinary user write nothing in a folder.</summary>
    internal void Unwritable(string folder)
    {
        var path = Path.GetFullPath(folder, repo.Root);
        Permit(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _unwritable.Add(path);
    }

    private static void Permit(string path, UnixFileMode mode) => File.SetUnixFileMode(path, mode);

    /// <summary>Lets nobody change a file or folder; skips the test where that cannot be had.</summary>
    internal void Immutable(string path)
    {
        RequireImmutable(repo.Base);
        _immutable.Add(path);
        if (!Attribute("+i", Path.GetFullPath(path, repo.Root)))
        {
            throw new InvalidOperationException($"{path} could not be made immutable.");
        }
    }

    /// <summary>One that something else has made immutable.</summary>
    internal void Know(string path) => _immutable.Add(path);

    /// <summary>Skips the test where files cannot be made immutable.</summary>
    internal static void RequireImmutable(string folder)
    {
        var probe = Path.Join(folder, "probe");
        File.WriteAllText(probe, string.Empty);
        Assert.SkipUnless(Attribute("+i", probe), "Files cannot be made immutable here: that takes the super user, chattr and a file system that has it.");
        Attribute("-i", probe);
    }

    /// <summary>Everything is as it was.</summary>
    internal void Clear()
    {
        foreach (var path in _unwritable.Where(Directory.Exists))
        {
            Permit(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        foreach (var path in _immutable)
        {
            Attribute("-i", Path.GetFullPath(path, repo.Root));
        }

        _unwritable.Clear();
        _immutable.Clear();
    }

    public void Dispose() => Clear();

    private static bool Attribute(string change, string path)
    {
        try
        {
            using var chattr = Process.Start(new ProcessStartInfo("chattr", [change, path]) { RedirectStandardError = true })!;
            chattr.WaitForExit();
            return chattr.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
