using System.Text.Json;

namespace WorktreeMcp.Server.Demo;

/// <summary>
/// Three agents share one board: they plan five tasks, claim them, work at once, see a conflict before it happens, and land
/// everything, each landing verified at the commit that lands. One conflict is resolved by its agent in its own worktree. At
/// the end the board is empty, history is one line, and the main checkout was never dirty.
/// </summary>
internal sealed class TeamStory(DemoScratch scratch, TextWriter output)
{
    private const string Folder = "team-demo";

    private readonly DemoNarration _tale = new(output);
    private readonly Dictionary<int, Goal> _goals = [];

    /// <summary>Plays it.</summary>
    /// <returns>How many checks did not hold.</returns>
    internal async Task<int> Play()
    {
        var start = scratch.Git("rev-parse", scratch.Branch);
        await using var ada = await DemoAgent.Start("ada", scratch.Root);
        await using var ben = await DemoAgent.Start("ben", scratch.Root);
        await using var cleo = await DemoAgent.Start("cleo", scratch.Root);
        DemoAgent[] team = [ada, ben, cleo];

        await Plan(ada);
        var lanes = await Claim(team);
        await Work(lanes);
        await Foresee(ada);
        var late = await LandTogether(lanes);
        await Resolve(late);
        await GoOn(cleo, "the one that waited for two edits");
        await GoOn(ben, "the last one");
        await Finish(ada, start);
        return _tale.Failed;
    }

    private async Task Plan(DemoAgent agent)
    {
        _tale.Say("\nOne agent plans five tasks; two of them wait for others");
        var guide = await Goal("Write a guide", Added("guide.txt", "A guide."));
        var farewell = await Goal("Add a farewell", Appended("Goodbye."));
        var translation = await Goal("Translate the greeting", Appended("Bonjour."));
        var both = $"grep -q Goodbye '{scratch.SharedFile}' && grep -q Bonjour '{scratch.SharedFile}' && ";
        var notes = await Goal("Write the release notes", both + Added("notes.txt", "Two more lines."), farewell, translation);
        await Goal("Announce the release", $"test -s {Folder}/guide.txt && test -s {Folder}/notes.txt && {Added("announcement.txt", "It is out.")}", guide, notes);
        _tale.Check("five tasks are on the board", _goals.Count == 5);

        async Task<int> Goal(string subject, string command, params int[] waitsFor)
        {
            var made = await _tale.Step(agent, "task_create", ("subject", subject), ("blocked_by", waitsFor));
            var id = made.GetProperty("task").GetProperty("id").GetInt32();
            _goals.Add(id, new Goal(subject, command));
            return id;
        }
    }

    private async Task<IReadOnlyList<Lane>> Claim(DemoAgent[] team)
    {
        _tale.Say("\nAll three ask for work at the same time, without saying which");
        var lanes = await Task.WhenAll(team.Select(Begin));
        _tale.Check("each has a task of its own", lanes.Select(lane => lane.Task).Distinct().Count() == team.Length);
        var counts = (await _tale.Step(team[0], "board_show")).GetProperty("counts");
        _tale.Check("three are in progress, two wait", Number(counts, "in_progress") == 3 && Number(counts, "blocked") == 2 && Number(counts, "ready") == 0);
        return lanes;
    }

    private async Task<Lane> Begin(DemoAgent agent)
    {
        var made = await _tale.Step(agent, "worktree_create");
        return new Lane(agent, made.GetProperty("task").GetProperty("id").GetInt32(), made.GetProperty("worktree").GetProperty("name").GetString()!);
    }

    private async Task Work(IReadOnlyList<Lane> lanes)
    {
        _tale.Say($"\nAll three work and commit at the same time; two of them edit {scratch.SharedFile}");
        var runs = await Task.WhenAll(lanes.Select(lane => Run(lane, _goals[lane.Task].Command)));
        _tale.Check("all commands succeeded", runs.All(run => Number(run, "exit_code") == 0));
        CheckMainCheckout();
    }

    private async Task Foresee(DemoAgent agent)
    {
        _tale.Say("\nBefore anything lands, the board knows what will collide");
        var forecast = await _tale.Step(agent, "worktree_conflicts");
        var pair = forecast.GetProperty("pairs").EnumerateArray().FirstOrDefault();
        _tale.Check(
            $"one conflict is foretold, in {scratch.SharedFile}",
            Number(forecast, "conflicting") == 1 && pair.GetProperty("conflicts").EnumerateArray().Select(file => file.GetString()).SequenceEqual([scratch.SharedFile]));
    }

    private async Task<Lane> LandTogether(IReadOnlyList<Lane> lanes)
    {
        _tale.Say("\nAll three land at the same time: one after the other, each verified on top of the one before");
        var answers = await Task.WhenAll(lanes.Select(Land));
        var refused = lanes.Where((_, i) => Code(answers[i]) == "merge_conflict").ToList();
        _tale.Check("two landed, verified", answers.Count(Landed) == 2);
        _tale.Check("the third was refused as merge_conflict, and nothing was changed by that", refused.Count == 1);
        CheckMainCheckout();
        return refused.Count == 1 ? refused[0] : throw new InvalidOperationException("no landing was refused for its conflict");
    }

    private async Task Resolve(Lane late)
    {
        _tale.Say($"\n{late.Agent.Name} resolves the conflict in its own worktree, keeping both lines, and lands");
        var line = _goals[late.Task].Command.Contains("Goodbye", StringComparison.Ordinal) ? "Goodbye." : "Bonjour.";
        var file = $"'{scratch.SharedFile}'";
        var run = await Run(
            late, $"git rebase -q '{scratch.Branch}'; git checkout --ours -- {file} && echo '{line}' >> {file} && git add -- {file} && GIT_EDITOR=true git rebase --continue");
        _tale.Check("the conflict is resolved", Number(run, "exit_code") == 0);
        var answer = await Land(late);
        _tale.Check("it landed, verified", Landed(answer));
        _tale.Check("that made the task ready that waited for both edits", answer.TryGetProperty("now_ready", out var ready) && ready.GetArrayLength() == 1);
        CheckMainCheckout();
    }

    private async Task GoOn(DemoAgent agent, string which)
    {
        _tale.Say($"\n{agent.Name} takes {which}: its worktree starts from what has landed");
        var lane = await Begin(agent);
        _tale.Check("it found what it waited for, and did its work", Number(await Run(lane, _goals[lane.Task].Command), "exit_code") == 0);
        _tale.Check("it landed, verified", Landed(await Land(lane)));
        CheckMainCheckout();
    }

    private async Task Finish(DemoAgent agent, string start)
    {
        _tale.Say("\nThe board at the end");
        var counts = (await _tale.Step(agent, "board_show")).GetProperty("counts");
        _tale.Say($"\nThe history of {scratch.Branch}");
        var history = scratch.Git("log", "--graph", "--format=%h %s", $"{start}..{scratch.Branch}").Split('\n');
        foreach (var line in history)
        {
            _tale.Say($"  {line}");
        }

        _tale.Say("\nChecks");
        _tale.Check("all five tasks are completed, nothing is left on the board", Number(counts, "completed") == 5 && Number(counts, "ready") + Number(counts, "in_progress") + Number(counts, "blocked") == 0);
        _tale.Check("no worktree and no branch of one is left", Number(counts, "worktrees") == 0 && scratch.Git("branch", "--list", "wt/*").Length == 0);
        _tale.Check("history is one line of five commits", scratch.Git("rev-list", "--min-parents=2", $"{start}..{scratch.Branch}").Length == 0 && history.Length == 5);
        _tale.Check("both edits of the same file are there", scratch.Read(scratch.SharedFile) is var text && text.Contains("Goodbye.", StringComparison.Ordinal) && text.Contains("Bonjour.", StringComparison.Ordinal));
        CheckMainCheckout();
    }

    private Task<JsonElement> Run(Lane lane, string command) => _tale.Step(lane.Agent, "worktree_run", ("name", lane.Name), ("command", command));

    private Task<JsonElement> Land(Lane lane) => _tale.Step(
        lane.Agent, "worktree_merge", ("name", lane.Name), ("strategy", "rebase"), ("verify_command", scratch.VerifyCommand), ("wait_seconds", 600), ("complete_task", true), ("remove", true));

    private void CheckMainCheckout() => _tale.Check(
        "the main checkout is clean and on its branch", scratch.Git("--no-optional-locks", "status", "--porcelain").Length == 0 && scratch.Git("symbolic-ref", "--short", "HEAD") == scratch.Branch);

    private static bool Landed(JsonElement answer) =>
        Code(answer) is null && answer.GetProperty("removed").GetBoolean() && answer.TryGetProperty("verified", out var verified) && Number(verified, "exit_code") == 0;

    private static string? Code(JsonElement answer) => answer.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() : null;

    private static int? Number(JsonElement of, string name) => of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;

    private string Appended(string line) => $"echo '{line}' >> '{scratch.SharedFile}' && git add -- '{scratch.SharedFile}' && git commit -q -m '{line}'";

    private static string Added(string file, string line) => $"mkdir -p {Folder} && echo '{line}' > {Folder}/{file} && git add -f -- {Folder}/{file} && git commit -q -m '{line}'";

    private sealed record Goal(string Subject, string Command);

    private sealed record Lane(DemoAgent Agent, int Task, string Name);
}
