using System.Collections.Concurrent;

namespace WorktreeMcp.Domain.Platform.Processes;

/// <summary>
/// The one thread that starts children. It never ends, because a child that asks to die with its parent dies with the
/// thread that started it, and pool threads retire.
/// </summary>
internal static unsafe class Spawner
{
    private static readonly BlockingCollection<Order> Orders = Open();

    /// <summary>Starts the child; its descriptors 0, 1 and 2 are those given, or /dev/null for a missing input.</summary>
    internal static int Start(ChildSpec spec, Descriptor? input, Descriptor output, Descriptor error)
    {
        using var launch = new Launch(spec, input, output, error);
        var order = new Order(launch);
        Orders.Add(order);
        var (errno, pid) = order.Answer.Task.GetAwaiter().GetResult();
        if (errno == 0 && spec.LowPriority)
        {
            Priority.Lower(pid);
        }

        return errno == 0 ? pid : throw ProgramPath.Explain(spec, errno);
    }

    private static BlockingCollection<Order> Open()
    {
        var orders = new BlockingCollection<Order>();
        new Thread(() => Serve(orders)) { IsBackground = true, Name = "child starter" }.Start();
        return orders;
    }

    private static void Serve(BlockingCollection<Order> orders)
    {
        KeepExitCodes();
        AdoptedOrphans.Adopt();
        Descriptor.CloseAllOnExec();
        foreach (var order in orders.GetConsumingEnumerable())
        {
            try
            {
                order.Answer.SetResult(order.Launch.Start());
            }
            catch (Exception fault)
            {
                order.Answer.SetException(fault);
            }
        }
    }

    /// <summary>A client may have started us with SIGCHLD ignored; then the kernel drops every child's exit code.</summary>
    private static void KeepExitCodes()
    {
        const nint Default = 0;
        const nint Ignored = 1;
        var current = stackalloc nint[Libc.OpaqueSize / sizeof(nint)];
        if (Libc.SigAction(Signals.Child, null, current) == 0 && current[0] == Ignored)
        {
            Libc.Signal(Signals.Child, Default);
        }
    }

    private sealed class Order(Launch launch)
    {
        internal Launch Launch { get; } = launch;

        internal TaskCompletionSource<(int Errno, int Pid)> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
