using ModelContextProtocol.Protocol;

namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>
/// Knows which requests were read and not answered yet, so that the end of the input waits for them.
/// Lines are counted where they leave the input, messages where the protocol has parsed them: in between,
/// a line is under way and its request not yet known.
/// </summary>
public sealed class Traffic
{
    // More than the calls that may run and wait, so that one too many is still told so.
    private const int MostOpen = 320;

    private readonly Lock _guard = new();
    private readonly HashSet<RequestId> _open = [];
    private readonly HashSet<RequestId> _taken = [];
    private int _refusing;
    private long _lines;
    private long _messages;
    private bool _answered;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>
    /// Takes an id for a request that was just read. The protocol library knows the calls under way by their ids: a second
    /// one would take the place of the first, which then could not be cancelled any more.
    /// </summary>
    /// <param name="id">The id.</param>
    /// <returns>False while a request of that id is not answered.</returns>
    public bool TryTake(RequestId id)
    {
        lock (_guard)
        {
            return _taken.Add(id);
        }
    }

    /// <summary>An answer is about to be written: who reads it may use its id again.</summary>
    /// <param name="message">The message.</param>
    public void Sending(JsonRpcMessage message)
    {
        if (message is JsonRpcResponse or JsonRpcError)
        {
            lock (_guard)
            {
                _taken.Remove(((JsonRpcMessageWithId)message).Id);
            }
        }
    }

    /// <summary>A request is refused outside of the protocol library; until that is written it counts as unanswered.</summary>
    /// <param name="refuse">Writes the refusal.</param>
    /// <returns>A task that ends when it is written, or cannot be.</returns>
    public async Task Refuse(Func<Task> refuse)
    {
        Change(() => _refusing++);
        try
        {
            await refuse();
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The client is gone.
        }
        finally
        {
            Change(() => _refusing--);
        }
    }

    /// <summary>Lines were handed over to be parsed.</summary>
    /// <param name="count">How many.</param>
    public void LinesDelivered(int count) => Change(() => _lines += count);

    /// <summary>A message arrived.</summary>
    /// <param name="message">The parsed message.</param>
    public void Received(JsonRpcMessage message) => Change(() =>
    {
        _messages++;
        if (message is JsonRpcRequest request && request.Method != RequestMethods.SubscriptionsListen)
        {
            _open.Add(request.Id);
        }
        else if (CancelledRequest(message) is { } cancelled)
        {
            _open.Remove(cancelled);
            _taken.Remove(cancelled);
        }
    });

    /// <summary>An answer was written.</summary>
    /// <param name="message">The message that was written.</param>
    public void Sent(JsonRpcMessage message)
    {
        if (message is JsonRpcResponse or JsonRpcError)
        {
            Change(() =>
            {
                _answered = true;
                _open.Remove(((JsonRpcMessageWithId)message).Id);
            });
        }
    }

    /// <summary>Waits until there is room for more requests: answers that nobody reads must not fill the memory.</summary>
    /// <param name="limit">The longest wait.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>Whether there is room.</returns>
    public async Task<bool> Room(TimeSpan limit, CancellationToken cancel)
    {
        await Until(() => OpenCount < MostOpen && _lines - _messages < MostOpen, limit, cancel);
        lock (_guard)
        {
            return OpenCount < MostOpen;
        }
    }

    /// <summary>Waits until every line that was delivered is parsed and every request answered.</summary>
    /// <param name="limit">The longest wait; a malformed line is never parsed, a stuck request never answered.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>A task that ends then.</returns>
    public Task Quiet(TimeSpan limit, CancellationToken cancel) => Until(() => IsQuiet, limit, cancel);

    /// <summary>Whether anything was answered yet.</summary>
    public bool HasAnswered
    {
        get
        {
            lock (_guard)
            {
                return _answered;
            }
        }
    }

    private int OpenCount => _open.Count + _refusing;

    private bool IsQuiet => _messages >= _lines && OpenCount == 0;

    private async Task Until(Func<bool> done, TimeSpan limit, CancellationToken cancel)
    {
        if (limit <= TimeSpan.Zero || NextChange(done) is null)
        {
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        ending.CancelAfter(limit);
        try
        {
            while (NextChange(done) is { } change)
            {
                await change.WaitAsync(ending.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
    }

    private Task? NextChange(Func<bool> done)
    {
        lock (_guard)
        {
            return done() ? null : _changed.Task;
        }
    }

    private void Change(Action change)
    {
        TaskCompletionSource signal;
        lock (_guard)
        {
            change();
            signal = _changed;
            _changed = NewSignal();
        }

        signal.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static RequestId? CancelledRequest(JsonRpcMessage message)
    {
        if (message is not JsonRpcNotification { Method: NotificationMethods.CancelledNotification, Params: { } parameters }
            || parameters["requestId"] is not System.Text.Json.Nodes.JsonValue id)
        {
            return null;
        }

        return id.TryGetValue<string>(out var text) ? new RequestId(text)
            : id.TryGetValue<long>(out var number) ? new RequestId(number)
            : null;
    }
}
