namespace WorktreeMcp.Domain.Board;

/// <summary>Which members of a task a change changed, by their names in files and answers.</summary>
internal static class TaskDifferences
{
    internal static IReadOnlyList<string> Of(BoardTask old, BoardTask task)
    {
        var changed = new List<string>();
        Note("subject", old.Subject == task.Subject);
        Note("description", old.Description == task.Description);
        Note("status", old.Status == task.Status);
        Note("owner", old.Owner == task.Owner);
        Note("blocked_by", old.BlockedBy.SequenceEqual(task.BlockedBy));
        Note("priority", old.Priority == task.Priority);
        Note("labels", old.Labels.SequenceEqual(task.Labels));
        Note("attention", old.Attention == task.Attention);
        Note("acceptance", old.Contract.Acceptance.SequenceEqual(task.Contract.Acceptance));
        Note("verify", (old.Contract.Verify, old.Contract.IsVerifyUnread) == (task.Contract.Verify, task.Contract.IsVerifyUnread));
        Note("scope", old.Contract.Scope.SequenceEqual(task.Contract.Scope));
        Note("question", old.Question == task.Question);
        Note("notes", ReferenceEquals(old.Notes, task.Notes));
        return changed;

        void Note(string member, bool same)
        {
            if (!same)
            {
                changed.Add(member);
            }
        }
    }
}
