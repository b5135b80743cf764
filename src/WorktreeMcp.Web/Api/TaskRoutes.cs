using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage.Files;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.Web.Wire;

namespace WorktreeMcp.Web.Api;

/// <summary>One task in detail: its brief and worktree, what it changes, what ran, what happened.</summary>
internal static class TaskRoutes
{
    private const int MostEvents = 200;
    private const int MostTrash = 500;
    private const int MostPatchBytes = 600 * 1024;
    private const int MostOutputBytes = 64 * 1024;

    internal static void Map(IEndpointRouteBuilder routes, IReadOnlyList<ServedBoard> boards)
    {
        Get("tasks/{id:int}", (board, context) => Answers.Of(context, PageJson.Default.TaskReply, () => Task(board, Id(context))));
        Get("tasks/{id:int}/timeline", (board, context) => Answers.Of(context, PageJson.Default.TimelineReply, () => Timeline(board, Id(context))));
        Get("worktrees/{name}/changes", (board, context) => Answers.Of(context, PageJson.Default.ChangesReply, () => Changes(board, Name(context, "name"))));
        Get("worktrees/{name}/file", (board, context) => context.Request.Query["path"] is [{ Length: > 0 } path]
            ? Answers.Of(context, PageJson.Default.FileReply, () => File(board, Name(context, "name"), path))
            : Answers.NotFound(context));
        Get("runs/{run}", (board, context) => Answers.Of(context, PageJson.Default.OutputReply, () => Output(board, Name(context, "run"), context)));

        void Get(string path, Func<ServedBoard, HttpContext, Task> serve) =>
            routes.MapGet($"/api/{{repository:int}}/{path}", (RequestDelegate)(context => BoardRoutes.For(boards, context, board => serve(board, context))));
    }

    /// <summary>The task that a request is about.</summary>
    internal static int Id(HttpContext context) => int.Parse((string)context.Request.RouteValues["id"]!, CultureInfo.InvariantCulture);

    /// <summary>What a request names.</summary>
    internal static string Name(HttpContext context, string part) => (string)context.Request.RouteValues[part]!;

    private static TaskReply Task(ServedBoard board, int id)
    {
        var (repository, view) = (board.Repository, board.Repository.Board.Get(id));
        var card = repository.Cards.Of(view) ?? throw new Refusal(RefusalCode.NotFound, $"Task {id} \"{view.Task.Subject}\" was withdrawn.", "Go back to the board.");
        var task = view.Task;
        var (detail, problem) = Worktree(board, task);
        return new TaskReply(task.Id, task.Subject, task.Description, PageWords.Word(task.Status), PageWords.Word(card.Place), PageWords.Word(task.Priority), PageWords.Word(task.Attention), task.Revision)
        {
            Labels = task.Labels,
            Owner = task.Owner,
            Until = card.LeaseLeft > 0 ? task.LeaseUntil : null,
            Since = card.Place == TaskPlace.LeftOver ? task.LeaseUntil : null,
            Created = task.CreatedAt,
            Updated = task.UpdatedAt,
            Question = task.Question is { } question ? new AskedRow(question.Text, question.By, question.At) : null,
            Notes = [.. task.Notes.Select(PageNoteRow.Of)],
            BlockedBy = [.. task.BlockedBy.Select(other => Other(board, other))],
            HoldsUp = [.. repository.Board.WaitingFor(id).Select(other => Other(board, other))],
            Worktree = detail is null ? null : PageWorktreeRow.Of(detail),
            Problem = problem,
            Hurdles = detail is null ? null : [.. BeforeLanding.Of(card, detail, board.Person).Select(HurdleRow.Of)],
            Contract = ContractReply.Of(task.Contract),
            Trash = [.. Trash(board, id)],
            Person = board.Person,
        };
    }

    // What cannot be looked at leaves the rest of the task readable.
    private static (WorktreeDetail? Detail, string? Problem) Worktree(ServedBoard board, BoardTask task)
    {
        try
        {
            return (task.LiveWorktree is { } name ? board.Repository.Worktrees.Status(name) : null, null);
        }
        catch (Refusal refusal)
        {
            return (null, $"{refusal.Message} {PageWords.Of(refusal.Hint)}");
        }
    }

    private static OtherRow Other(ServedBoard board, int id)
    {
        try
        {
            var task = board.Repository.Board.Get(id).Task;
            return new OtherRow(id, task.Subject, task.IsOpen);
        }
        catch (Refusal)
        {
            return new OtherRow(id, null, false);
        }
    }

    private static IEnumerable<PageTrashRow> Trash(ServedBoard board, int task) => board.Repository.Worktrees.List(WorktreeState.Removed, MostTrash, null).Worktrees
        .Where(row => row.Worktree.TaskId == task && row.Trash is { Begun: false })
        .Select(row => new PageTrashRow(row.Worktree.Id, row.Worktree.Name, row.Trash!.RemovedAt, row.Trash.EmptiedAt, row.Trash.Bytes));

    private static TimelineReply Timeline(ServedBoard board, int id)
    {
        var page = board.Repository.Events(new EventQuery(MostEvents, TaskId: id));
        return new TimelineReply([.. page.Events.Select(Happening.From).Reverse()], page.More);
    }

    private static ChangesReply Changes(ServedBoard board, string name)
    {
        var found = board.Repository.Worktrees.Diff(name, null, patch: false, 0, null);
        return new ChangesReply(
            name, found.Base, found.Head, [.. found.Files.Select(file => new ChangedRow(file.Path, file.OldPath, file.Change, file.Added, file.Deleted, file.Uncommitted))], found.TooLarge, found.Notes);
    }

    private static FileReply File(ServedBoard board, string name, string path)
    {
        var found = board.Repository.Worktrees.Diff(name, path, patch: true, MostPatchBytes, null);
        var (hunks, binary) = PatchHunks.Of(found.Patch ?? string.Empty);
        return new FileReply(path, binary, found.NextCursor is not null, hunks);
    }

    private static OutputReply Output(ServedBoard board, string run, HttpContext context)
    {
        var from = long.TryParse(context.Request.Query["from"], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var offset) ? offset : -MostOutputBytes;
        var output = board.Repository.Worktrees.Output(run, from, MostOutputBytes, TimeSpan.Zero, context.RequestAborted);
        var record = output.Record;
        return new OutputReply(
            record.RunId, record.Command, record.By, record.Worktree, record.StartedAt, output.IsRunning, output.IsLost, output.NextOffset, output.Length, output.MissingBytes,
            string.Concat(output.Parts.Select(part => part.Text)))
        {
            End = record.End is { } end ? new EndRow(end.ExitCode, end.Signal, end.TimedOut, end.StoppedBy, end.Error, end.EndedAt, end.DurationSeconds) : null,
        };
    }
}
