using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Web.Tests;

/// <summary>A board in the middle of its work: three agents, a question, a review, something to land, something left over.</summary>
internal static class BoardStory
{
    public const int Asks = 1;
    public const int Reviewed = 2;
    public const int Landable = 3;
    public const int Free = 4;
    public const int Waits = 5;

    /// <summary>Tells it, by the calls of agents.</summary>
    public static Repository Tell(TempRepository repository)
    {
        repository.Write("src/read/amount.ts", "export const amount = (text: string) => Number(text);\n");
        repository.Write("src/report/sort.ts", "export const byDate = (a: Row, b: Row) => a.date - b.date;\nexport const sort = (rows: Row[]) => rows.sort(byDate);\n");
        repository.Commit("Read and sort");
        var opened = repository.Open();
        var (board, worktrees) = (opened.Board, opened.Worktrees);
        board.Create(new NewTask("Write the summary as CSV", "One line for each month, with the sum of each account.\n\nThe bank reads it, so the order of the columns is fixed.", Priority: TaskPriority.High, Labels: ["export"]), "Test");
        board.Create(new NewTask("Sort transactions by date, then by amount", "The printed report lists the transactions of one day in the order of the statement, which differs from bank to bank."), "Test");
        board.Create(new NewTask("Name the file in each error of the reader", Labels: ["reader"]), "Test");
        board.Create(new NewTask("Show the balance of each month in the summary", Priority: TaskPriority.High), "Test");
        board.Create(new NewTask("Describe the export in the manual", BlockedBy: [1, 2]), "Test");

        Work(repository, opened, Asks, "ada", "csv", "src/export/csv.ts", "export const csv = (rows: Row[]) => rows.map(row => row.join(\",\")).join(\"\\n\");\n");
        File.WriteAllText(Path.Join(repository.Root, ".worktrees/csv/notes.txt"), "quote or not?\n");
        board.Update(Asks, new TaskEdit { Question = "Quote every field, or only those with a comma in them? The bank's import takes both; quoting all makes the file a third larger." }, "ada");

        board.Update(Asks, new TaskEdit { Acceptance = ["The columns are in the order of the statement", "An amount with a comma comes back as it was"], Met = [1], Verify = "npm test -- export", Scope = ["src/export/**"] }, "ada");

        Work(repository, opened, Reviewed, "cyd", "sort", "src/report/sort.ts", "export const byDate = (a: Row, b: Row) => a.date - b.date || a.amount - b.amount;\nexport const sort = (rows: readonly Row[]) => rows.toSorted(byDate);\n");
        board.Update(Reviewed, new TaskEdit { Attention = TaskAttention.Review, Note = "Equal days have a fixed order now; the caller's list stays as it is." }, "cyd");

        Work(repository, opened, Landable, "ben", "reader", "src/read/amount.ts", "export const amount = (text: string, file: string) => {\n  const value = Number(text);\n  if (Number.isNaN(value)) throw new Error(`${file}: ${text}`);\n  return value;\n};\n");
        worktrees.Keep("reader", "waits for somebody to land it", completeTask: true, "ben");
        return opened;
    }

    private static void Work(TempRepository repository, Repository opened, int task, string agent, string name, string file, string text)
    {
        opened.Board.Claim(task, 60, agent);
        opened.Worktrees.Create(new NewWorktree(name, task), agent);
        repository.Write($".worktrees/{name}/{file}", text);
        repository.Commit($"{name}: {file}", Path.Join(repository.Root, ".worktrees", name));
    }
}
