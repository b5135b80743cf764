using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees.Landing;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests.Guidance;

/// <summary>What answers call next is enough to get all work landed, wherever one begins.</summary>
public sealed class RobotTests
{
    private const string Me = "robot";

    // What may be lost to not knowing what only a look tells.
    private const double MostOverScript = 1.2;

    private static readonly Dictionary<string, (int Script, Action<Start> Prepare)> Situations = new()
    {
        ["a ready task"] = (4, start => start.Task()),
        ["three ready tasks"] = (10, start => { start.Task("one"); start.Task("two"); start.Task("three"); }
        ),
        ["a task that waits for another"] = (7, start => start.Task("second", TaskPriority.High, start.Task("first"))),
        ["everything is done"] = (1, start => { var id = start.Task(); start.With(here => here.Board.Update(id, new TaskEdit { Status = TaskState.Completed }, "a person")); }
        ),
        ["a task of mine without a worktree"] = (4, start => { var id = start.Task(); start.With(here => here.Board.Claim(id, null, Me)); }
        ),
        ["a worktree in which nothing was done"] = (3, start => start.Worktree()),
        ["uncommitted work"] = (3, start => start.Run(start.Worktree(), $"echo {start.Words("mine")} >> README.md")),
        ["untracked files"] = (3, start => start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt")),
        ["committed work"] = (2, start => start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work")),
        ["committed and uncommitted work"] = (3, start => start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work && echo {start.Words("more")} > more.txt")),
        ["criteria that nobody has called met"] = (3, start => start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work")
            .With(here => here.Board.Update(1, new TaskEdit { Acceptance = ["has a test", "is documented"] }, Me))),
        ["work that failed what it must pass"] = (3, start =>
        {
            var name = start.Worktree();
            start.Run(name, $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work").With(here =>
            {
                here.Board.Update(1, new TaskEdit { Verify = "ls robot-*.txt" }, Me);
                ((Action)(() => here.Worktrees.Land(new LandingRequest(name, null, LandingStrategy.Merge, null, null, TimeSpan.FromSeconds(5), CompleteTask: true, Remove: false), Me, _ => { }, CancellationToken.None)))
                    .Should().Throw<Refusal>().Which.Code.Should().Be(RefusalCode.VerifyFailed);
            });
        }
        ),
        ["a base that moved on"] = (2, start => { start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work"); start.InMain("echo x > other.txt && git add other.txt && git commit -qm other"); }
        ),
        ["a base that conflicts"] = (5, start => Apart(start)),
        ["a merge with conflicts"] = (4, start => start.Run(Apart(start), "! git merge -q main")),
        ["a merge with conflicts in odd names"] = (4, start => start.Run(Apart(start, "it's a \"file\".txt"), "! git merge -q main")),
        ["a merge that is resolved and not committed"] = (3, start => start.Run(Apart(start), "! git merge -q main; sed -i -e '/^[<=>]\\{7\\}/d' README.md && git add README.md")),
        ["a rebase with conflicts"] = (4, start => start.Run(Apart(start), "! git rebase -q main")),
        ["a cherry-pick with conflicts"] = (4, start => start.Run(start.Worktree(), $"own=$(git branch --show-current) && git switch -qc side && echo {start.Words("one")} >> README.md && git commit -qam one && git switch -q \"$own\" && echo {start.Words("two")} >> README.md && git commit -qam two && ! git cherry-pick side")),
        ["a revert with conflicts"] = (5, start => start.Run(start.Worktree(), $"echo one >> README.md && git commit -qam one && sed -i s/one/two/ README.md && echo {start.Words("two")} >> README.md && git commit -qam two && ! git revert --no-edit HEAD~1")),
        ["a revert of which nothing is left"] = (4, start => start.Run(start.Worktree(), $"echo one >> README.md && git commit -qam one && echo {start.Words("two")} >> README.md && git commit -qam two && ! git revert --no-edit HEAD~1; git checkout -q HEAD -- README.md")),
        ["a bisect"] = (3, start => start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work && git bisect start -q HEAD HEAD~1")),
        ["a stash that conflicts"] = (5, start => start.Run(start.Worktree(), $"echo one >> README.md && git stash -q && echo {start.Words("two")} >> README.md && git commit -qam two && ! git stash pop -q")),
        ["a detached HEAD with commits on top"] = (3, start => start.Run(start.Worktree(), $"git checkout -q --detach && echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work")),
        ["a detached HEAD with uncommitted work"] = (4, start => start.Run(start.Worktree(), $"git checkout -q --detach && echo {start.Words("mine")} > new.txt")),
        ["a detached HEAD at an older commit"] = (3, start => start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work && git checkout -q --detach HEAD~1")),
        ["a detached HEAD and a branch with commits of their own"] = (3, start => start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work && git checkout -q --detach HEAD~1 && echo {start.Words("more")} > more.txt && git add -A && git commit -qm more")),
        ["a branch of its own making"] = (3, start => start.Run(start.Worktree(), $"git switch -qc feature/mine && echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work")),
        ["a branch that was there before"] = (3, start =>
        {
            start.InMain("git branch older");
            start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work && git switch -q older");
        }
        ),
        ["a renamed branch"] = (3, start => start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work && git branch -m mine")),
        ["a branch that is gone"] = (3, start => start.Run(start.Worktree(), $"own=$(git branch --show-current) && git checkout -q --detach && echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work && git branch -qD \"$own\"")),
        ["changes behind assume-unchanged"] = (4, start => start.Run(start.Worktree(), $"echo x > new.txt && git add -A && git commit -qm work && git update-index --assume-unchanged README.md && echo {start.Words("mine")} >> README.md")),
        ["changes behind skip-worktree"] = (4, start => start.Run(start.Worktree(), $"echo x > new.txt && git add -A && git commit -qm work && git update-index --skip-worktree README.md && echo {start.Words("mine")} >> README.md")),
        ["work that landed without its task"] = (2, start =>
        {
            var name = start.Worktree();
            start.Run(name, $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work")
                .With(here => here.Worktrees.Land(new LandingRequest(name, null, LandingStrategy.Merge, null, null, TimeSpan.FromSeconds(5), CompleteTask: false, Remove: false), Me, _ => { }, CancellationToken.None));
        }
        ),
        ["a worktree that was removed by mistake"] = (4, start =>
        {
            var name = start.Worktree();
            start.Run(name, $"echo {start.Words("mine")} > new.txt").With(here => here.Worktrees.Remove(name, force: true, completeTask: false, null, Me));
        }
        ),
        ["a worktree whose folder is gone"] = (4, start => start.Run(start.Worktree(), $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work && rm -rf \"$PWD\"")),
        ["a worktree that was put aside"] = (2, start =>
        {
            var name = start.Worktree();
            start.Run(name, $"echo {start.Words("mine")} > new.txt && git add -A && git commit -qm work").With(here => here.Worktrees.Keep(name, "later", completeTask: false, Me));
        }
        ),
        ["work that somebody left uncommitted"] = (4, start => start.Run(start.Worktree("gone"), $"echo {start.Words("theirs")} > new.txt")),
        ["a task that somebody left without a worktree"] = (4, start => { var id = start.Task(); start.With(here => here.Board.Claim(id, null, "gone")); }
        ),
        ["urgent work that somebody left, and a ready task"] = (7, start => { start.Task("ready"); start.Run(start.Worktree("gone", "urgent", TaskPriority.High), $"echo {start.Words("theirs")} > new.txt"); }
        ),
        ["work that somebody left in the trash"] = (5, start =>
        {
            var name = start.Worktree("gone");
            start.Run(name, $"echo {start.Words("theirs")} > new.txt").With(here => here.Worktrees.Remove(name, force: true, completeTask: false, null, "gone"));
        }
        ),
        ["a merge that somebody left with conflicts"] = (4, start => start.Run(Apart(start, by: "gone"), "! git merge -q main")),
        ["two worktrees of mine"] = (4, start =>
        {
            start.Run(start.Worktree(null, "one"), $"echo {start.Words("first")} > one.txt && git add -A && git commit -qm one");
            start.Run(start.Worktree(null, "two"), $"echo {start.Words("second")} > two.txt && git add -A && git commit -qm two");
        }
        ),
    };

    public static TheoryData<string> Names { get; } = [.. Situations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Whoever_follows_what_comes_next_lands_everything(string situation)
    {
        var (script, prepare) = Situations[situation];
        using var repository = new TempRepository();
        List<string> words;
        using (var start = new Start(repository, Me))
        {
            prepare(start);
            words = start.MustLand;
        }

        await using var agent = await AgentClient.Start(repository, agent: Me);
        var robot = new Robot(agent, Me);
        await robot.Follow();

        var calls = string.Join('\n', robot.Calls.Concat(robot.Refusals));
        TestContext.Current.SendDiagnosticMessage($"{situation}: script {script}, robot {robot.Calls.Count}, refused {robot.Refusals.Count}");
        robot.IsDone.Should().BeTrue(calls);
        RequireLanded(repository, words.Concat(robot.Work), calls);
        robot.Refusals.Should().OnlyHaveUniqueItems(calls);
        robot.Calls.Count.Should().BeLessThanOrEqualTo((int)Math.Floor(script * MostOverScript), calls);
    }

    [Fact]
    public async Task Three_at_once_land_six_goals_and_wait_for_each_other_without_asking_again()
    {
        using var repository = new TempRepository();
        using (var start = new Start(repository, Me))
        {
            var (first, second) = (start.Task("one"), start.Task("two", TaskPriority.High));
            var third = start.Task("three", after: first);
            start.Task("four", after: [first, second]);
            start.Task("five", after: third);
            start.Task("six");
        }

        var robots = new List<Robot>();
        var agents = new List<AgentClient>();
        for (var number = 1; number <= 3; number++)
        {
            agents.Add(await AgentClient.Start(repository, agent: $"robot-{number}", tools: number == 1 ? null : "core"));
            robots.Add(new Robot(agents[^1], $"robot-{number}"));
        }

        await Task.WhenAll(robots.Select(robot => robot.Follow()));

        var calls = string.Join('\n', robots.SelectMany(robot => robot.Calls.Concat(robot.Refusals)));
        foreach (var agent in agents)
        {
            await agent.DisposeAsync();
        }

        robots.Should().OnlyContain(robot => robot.IsDone);
        RequireLanded(repository, robots.SelectMany(robot => robot.Work), calls);
        robots.SelectMany(robot => robot.Work).Should().HaveCount(6, calls);
        foreach (var robot in robots)
        {
            robot.Refusals.Should().OnlyHaveUniqueItems(calls);
        }

        robots.Sum(robot => robot.Calls.Count).Should().BeLessThanOrEqualTo(45, calls);
    }

    private static void RequireLanded(TempRepository repository, IEnumerable<string> words, string calls)
    {
        foreach (var word in words)
        {
            TempRepository.TryGit(repository.Root, "grep", "-q", "-w", "-e", word, "main").Exit.Should().Be(0, $"{word} has landed: {calls}");
        }

        TempRepository.TryGit(repository.Root, "grep", "-E", "-e", "^(<<<<<<<|>>>>>>>)", "main").Exit.Should().Be(1, $"no conflict was committed: {calls}");
        repository.Git("status", "--porcelain").Should().BeEmpty(calls);
    }

    // Both sides have changed the same line.
    private static string Apart(Start start, string file = "README.md", string? by = null)
    {
        var name = start.Worktree(by);
        var quoted = $"'{file.Replace("'", "'\\''", StringComparison.Ordinal)}'";
        start.Run(name, $"echo {start.Words("mine")} >> {quoted} && git add -A && git commit -qm mine");
        start.InMain($"echo {start.Words("theirs")} >> {quoted} && git add {quoted} && git commit -qm theirs");
        return name;
    }
}
