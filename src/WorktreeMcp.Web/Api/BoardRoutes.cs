using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Web.Wire;

namespace WorktreeMcp.Web.Api;

/// <summary>The board: all columns, or more of one.</summary>
internal static class BoardRoutes
{
    private const int Shown = 50;
    private const int MostAsks = 50;
    private const int MostQuery = 200;

    internal static void Map(IEndpointRouteBuilder routes, IReadOnlyList<ServedBoard> boards)
    {
        routes.MapGet("/api/{repository:int}/board", (RequestDelegate)(context => For(boards, context, board => Answers.Of(context, PageJson.Default.BoardReply, () => Board(boards, board, Filter(context))))));
        routes.MapGet("/api/{repository:int}/column/{kind}", (RequestDelegate)(context => For(boards, context, board => Kind(context) is { } kind
            ? Answers.Of(context, PageJson.Default.ColumnRow, () => ColumnRow.Of(board.Repository.Cards.Look(Filter(context) with { Only = kind, Skip = Number(context, "skip") }).Columns[0]))
            : Answers.NotFound(context))));
    }

    /// <summary>Serves a request about one of the repositories.</summary>
    internal static Task For(IReadOnlyList<ServedBoard> boards, HttpContext context, Func<ServedBoard, Task> serve) =>
        int.TryParse((string?)context.Request.RouteValues["repository"], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < boards.Count ? serve(boards[index]) : Answers.NotFound(context);

    /// <summary>A number that was asked for; 0 where there is none.</summary>
    internal static int Number(HttpContext context, string name) =>
        int.TryParse(context.Request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static BoardReply Board(IReadOnlyList<ServedBoard> boards, ServedBoard own, CardFilter filter)
    {
        var looks = boards.Select(board => (Board: board, Look: board.Repository.Cards.Look(board == own ? filter : new CardFilter(Most: MostAsks, Only: BoardColumnKind.Review)))).ToList();
        var look = looks[own.Index].Look;
        return new BoardReply(
            own.Name,
            own.Repository.Place.Root,
            own.Person,
            string.Join('.', looks.Select(one => one.Look.LastSeq.ToString(CultureInfo.InvariantCulture))),
            [.. look.Columns.Select(ColumnRow.Of)],
            [.. looks.SelectMany(one => one.Look.Asks.Select(card => AskRow.Of(one.Board.Index, card))).OrderBy(ask => ask.Kind switch { "needs_input" => 0, "failed" => 1, _ => 2 }).ThenBy(ask => ask.At)])
        {
            Base = look.Base,
            BaseCommit = look.BaseCommit,
            Agents = look.Agents,
            Ready = look.Ready,
            Worktrees = look.Worktrees,
            Drift = [.. look.Drift, .. look.Damaged.Select(file => $"{file.Path}: {file.Problem}")],
            Owners = look.Owners,
            Labels = look.Labels,
            Repositories = [.. looks.Select(one => new RepositoryRow(one.Board.Index, one.Board.Name, one.Look.Asks.Count))],
        };
    }

    private static CardFilter Filter(HttpContext context) => new(Text(context, "q"), context.Request.Query["owner"] is [{ } owner] ? owner : null, Text(context, "label"), Most: Shown);

    private static string? Text(HttpContext context, string name) => context.Request.Query[name] is [{ Length: > 0 and <= MostQuery } text] ? text : null;

    private static BoardColumnKind? Kind(HttpContext context) =>
        Enum.GetValues<BoardColumnKind>().Where(kind => PageWords.Word(kind) == (string?)context.Request.RouteValues["kind"]).Select(kind => (BoardColumnKind?)kind).FirstOrDefault();
}
