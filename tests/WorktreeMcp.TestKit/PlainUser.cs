using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace WorktreeMcp.TestKit;

/// <summary>
/// What an ordinary user may do, also where the tests run as the super user, who may write everywhere: that right is given up, by a thread
/// for itself and by the programs that it starts.
/// </summary>
public static class PlainUser
{
    // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER.
    private const uint Rights = (1u << 1) | (1u << 2) | (1u << 3);
    private const uint Version3 = 0x20080522;

    private static readonly Lazy<string?> Missing = new(Try);

    /// <summary>Why nothing can be tried as an ordinary user here; null when it can.</summary>
    public static string? Refusal => Missing.Value;

    /// <summary>What stands before a program that an ordinary user starts; empty for one who is.</summary>
    public static IReadOnlyList<string> Words { get; } = Environment.IsPrivilegedProcess
        ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--inh-caps=-all"]
        : [];

    /// <summary>Does something as an ordinary user; git has to be one from <see cref="Git"/>.</summary>
    /// <typeparam name="T">What it comes to.</typeparam>
    /// <param name="act">What is done; on a thread of its own.</param>
    /// <returns>What it came to.</returns>
    public static T Do<T>(Func<T> act)
    {
        ArgumentNullException.ThrowIfNull(act);
        T? result = default;
        ExceptionDispatchInfo? fault = null;
        var thread = new Thread(() =>
        {
            try
            {
                GiveUp();
                result = act();
            }
            catch (Exception thrown)
            {
                fault = ExceptionDispatchInfo.Capture(thrown);
            }
        });
        thread.Start();
        thread.Join();
        fault?.Throw();
        return result!;
    }

    /// <summary>The environment of a server whose git is an ordinary user's.</summary>
    /// <param name="folder">Where that git is put; also the home.</param>
    /// <param name="before">What a shell does before each call of git, which it has as its words.</param>
    /// <returns>PATH and HOME.</returns>
    public static IReadOnlyDictionary<string, string> Git(string folder, string before = "")
    {
        var path = Environment.GetEnvironmentVariable("PATH")!;
        var real = path.Split(':').Select(place => Path.Join(place, "git")).First(File.Exists);
        var bin = Directory.CreateDirectory(Path.Join(folder, "plain-bin")).FullName;
        Programs.Write(Path.Join(bin, "git"), $"#!/bin/sh\ngit() {{ {string.Join(' ', Words)} '{real}' \"$@\"; }}\n{before}\nexec {string.Join(' ', Words)} '{real}' \"$@\"\n");
        return new Dictionary<string, string> { ["PATH"] = $"{bin}:{path}", ["HOME"] = folder };
    }

    private static void GiveUp()
    {
        if (Words.Count == 0)
        {
            return;
        }

        var header = new Header { Version = Version3 };
        var data = new uint[6];
        if (capget(ref header, data) != 0)
        {
            throw new InvalidOperationException($"capget: {Marshal.GetLastPInvokeError()}");
        }

        // Effective, permitted and inheritable, of the lower half.
        data[0] &= ~Rights;
        data[1] &= ~Rights;
        data[2] &= ~Rights;
        if (capset(ref header, data) != 0)
        {
            throw new InvalidOperationException($"capset: {Marshal.GetLastPInvokeError()}");
        }
    }

    private static string? Try()
    {
        var probe = Directory.CreateTempSubdirectory("wtmcp-plain-").FullName;
        try
        {
            File.SetUnixFileMode(probe, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            var mayWrite = Do(() => MayWrite(Path.Join(probe, "here")));
            using var touch = Process.Start(new ProcessStartInfo(Words.Count > 0 ? Words[0] : "touch", [.. Words.Skip(1), .. Words.Count > 0 ? new[] { "touch" } : [], Path.Join(probe, "there")]) { RedirectStandardError = true })!;
            touch.WaitForExit();
            return mayWrite || touch.ExitCode == 0 ? "The right to write everywhere cannot be given up here." : null;
        }
        catch (Exception fault) when (fault is InvalidOperationException or System.ComponentModel.Win32Exception or EntryPointNotFoundException)
        {
            return $"The right to write everywhere cannot be given up here: {fault.Message}";
        }
        finally
        {
            File.SetUnixFileMode(probe, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Directory.Delete(probe, recursive: true);
        }
    }

    private static bool MayWrite(string path)
    {
        try
        {
            File.WriteAllText(path, string.Empty);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public uint Version;
        public int Process;
    }

#pragma warning disable SYSLIB1054, IDE1006, CA2101, CA5392 // Two calls of the system, by their own names.
    [DllImport("libc", SetLastError = true)]
    private static extern int capget(ref Header header, [In, Out] uint[] data);

    [DllImport("libc", SetLastError = true)]
    private static extern int capset(ref Header header, [In] uint[] data);
#pragma warning restore SYSLIB1054, IDE1006, CA2101, CA5392
}
