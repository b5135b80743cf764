using System.Globalization;
using System.Runtime.InteropServices;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>What a command of a worktree is started with.</summary>
/// <param name="Variables">What it finds in its environment.</param>
/// <param name="Wrapper">What stands before it.</param>
/// <param name="Sandbox">Whether it is confined.</param>
internal sealed record PreparedRun(IReadOnlyDictionary<string, string> Variables, IReadOnlyList<string> Wrapper, SandboxUse Sandbox)
{
    /// <summary>The private folders of a confined run.</summary>
    internal PrivateGit? Own { get; init; }
}

/// <summary>
/// Prepares commands of worktrees and settles what they leave: variables, the sandbox, and the taking over of what a confined
/// command made. It fails closed: where a sandbox is required and cannot be had nothing runs.
/// </summary>
internal sealed class RunPreparation(WorktreePlaces parts, WorktreeEntries entries, CommandEnvironment environment)
{
    private readonly SandboxImports _sandbox = new(parts);
    private readonly Bubblewrap _bubblewrap = new(environment);

    private RunSettings Settings => parts.Settings.Run;

    /// <summary>Refuses where commands are switched off, or nobody can tell whether they are.</summary>
    internal void RequireEnabled()
    {
        if (parts.Configuration.Look().Problems is { Count: > 0 } problems)
        {
            throw new Refusal(
                RefusalCode.RunDisabled,
                $"Commands are refused while there is something in the settings that cannot be understood: {SettingProblem.Words(problems)}. Nothing was run.",
                "A person mends it there; that counts from the next call on. Everything but commands works meanwhile.",
                new NextStep.ListWorktrees());
        }

        if (!Settings.Enabled)
        {
            throw new Refusal(
                RefusalCode.RunDisabled,
                "Commands are switched off here: run.enabled is false in the configuration, or the server was started with --no-run. Nothing was run.",
                "Work on the files in the worktree's path with your own tools, or ask the person who runs this server to switch commands on.",
                new NextStep.ListWorktrees());
        }
    }

    /// <summary>What of the settings does not count for commands until a person approves it, in words; null where nothing waits.</summary>
    internal string? Unapproved() =>
        parts.Settings.Waiting.Where(one => one.IsOfCommands && (Settings.Sandbox != SandboxMode.Off || one.Key == "run.environment")).ToList() is { Count: > 0 } waiting
            ? WaitingSetting.Words(waiting, parts.Layout.Root)
            : null;

    /// <summary>Refuses what is hidden from commands while nobody can tell what that is.</summary>
    internal void RequireKnownSecrets()
    {
        if (parts.Configuration.Look().Problems is { Count: > 0 } problems)
        {
            throw new Refusal(
                RefusalCode.RunDisabled,
                $"No file is read or edited while there is something in the settings that cannot be understood: {SettingProblem.Words(problems)}. It may say what is hidden.",
                "A person mends it there; that counts from the next call on.",
                new NextStep.ListWorktrees());
        }
    }

    /// <summary>The real paths that commands do not see.</summary>
    internal IReadOnlyList<string> Hidden() => [.. HiddenPaths.Of(Settings.SecretPaths, environment.For(new Dictionary<string, string>(), string.Empty)).Paths];

    /// <summary>Refuses, before anything is on record, where a sandbox is required and cannot be had.</summary>
    internal void RequireSandbox()
    {
        if (Settings.Sandbox == SandboxMode.Required && _bubblewrap.Find().Problem is { } problem)
        {
            throw Unavailable(problem);
        }
    }

    /// <summary>Whether a command that is begun now is confined.</summary>
    internal SandboxUse Use() =>
        Settings.Sandbox == SandboxMode.Off ? SandboxUse.None
        : _bubblewrap.Find() is (null, var problem) ? SandboxUse.Without($"{problem}; the command was not confined")
        : SandboxUse.Bubblewrap;

    /// <summary>Prepares a run; its worktree's lease is held and its identity was checked.</summary>
    /// <param name="worktree">The worktree.</param>
    /// <param name="entry">git's record of it.</param>
    /// <param name="runId">The run.</param>
    /// <param name="guard">The lease, which a git that writes keeps.</param>
    /// <exception cref="Refusal">A sandbox is required and cannot be had.</exception>
    internal PreparedRun Prepare(Worktree worktree, AdminEntry entry, string runId, SafeHandle guard)
    {
        var variables = Variables(worktree);
        if (ProgramToUse() is not { } program)
        {
            return new PreparedRun(variables, [], Use());
        }

        // What an earlier run has made so far is there for this one.
        _ = Finish(worktree, guard);
        var own = _sandbox.Prepare(worktree, entry, runId);
        var seen = environment.For(variables, runId);
        var wrapper = WithSettings(View(parts.DirectoryOf(worktree), entry, seen), seen) with { Own = own };
        return new PreparedRun(variables, wrapper.Wrapper(program, parts.Files), SandboxUse.Bubblewrap) { Own = own };
    }

    /// <summary>
    /// Prepares a command that checks a commit in a private checkout of it. A confined one writes there and into caches; of git it
    /// only reads.
    /// </summary>
    /// <param name="worktree">The worktree that the commit comes from.</param>
    /// <param name="checkout">git's directory of the checkout.</param>
    /// <param name="directory">The checkout.</param>
    /// <param name="runId">The run.</param>
    /// <exception cref="Refusal">A sandbox is required and cannot be had.</exception>
    internal PreparedRun PrepareCheck(Worktree worktree, AdminEntry checkout, string directory, string runId)
    {
        var variables = Variables(worktree);
        variables["WORKTREE_PATH"] = directory;
        if (ProgramToUse() is not { } program)
        {
            return new PreparedRun(variables, [], Use());
        }

        var seen = environment.For(variables, runId);
        var view = WithSettings(View(directory, checkout, seen), seen) with { IsCheck = true };
        return new PreparedRun(variables, view.Wrapper(program, parts.Files), SandboxUse.Bubblewrap);
    }

    /// <summary>Refuses, after its end, a confined run whose sandbox never stood: the command was not begun.</summary>
    /// <param name="own">The private folders of the run, or null.</param>
    /// <param name="result">How it ended.</param>
    internal void RequireBegun(PrivateGit? own, RunResult result)
    {
        if (result is { TimedOut: false, Cancelled: false } && own is not null && !parts.Files.Directory.Exists(own.Stood))
        {
            throw Unavailable($"bubblewrap could not make it, and the command was not begun: {result.Error.Text.Trim()}");
        }
    }

    /// <summary>
    /// Takes over what confined runs of a worktree made. Called at the end of a run, and by whoever finds the end of one whose
    /// server died; safe to repeat.
    /// </summary>
    /// <param name="worktree">The worktree.</param>
    /// <param name="guard">The lease or the lock, which a git that writes keeps.</param>
    /// <param name="ended">Runs that have ended; others that the registry names go on.</param>
    /// <returns>What should be known about it, or null.</returns>
    internal string? Finish(Worktree worktree, SafeHandle guard, params IReadOnlyList<string> ended)
    {
        try
        {
            var running = entries.AsTheyAre().FirstOrDefault(now => now.Id == worktree.Id)?.Runs.Select(run => run.Id).Except(ended).ToHashSet() ?? [];
            return _sandbox.TakeOver(worktree, guard, running.Contains);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
        {
            return $"What the command made with git could not be taken over yet, the next command in this worktree tries again: {fault.Message}";
        }
    }

    /// <summary>
    /// What to put before a git that only looks at a worktree whose content a confined command may have written: such a git sees no
    /// more than the command does. Nothing without a sandbox, and nothing for the main checkout, which no command can write to.
    /// </summary>
    /// <param name="entry">git's record.</param>
    /// <param name="directory">The worktree.</param>
    /// <param name="scratch">Folders of ours that git writes to.</param>
    internal IReadOnlyList<string> Confinement(AdminEntry entry, string directory, IReadOnlyList<string> scratch) =>
        Settings.Sandbox != SandboxMode.Off && directory != parts.Layout.Root && _bubblewrap.Find().Program is { } program
            ? (View(directory, entry, environment.For(new Dictionary<string, string>(), string.Empty)) with { Caches = scratch }).Wrapper(program, parts.Files)
            : [];

    // Null where a command is not to be confined.
    private string? ProgramToUse()
    {
        if (Settings.Sandbox == SandboxMode.Off)
        {
            return null;
        }

        var (program, problem) = _bubblewrap.Find();
        return program is null && Settings.Sandbox == SandboxMode.Required ? throw Unavailable(problem!) : program;
    }

    private SandboxView WithSettings(SandboxView view, IReadOnlyDictionary<string, string> variables) => view with
    {
        Network = Settings.Network,
        Caches = new CachePaths(new RepositoryPlace(parts.Layout.Root, parts.Layout.CommonDirectory), variables, parts.Files).Folders(Settings.CachePaths, Settings.SecretPaths),
    };

    private SandboxView View(string directory, AdminEntry entry, IReadOnlyDictionary<string, string> variables) => new()
    {
        Root = parts.Layout.Root,
        CommonDirectory = parts.Layout.CommonDirectory,
        Worktree = directory,
        AdminEntry = entry.Directory,
        Environment = variables,
        Hidden = HiddenPaths.Of(Settings.SecretPaths, variables),
    };

    private Dictionary<string, string> Variables(Worktree worktree)
    {
        var variables = new Dictionary<string, string>
        {
            ["WORKTREE_NAME"] = worktree.Name,
            ["WORKTREE_PATH"] = parts.DirectoryOf(worktree),
            ["WORKTREE_BRANCH"] = worktree.Branch,
            ["MAIN_CHECKOUT"] = parts.Layout.Root,
        };
        if (worktree.TaskId is { } id)
        {
            variables["TASK_ID"] = id.ToString(CultureInfo.InvariantCulture);
        }

        if (worktree.Ports is { } first)
        {
            variables["PORT"] = first.ToString(CultureInfo.InvariantCulture);
            variables["WORKTREE_PORTS"] = string.Create(CultureInfo.InvariantCulture, $"{first}-{first + PortRange.Count - 1}");
        }

        return variables;
    }

    private static Refusal Unavailable(string problem) => new(
        RefusalCode.SandboxUnavailable,
        $"Commands run only in a sandbox here (run.sandbox is \"required\" or it could be had), and {problem}.",
        "A person can install bubblewrap, or set run.sandbox to \"auto\" or \"off\".",
        new NextStep.ListWorktrees());
}
