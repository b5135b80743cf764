using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;

namespace WorktreeMcp.Domain.Overview;

/// <summary>What changed since it was told last.</summary>
/// <param name="Tasks">Tasks that changed.</param>
/// <param name="Worktrees">Worktrees whose entry or task changed, by name.</param>
/// <param name="Events">Whether there are new events.</param>
/// <param name="All">Whether anything may have changed.</param>
public sealed record BoardDelta(IReadOnlySet<int> Tasks, IReadOnlySet<string> Worktrees, bool Events, bool All);

/// <summary>Follows board and registry until it is disposed, whoever changes them.</summary>
internal sealed class Following : IDisposable
{
    private readonly WorktreeRegistry _registry;
    private readonly Action<BoardDelta> _changed;
    private readonly Lock _gate = new();
    private readonly FileWatch _watch;
    private Dictionary<int, Worktree> _known;

    internal Following(StateStore store, WorktreeRegistry registry, Action<BoardDelta> changed)
    {
        (_registry, _changed) = (registry, changed);
        _known = Entries() ?? [];
        _watch = new FileWatch(store, Tell);
    }

    /// <inheritdoc/>
    public void Dispose() => _watch.Dispose();

    private void Tell(StateDelta delta)
    {
        HashSet<string> names = [];
        var all = delta.All;
        lock (_gate)
        {
            var now = Entries();
            all |= now is null;
            now ??= _known;
            names.UnionWith(now.Values.Where(w => !_known.TryGetValue(w.Id, out var before) || !ReferenceEquals(before, w)).Select(w => w.Name));
            names.UnionWith(_known.Values.Where(w => !now.ContainsKey(w.Id)).Select(w => w.Name));
            names.UnionWith(now.Values.Where(w => w.TaskId is { } id && delta.Tasks.Contains(id)).Select(w => w.Name));
            _known = now;
        }

        if (all || delta.Events || delta.Tasks.Count > 0 || names.Count > 0)
        {
            _changed(new BoardDelta(delta.Tasks, names, delta.Events, all));
        }
    }

    // As the file has it: who follows changes makes none, not even a repair.
    private Dictionary<int, Worktree>? Entries()
    {
        try
        {
            return _registry.Entries.AsTheyAre().ToDictionary(w => w.Id);
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
