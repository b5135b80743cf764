using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Looking;

namespace WorktreeMcp.Domain.News;

/// <summary>
/// Tells an agent when somebody else's work comes upon files that its own changes, and when its own goes beyond what its task means to change. It goes by names that this process knows anyway, from looks
/// that were asked for; so it may say nothing, and asks nobody.
/// </summary>
internal sealed class FileNews(TaskBoard board, WorktreeRegistry registry)
{
    private long _over;

    private TouchedNames Touched => registry.Touched;

    /// <summary>Looks whether other active worktrees change files that the agent's change; each file is told once for each pair.</summary>
    internal void Look(AgentMemory memory)
    {
        var version = Touched.Version;
        if (memory.Names == version || memory.Own.Count == 0)
        {
            return;
        }

        memory.Names = version;
        var all = Entries();
        foreach (var own in Own(memory, all))
        {
            LookAtScope(memory, own);
            foreach (var other in all.Where(other => other.Status == WorktreeState.Active && other.Id != own.Id))
            {
                var owner = other.TaskId is { } id ? board.Find(id)?.Owner : null;
                if (owner != memory.Agent && Touched.Shared(own.Id, other.Id).Where(file => memory.IsNew((own.Id, other.Id, file))).ToList() is { Count: > 0 } files)
                {
                    memory.Add(new NewsItem.SameFiles(own.Name, other.Name, owner, files));
                }
            }
        }
    }

    /// <summary>A branch moved: which files of the agent's does that come upon?</summary>
    internal void Landed(AgentMemory memory, LoggedEvent logged)
    {
        if (memory.Own.Count == 0 || logged.Text("into") is not { } into || logged.Worktree is not { } landed || logged.Names("files") is not { Count: > 0 } files)
        {
            return;
        }

        foreach (var own in Own(memory, Entries()).Where(own => own.BaseRef == into && own.Name != landed))
        {
            if (Touched.Among(own.Id, files) is { Count: > 0 } mine)
            {
                memory.Add(new NewsItem.BaseMoved(own.Name, into, landed, mine));
            }
        }
    }

    /// <summary>What a worktree had changed is in its base now, or gone.</summary>
    internal void Over(string name, long seq)
    {
        // Once, whichever agent's call comes first: what is seen from then on is new work.
        if (Interlocked.Read(ref _over) >= seq)
        {
            return;
        }

        Interlocked.Exchange(ref _over, seq);
        foreach (var worktree in Entries().Where(worktree => worktree.Name == name))
        {
            Touched.Forget(worktree.Id);
        }
    }

    private void LookAtScope(AgentMemory memory, Worktree own)
    {
        if (own.TaskId is { } id && board.Find(id)?.Contract.Scope is { Count: > 0 } scope
            && ScopeGlobs.Outside(scope, Touched.Of(own.Id)).Where(file => memory.IsNew(("scope", own.Id, file))).ToList() is { Count: > 0 } files)
        {
            memory.Add(new NewsItem.OutsideScope(own.Name, id, files));
        }
    }

    private static IEnumerable<Worktree> Own(AgentMemory memory, List<Worktree> all) =>
        all.Where(worktree => worktree.IsUsable && worktree.TaskId is { } id && memory.Own.Contains(id));

    // As the file has it: for news nothing is finished or repaired.
    private List<Worktree> Entries()
    {
        try
        {
            return [.. registry.Entries.AsTheyAre()];
        }
        catch (Exception fault) when (fault is Refusal or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
