using FluentAssertions;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Doctor;

/// <summary>What can be wrong with logs, with places of ours, with settings, and with the look itself.</summary>
public sealed class PlacesAndSettingsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public PlacesAndSettingsTests()
    {
        using var repository = _repo.Open();
        repository.Task("one");
        repository.Task("two");
    }

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(".git/worktree-mcp/oplog.jsonl", "oplog_damaged")]
    [InlineData(".worktrees/events.jsonl", "events_damaged")]
    public void A_damaged_line_within_a_log_is_passed_over_and_worth_knowing(string log, string code)
    {
        _repo.Write(log, "{\"number\": 0, \"half\n" + _repo.Read(log));

        _repo.LeavesToAPerson(code, FindingSeverity.Info).Message.Should().Contain("1 line of").And.Contain(log);
    }

    [Theory]
    [InlineData(".git/worktree-mcp/oplog.jsonl", "oplog_oversized")]
    [InlineData(".worktrees/events.jsonl", "events_oversized")]
    public void A_log_of_more_than_64_MB_is_worth_knowing(string log, string code)
    {
        var old = _repo.Read(log);
        var line = $"{{\"pad\":\"{new string('x', 1024 * 1024)}\"}}\n";
        File.WriteAllLines(Path.Join(_repo.Root, log), Enumerable.Repeat(line.TrimEnd(), 65));
        File.AppendAllText(Path.Join(_repo.Root, log), old);

        using var repository = _repo.Open();
        var found = repository.Examine().Should().ContainSingle().Which;

        found.Code.Should().Be(code);
        found.Severity.Should().Be(FindingSeverity.Info);
        found.Message.Should().Contain("65 MB");
    }

    [Theory]
    [InlineData(".worktrees/index.json")]
    [InlineData(".worktrees/events.jsonl")]
    [InlineData(".git/worktree-mcp/oplog.jsonl")]
    [InlineData(".git/worktree-mcp/lock-holder.json")]
    public void A_control_file_that_is_a_link_is_left_to_a_person(string file)
    {
        var path = Path.Join(_repo.Root, file);
        var target = Path.Join(_repo.Base, "elsewhere");
        File.WriteAllText(path, File.Exists(path) ? File.ReadAllText(path) : string.Empty);
        File.Move(path, target);
        File.CreateSymbolicLink(path, target);

        _repo.LeavesToAPerson("control_file_link", FindingSeverity.Error).Subject.Should().Be(path);
    }

    [Theory]
    [InlineData(".git/worktree-mcp/quarantine")]
    [InlineData(".git/worktree-mcp/trash")]
    public void A_file_in_the_place_of_a_control_folder_is_left_to_a_person(string folder)
    {
        _repo.Write(folder, "in the way");

        _repo.LeavesToAPerson("control_folder_link", FindingSeverity.Error).Message.Should().Contain("is a file");
    }

    [Fact]
    public void A_link_in_the_place_of_a_task_is_left_to_a_person()
    {
        var target = Path.Join(_repo.Base, "elsewhere.json");
        File.Move(_repo.Layout.Task(1), target);
        File.CreateSymbolicLink(_repo.Layout.Task(1), target);

        _repo.LeavesToAPerson("task_file_foreign", FindingSeverity.Error).Subject.Should().EndWith("task_1.json");
    }

    [Fact]
    public void Settings_for_one_checkout_alone_are_worth_knowing()
    {
        _repo.Write(".git/config.worktree", "[core]\n\tautocrlf = true\n");

        _repo.LeavesToAPerson("worktree_config", FindingSeverity.Info).Subject.Should().EndWith("config.worktree");
    }

    [Fact]
    public void Worktrees_that_may_have_settings_of_their_own_are_worth_knowing()
    {
        _repo.Git("config", "extensions.worktreeConfig", "true");

        _repo.LeavesToAPerson("worktree_config", FindingSeverity.Info).Subject.Should().Be("extensions.worktreeconfig");
    }

    [Fact]
    public void A_setting_of_ours_that_cannot_be_used_is_left_to_a_person()
    {
        _repo.Write(".worktree-mcp.json", """{"lease_minutes": "soon"}""");
        using var repository = Repository.Open(_repo.Root, environment: new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["WORKTREEMCP_RUN_SANDBOX"] = "maybe" });

        var found = repository.Examine().Where(finding => finding.Code == "setting_unusable").ToList();

        found.Should().NotBeEmpty().And.OnlyContain(finding => finding.Severity == FindingSeverity.Error && !finding.Repairable);
        found.Should().Contain(finding => finding.Subject == "WORKTREEMCP_RUN_SANDBOX");
    }

    [Fact]
    public void What_cannot_be_looked_at_is_named_and_hides_nothing_else()
    {
        _repo.Write(".tasks/notes.txt", "a stray");
        using var repository = _repo.Open();
        _repo.Write(".git/config", "[core\n");

        var found = repository.Examine();

        found.Should().Contain(finding => finding.Code == "cannot_look" && finding.Severity == FindingSeverity.Error && finding.Subject == "configuration");
        found.Should().Contain(finding => finding.Code == "task_stray");
    }

    [Fact]
    public void A_repair_that_is_refused_as_a_whole_says_why_and_what_is_left()
    {
        _repo.Write(".tasks/.task_1.json.tmp", "left");
        var target = Path.Join(_repo.Base, "elsewhere");
        File.Move(_repo.Layout.Events, target);
        File.CreateSymbolicLink(_repo.Layout.Events, target);
        using var repository = _repo.Open();

        var findings = repository.Repair();

        findings[0].Code.Should().Be("repair_refused");
        findings[0].Message.Should().Contain("events.jsonl is a link");
        findings.Select(finding => finding.Code).Should().Contain(["control_file_link", "leftover_temporary"]);
        findings.Should().OnlyContain(finding => finding.Done == null);
    }
}
