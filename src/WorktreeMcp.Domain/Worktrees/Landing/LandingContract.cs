using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Landing;

/// <summary>What the contract of a task asks of a landing: the command that must pass, and which files it means to change.</summary>
internal sealed class LandingContract(WorktreePlaces parts, LandingVerification verification)
{
    private const int MostListed = 10;

    /// <summary>The command that the task's contract asks for; null where there is none, or where a person has waived it.</summary>
    internal string? CommandOf(BoardTask? task)
    {
        if (task is not { IsOpen: true, Contract.Waiver: null } || (task.Contract.Verify ?? parts.Settings.Verify) is not { } command)
        {
            return null;
        }

        if (!parts.Board.Contracts.IsGivenHere(task))
        {
            throw new Refusal(
                RefusalCode.ContractOpen,
                $"The verify command of task {task.Id} came with its file; nobody has given it here, so it is not run: {VisibleText.Of(command)}",
                $"If it is right give it once more: {Step.ChangeTask} with verify. A person can waive it at a terminal: worktree-mcp task waive {task.Id} --reason \"...\".",
                new NextStep.ShowTask(task.Id));
        }

        verification.RequireAllowed();
        return command;
    }

    /// <summary>The command of a landing; refuses one that would not prove what the task is held to.</summary>
    internal string? CommandOf(LandingRequest request, BoardTask? task)
    {
        var agreed = CommandOf(task);
        return request is not { VerifyCommand: { } other, CompleteTask: true } || agreed is null || agreed == other ? request.VerifyCommand ?? agreed : throw new Refusal(
            RefusalCode.ContractOpen,
            $"verify_command is another command than the one that task {task!.Id} is held to: {VisibleText.Of(agreed)}",
            "Leave verify_command out: then that one runs.",
            new NextStep.LandWorktree(request.Name));
    }

    /// <summary>What landed outside of what the task means to change, as a note; null when nothing did.</summary>
    internal static string? ScopeNote(BoardTask? task, IReadOnlyList<ChangedFile> files) =>
        task is null || ScopeGlobs.Outside(task.Contract.Scope, files.Select(file => file.Path)) is not { Count: > 0 } outside
            ? null
            : $"outside the scope of task {task.Id} ({string.Join(", ", task.Contract.Scope)}): {Listed.Of(outside, MostListed)}";
}
