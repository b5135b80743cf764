using System.Text.Json.Nodes;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Storage;
using WorktreeMcp.Domain.Storage.Files;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>The mode of our program in which it watches over one command that outlives the server which was asked for it.</summary>
public static class Supervision
{
    /// <summary>Reads one order, or what is known of a command that runs, says on one line whether it watches over it, and stays until that has ended.</summary>
    /// <param name="input">The order.</param>
    /// <param name="output">Takes the one line.</param>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> Run(Stream input, Stream output)
    {
        using var bytes = new MemoryStream();
        await input.CopyToAsync(bytes);
        var words = StateJson.ReadLine(bytes.ToArray());
        if (RunOrder.From(words) is not { } order || words!["root"].Text() is not { } root)
        {
            return 2;
        }

        try
        {
            using var repository = Repository.Open(root);
            var commands = repository.Worktrees.Commands;
            Action started = () => Say(output, SupervisorAnswer.Started());
            _ = HandedOverRun.From(words) is { } run ? commands.Take(run, started) : commands.Supervise(order, started);
            return 0;
        }
        catch (Refusal refusal)
        {
            Say(output, SupervisorAnswer.Refused(refusal));
            return 1;
        }
    }

    // The server may have gone, or have its answer already.
    private static void Say(Stream output, byte[] line)
    {
        try
        {
            output.WriteAsync(line).AsTask().GetAwaiter().GetResult();
        }
        catch (IOException)
        {
        }
    }
}
