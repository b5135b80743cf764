using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.News;

/// <summary>What an event means to one agent.</summary>
internal sealed class EventNews(TaskBoard board, FileNews files)
{
    private const string Notes = "notes";
    private const string Edited = "task.edited";

    /// <summary>Puts what is new to the agent into its memory, and keeps up with which tasks are its own.</summary>
    internal void Judge(AgentMemory memory, LoggedEvent logged)
    {
        var task = logged.TaskId is { } id ? board.Find(id) : null;
        if (logged.By is { } by && (by != memory.Agent || logged.IsPersons || logged.Name == Edited))
        {
            if (task is not null)
            {
                OfTask(memory, logged, task, by);
            }

            if (logged.Name == "worktree.merge.after")
            {
                files.Landed(memory, logged);
            }
        }

        if (logged is { Name: "worktree.merge.after" or "worktree.remove.after", Worktree: { } name })
        {
            files.Over(name, logged.Seq);
        }

        if (task is not null)
        {
            Know(memory, task);
        }
    }

    /// <summary>Keeps up with whether a task is the agent's.</summary>
    internal static void Know(AgentMemory memory, BoardTask task)
    {
        var isOwn = task.Owner == memory.Agent;
        if (isOwn ? memory.Own.Add(task.Id) : memory.Own.Remove(task.Id))
        {
            memory.Names = -1;
        }

        _ = isOwn && task.HasClaim ? memory.Held.Add(task.Id) : memory.Held.Remove(task.Id);
    }

    private static void OfTask(AgentMemory memory, LoggedEvent logged, BoardTask task, string by)
    {
        if (logged.Name == "task.claimed" && logged.Text("taken_from") == memory.Agent)
        {
            memory.Add(new NewsItem.ClaimTaken(task.Id, by));
        }
        else if (logged.Name == "task.released" && logged.Text("owner") == memory.Agent)
        {
            memory.Add(new NewsItem.ClaimReleased(task.Id, by));
        }
        else if (memory.Own.Contains(task.Id) || task.Owner == memory.Agent)
        {
            if (logged.Name == "task.completed")
            {
                memory.Add(new NewsItem.TaskCompleted(task.Id, by));
            }
            else if (logged.Name == Edited)
            {
                ByHand(memory, logged, task);
            }
            else if (logged.Name is "task.updated" or "task.answered")
            {
                Updated(memory, logged, task, by);
            }
        }
    }

    private static NewsItem.NoteLeft Said(BoardTask task, TaskNote note) => new(task.Id, note.By, note.Text) { IsAnswer = note.Answers is not null };

    // The end of the attention is told by the answer, if there is one.
    private static void ByHand(AgentMemory memory, LoggedEvent logged, BoardTask task)
    {
        var isAnswer = logged.Text("asked_by") is not null;
        var said = logged.Text("text");
        if (said is not null)
        {
            memory.Add(new NewsItem.NoteLeft(task.Id, logged.Text("note_by") ?? Recovery.Hand, said) { IsAnswer = isAnswer });
        }

        var members = logged.Names("changed").Where(member => !(said is not null && member == Notes) && !(isAnswer && member is ("attention" or "question"))).ToList();
        if (said is null || members.Count > 0)
        {
            memory.Add(new NewsItem.TaskChanged(task.Id, null, members));
        }
    }

    // Whoever completes or releases a task changes its status as well, which has an event of its own.
    private static void Updated(AgentMemory memory, LoggedEvent logged, BoardTask task, string by)
    {
        var changed = logged.Names("changed");
        if (task.Notes.LastOrDefault(note => note.By == by && Math.Abs(note.At - logged.At) < 0.01) is { } note)
        {
            memory.Add(Said(task, note));
        }
        else if (changed.Contains(Notes) && task.Notes.LastOrDefault(note => note.By != memory.Agent) is { } last)
        {
            memory.Add(Said(task, last));
        }
        else if (changed.Where(member => member is not ("status" or "owner")).ToList() is { Count: > 0 } members)
        {
            memory.Add(new NewsItem.TaskChanged(task.Id, by, members));
        }
    }
}
