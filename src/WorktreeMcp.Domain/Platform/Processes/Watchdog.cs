using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>
/// Ends this process's children when this process is killed. It is a small shell in a session of its own, which no signal to
/// a child's group reaches; it is told on its input which children there are, and at the end of that input it ends those
/// that are left, by their group and by their marker. One that was killed itself is replaced at the next child.
/// </summary>
internal static unsafe class Watchdog
{
    // Builtins only while it waits; `grep` finds what left its group. A child is told twice: its marker before it starts, so
    // that none is missed, and its group once that has a number.
    private const string Script = """
        trap '' HUP INT QUIT TERM
        known=' '
        while read -r act it; do
          case $act in
            +) known="$known$it " ;;
            -) case $known in *" $it "*) known="${known%% $it *} ${known#* $it }" ;; esac ;;
          esac
        done
        groups= marks=
        for it in $known; do
          case $it in
            *[!0-9]*) marks="$marks -e $it" ;;
            *) groups="$groups $it" ;;
          esac
        done
        left() {
          for it in $groups; do kill -s 0 -- "-$it" && echo "-$it"; done
          [ -z "$marks" ] || grep -slaF $marks /proc/[0-9]*/environ | while read -r file; do file=${file#/proc/}; echo "${file%/environ}"; done
        }
        tell() { for it in $(left); do kill -s "$1" -- "$it"; kill -s CONT -- "$it"; done; }
        tell TERM
        for turn in 1 2 3 4 5 6 7 8 9 10 11 12; do
          [ -n "$(left)" ] || exit 0
          sleep 0.1
        done
        for turn in 1 2 3 4 5 6 7 8 9 10; do
          tell KILL
          [ -n "$(left)" ] || exit 0
          sleep 0.05
        done
        """;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, int> Known = [];
    private static Descriptor? _told;

    /// <summary>Begins to watch over a child that is about to be started; disposing it ends that.</summary>
    internal static Watch Over(string? marker)
    {
        // A marker that is more than one word would be told as two.
        if (marker is null || marker.Any(char.IsWhiteSpace) || !OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
        {
            return new Watch(null);
        }

        Add(marker);
        return new Watch(marker);
    }

    private static void Add(string word)
    {
        lock (Gate)
        {
            Known[word] = Known.GetValueOrDefault(word) + 1;
            if (!Tell($"+ {word}\n"))
            {
                Start();
            }
        }
    }

    private static void Remove(string word)
    {
        lock (Gate)
        {
            if (Known[word] == 1)
            {
                Known.Remove(word);
            }
            else
            {
                Known[word]--;
            }

            Tell($"- {word}\n");
        }
    }

    private static void Start()
    {
        try
        {
            var (reader, writer) = Descriptor.Pipe();
            using var nowhere = Descriptor.OpenToWrite("/dev/null");
            using (reader)
            {
                var environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" };
                UnreapedChildren.Leave(Spawner.Start(new ChildSpec("/bin/sh", ["-c", Script, "worktree-mcp-watchdog"], "/", environment), reader, nowhere, nowhere));
            }

            _told?.Dispose();
            _told = writer.NeverBlocking();
            foreach (var (word, times) in Known)
            {
                for (var i = 0; i < times; i++)
                {
                    Tell($"+ {word}\n");
                }
            }
        }
        catch (ChildStartException)
        {
            // A command that runs without its watchdog is better than none; the next one tries again.
        }
    }

    // False when nobody is there to be told. One that was stopped is not replaced: it would act on the end of its input.
    private static bool Tell(string line)
    {
        if (_told is not { } told)
        {
            return false;
        }

        var bytes = Encoding.UTF8.GetBytes(line);
        fixed (byte* start = bytes)
        {
            return Libc.Write(told.Number, start, bytes.Length) >= 0 || Marshal.GetLastPInvokeError() != Errno.BrokenPipe;
        }
    }

    /// <summary>The watch over one child.</summary>
    internal sealed class Watch(string? marker) : IDisposable
    {
        private string? _group;
        private bool _over;

        /// <summary>The child has started.</summary>
        internal void Started(int pid)
        {
            if (marker is not null)
            {
                _group = pid.ToString(CultureInfo.InvariantCulture);
                Add(_group);
            }
        }

        public void Dispose()
        {
            if (_over || marker is null)
            {
                return;
            }

            _over = true;
            if (_group is not null)
            {
                Remove(_group);
            }

            Remove(marker);
        }
    }
}
