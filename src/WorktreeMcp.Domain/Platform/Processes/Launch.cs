namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>
/// One posix_spawn, made ready. The child gets a session of its own, default signals (.NET ignores SIGPIPE, which a child
/// would inherit), an empty signal mask, and the descriptors named here alone.
/// </summary>
internal sealed unsafe class Launch : IDisposable
{
    private const int FirstInherited = 3;
    private const int MostInherited = 16;
    private const int LeastMarker = 16;

    // Sources lie above every number that is written to, so that no copy overwrites another's source or meets itself
    // (dup2 of a number to itself would leave close-on-exec set).
    private const int LeastSource = 32;

    private const short DefaultSignals = 0x4;
    private const short SignalMask = 0x8;

    private static readonly int NewSession = OperatingSystem.IsMacOS() ? 0x400 : 0x80;
    private static readonly int NothingElse = OperatingSystem.IsMacOS() ? 0x4000 : 0;

    private readonly string _program;
    private readonly string _directory;
    private readonly NativeStrings _arguments;
    private readonly NativeStrings _environment;
    private readonly List<(Descriptor Source, int Target)> _descriptors = [];

    internal Launch(ChildSpec spec, Descriptor? input, Descriptor output, Descriptor error)
    {
        RefuseWhatCannotBePassed(spec);
        _program = ProgramPath.Find(spec);
        _directory = spec.WorkingDirectory;
        _arguments = new NativeStrings([spec.FileName, .. spec.Arguments]);
        _environment = new NativeStrings([.. spec.Environment.Select(pair => $"{pair.Key}={pair.Value}")]);
        try
        {
            Place(spec, input, output, error);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Starts the child.</summary>
    internal (int Errno, int Pid) Start()
    {
        var actions = stackalloc byte[Libc.OpaqueSize];
        var attributes = stackalloc byte[Libc.OpaqueSize];
        Libc.ActionsInit(actions);
        Libc.AttributesInit(attributes);
        try
        {
            var errno = Describe(actions, attributes);
            var pid = 0;
            return (errno != 0 ? errno : Libc.Spawn(&pid, _program, actions, attributes, _arguments.Pointers, _environment.Pointers), pid);
        }
        finally
        {
            Libc.AttributesDestroy(attributes);
            Libc.ActionsDestroy(actions);
        }
    }

    public void Dispose()
    {
        _descriptors.ForEach(each => each.Source.Dispose());
        _arguments.Dispose();
        _environment.Dispose();
    }

    private static void RefuseWhatCannotBePassed(ChildSpec spec)
    {
        var fault =
            spec.Inherited.Count > MostInherited ? $"more than {MostInherited} inherited descriptors"
            : spec.Arguments.Append(spec.FileName).Append(spec.WorkingDirectory).Any(HoldsNul) ? "an argument holds a NUL"
            : spec.Environment.Any(pair => HoldsNul(pair.Key) || HoldsNul(pair.Value)) ? "the environment holds a NUL"
            : spec.Environment.Keys.Any(name => name.Length == 0 || name.Contains('=', StringComparison.Ordinal))
                ? "a variable's name is empty or holds '='"
            : !IsUnmistakable(spec) ? "the marker is not a variable of its environment with a value that no other can have"
            : null;
        if (fault is not null)
        {
            throw new ChildStartException(ChildStartFault.Arguments, Errno.Invalid, $"Cannot start '{spec.FileName}': {fault}.");
        }
    }

    // Whatever carries the marker is killed: one that others may carry as well would kill them.
    private static bool IsUnmistakable(ChildSpec spec)
        => spec.Marker is null
            || (spec.Marker.Split('=', 2) is [var name, { Length: >= LeastMarker } value]
                && spec.Environment.TryGetValue(name, out var actual) && actual == value);

    private static bool HoldsNul(string text) => text.Contains('\0', StringComparison.Ordinal);

    private void Place(ChildSpec spec, Descriptor? input, Descriptor output, Descriptor error)
    {
        if (input is not null)
        {
            Place(input, 0);
        }

        Place(output, 1);
        Place(error, 2);
        for (var i = 0; i < spec.Inherited.Count; i++)
        {
            var held = false;
            try
            {
                spec.Inherited[i].DangerousAddRef(ref held);
                _descriptors.Add((Descriptor.Duplicate((int)spec.Inherited[i].DangerousGetHandle(), LeastSource), FirstInherited + i));
            }
            finally
            {
                if (held)
                {
                    spec.Inherited[i].DangerousRelease();
                }
            }
        }
    }

    private void Place(Descriptor source, int target)
        => _descriptors.Add((Descriptor.Duplicate(source.Number, LeastSource), target));

    private int Describe(void* actions, void* attributes)
    {
        var signals = stackalloc byte[Libc.OpaqueSize];
        var errno = Libc.ActionsDirectory(actions, _directory);
        if (errno == 0 && _descriptors.All(each => each.Target != 0))
        {
            errno = Libc.ActionsOpen(actions, 0, "/dev/null", 0, 0);
        }

        foreach (var (source, target) in _descriptors)
        {
            errno = errno != 0 ? errno : Libc.ActionsDuplicate(actions, source.Number, target);
        }

        // All of them, also those which libc's own "full" set leaves out and would have the child ignore.
        new Span<byte>(signals, Libc.OpaqueSize).Fill(0xFF);
        errno = errno != 0 ? errno : Libc.AttributesDefaultSignals(attributes, signals);
        Libc.SigEmptySet(signals);
        errno = errno != 0 ? errno : Libc.AttributesSignalMask(attributes, signals);
        return errno != 0
            ? errno
            : Libc.AttributesFlags(attributes, (short)(DefaultSignals | SignalMask | NewSession | NothingElse));
    }
}
