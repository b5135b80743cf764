using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.Web.Wire;

namespace WorktreeMcp.Web.Api;

/// <summary>What a person does, in the person's name and by the same domain calls as an agent's: what these refuse is refused here.</summary>
internal static class ActRoutes
{
    private static readonly TimeSpan LandingPatience = TimeSpan.FromSeconds(20);

    internal static void Map(IEndpointRouteBuilder routes, IReadOnlyList<ServedBoard> boards)
    {
        Post("tasks", PageJson.Default.TaskOrderSent, (board, order, _) => Create(board, order));
        Post("tasks/{id:int}/edit", PageJson.Default.EditOrder, (board, order, context) => Edit(board, order, TaskRoutes.Id(context)));
        Post("tasks/{id:int}/answer", PageJson.Default.SayOrder, (board, order, context) => Said(board.Repository.Board.Questions.Answer(TaskRoutes.Id(context), order.Text, board.Person), "Answered"));
        Post("tasks/{id:int}/note", PageJson.Default.SayOrder, (board, order, context) => Said(board.Repository.Board.Questions.Remark(TaskRoutes.Id(context), order.Text, board.Person), "Left a note"));
        Post("tasks/{id:int}/met", PageJson.Default.MetOrder, (board, order, context) => Said(board.Repository.Board.Update(TaskRoutes.Id(context), new TaskEdit { Met = [order.Number] }, board.Person), "It is met"));
        Post("tasks/{id:int}/release", PageJson.Default.PlainOrder, (board, _, context) => Said(board.Repository.Board.Release(TaskRoutes.Id(context), board.Person), "It is back on the board"));
        Post("worktrees/{name}/land", PageJson.Default.LandOrder, Land);
        Post("worktrees/{name}/keep", PageJson.Default.ReasonOrder, (board, order, context) => Keep(board, order, TaskRoutes.Name(context, "name")));
        Post("worktrees/{name}/remove", PageJson.Default.ReasonOrder, (board, order, context) => Remove(board, order, TaskRoutes.Name(context, "name")));
        Post("worktrees/{name}/restore", PageJson.Default.RestoreOrder, (board, order, context) => Restore(board, order, TaskRoutes.Name(context, "name")));
        Post("runs/{run}/stop", PageJson.Default.PlainOrder, (board, _, context) => Stop(board, TaskRoutes.Name(context, "run")));

        void Post<T>(string path, JsonTypeInfo<T> type, Func<ServedBoard, T, HttpContext, DoneReply> act)
            where T : class => routes.MapPost($"/api/{{repository:int}}/{path}", (RequestDelegate)(context => BoardRoutes.For(boards, context, async board =>
            {
                if (await Answers.Read(context, type) is { } order)
                {
                    await Answers.Of(context, PageJson.Default.DoneReply, () => act(board, order, context));
                }
            })));
    }

    private static DoneReply Create(ServedBoard board, TaskOrderSent order) => Said(
        board.Repository.Board.Create(new NewTask(order.Subject, order.Description, order.BlockedBy, Priority(order.Priority) ?? TaskPriority.Normal, order.Labels, order.RequestId), board.Person), "It is on the board");

    private static DoneReply Edit(ServedBoard board, EditOrder order, int id) => Said(
        board.Repository.Board.Update(
            id,
            new TaskEdit
            {
                Subject = order.Subject,
                Description = order.Description,
                Priority = Priority(order.Priority),
                AddBlockedBy = order.AddBlockedBy,
                RemoveBlockedBy = order.RemoveBlockedBy,
                Labels = order.Labels,
                ExpectedRevision = order.Revision,
            },
            board.Person),
        "The brief is changed");

    private static DoneReply Land(ServedBoard board, LandOrder order, HttpContext context)
    {
        var strategy = Enum.GetValues<LandingStrategy>().Where(one => PageWords.Word(one) == order.Strategy).Select(one => (LandingStrategy?)one).FirstOrDefault()
            ?? throw new Refusal(RefusalCode.InvalidArgument, "strategy is none of merge, squash, rebase.", "Choose one of them.");
        var request = new LandingRequest(TaskRoutes.Name(context, "name"), null, strategy, null, null, LandingPatience, order.Complete, order.Remove);
        var landed = board.Repository.Worktrees.Land(request, board.Person, _ => { }, context.RequestAborted);
        return new DoneReply($"It has landed in {landed.Into}, now at {landed.To[..7]}")
        {
            Task = landed.Step.Task?.Id,
            Notes = [.. landed.Notes.Select(PageWords.Of), .. Warned(landed.Step.Warning)],
        };
    }

    private static DoneReply Keep(ServedBoard board, ReasonOrder order, string name)
    {
        var kept = board.Repository.Worktrees.Keep(name, order.Reason, order.Complete, board.Person);
        return new DoneReply(kept.Already ? "It was kept already" : "It is kept as it lies") { Task = kept.Task?.Id, Notes = [.. Warned(kept.Warning)] };
    }

    // Never by force: what nobody else has is committed first, or taken away where the person sees it, in the worktree.
    private static DoneReply Remove(ServedBoard board, ReasonOrder order, string name)
    {
        var removal = board.Repository.Worktrees.Remove(name, force: false, order.Complete, order.Reason, board.Person);
        return new DoneReply(removal.BranchKept is { } why ? $"It waits in the trash; branch {removal.Step.Worktree.Branch} stays: {why}" : "It waits in the trash")
        {
            Task = removal.Step.Task?.Id,
            Notes = [.. Warned(removal.Step.Warning)],
        };
    }

    private static DoneReply Restore(ServedBoard board, RestoreOrder order, string name)
    {
        var back = board.Repository.Worktrees.Restore(name, order.NewName, order.TrashId, board.Person);
        return new DoneReply("It is back as it was")
        {
            Task = back.Step.Task?.Id,
            Notes = [.. new[] { back.Detached, back.Unbound, back.Step.Warning }.OfType<string>()],
        };
    }

    private static DoneReply Stop(ServedBoard board, string run)
    {
        var stop = board.Repository.Worktrees.Stop(run, board.Person);
        return new DoneReply(stop.Already ? "It had ended already" : stop.IsRunning ? "It was told to end and has not yet" : "It has ended");
    }

    private static DoneReply Said(TaskChange change, string what) => new(what) { Task = change.View.Task.Id, Notes = [.. Warned(change.Warning)] };

    private static IEnumerable<string> Warned(string? warning) => new[] { warning }.OfType<string>();

    private static TaskPriority? Priority(string? word) => word is null ? null
        : Enum.GetValues<TaskPriority>().Where(one => PageWords.Word(one) == word).Select(one => (TaskPriority?)one).FirstOrDefault()
            ?? throw new Refusal(RefusalCode.InvalidArgument, "priority is none of low, normal, high.", "Choose one of them.");
}
