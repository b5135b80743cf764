using System.Text;
using FluentAssertions;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Runs;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Configuration;

/// <summary>What cannot be understood closes the door for commands and no other, wherever it stands, until it is mended.</summary>
public sealed class BrokenSettingsTests : IDisposable
{
    private readonly Configured _place = new();

    public void Dispose() => _place.Dispose();

    /// <summary>A form, what of the reason has to be said, and the line where there is one.</summary>
    public static TheoryData<string, string, string?> Forms => new()
    {
        { """{ "run": { "sandbox": "required" },, }""", "','", "line 1, column 36" },
        { "{\n  \"run\": {\n    \"sandbox\": \"required\"\n", "", "line 4" },
        { "{ \"trash_days\": 7 }\n}", "", "line 2, column 1" },
        { "{ \"trash_days\": 7 }\n{ \"run\": { \"sandbox\": \"off\" } }", "", "line 2, column 1" },
        { "", "is empty", null },
        { " \n\n ", "is empty", null },
        { "// nothing but this\n", "is empty", null },
        { "utf-16-le", "UTF-16", null },
        { "utf-16-be", "UTF-16", null },
        { "utf-16-bare", "UTF-16", null },
        { "utf-32", "UTF-32", null },
        { "latin-1", "not UTF-8", "line 2, column 20" },
        { "nul", "NUL", "line 2, column 1" },
        { "null", "must be one JSON object", "line 1" },
        { "[]", "must be one JSON object", "line 1" },
        { "\"required\"", "must be one JSON object", "line 1" },
        { "sandbox = required", "", "line 1, column 1" },
        { "{\n  \"sandbox\": \"required\" }", "\"sandbox\" is no setting; did you mean \"run.sandbox\"?", "line 2, column 3" },
        { "{\n  \"run\": {\n \"sandbx\": \"required\" } }", "\"run.sandbx\" is no setting; did you mean \"run.sandbox\"?", "line 3, column 2" },
        { "{ \"Run\": { \"sandbox\": \"required\" } }", "\"Run\" is no setting; did you mean \"run\"?", "line 1, column 3" },
        { "{ \"run\": { \"sandbox\": \"Required\" } }", "run.sandbox must be \"off\", \"auto\" or \"required\", but is \"Required\"", "line 1, column 23" },
        { "{ \"run\": { \"sandbox\": null } }", "but is null", "line 1, column 23" },
        { "{ \"run\": { \"sandbox\": { \"mode\": \"required\" } } }", "but is an object", "line 1, column 23" },
        { "{ \"run\": { \"enabled\": \"false\" } }", "run.enabled must be true or false, but is \"false\"", "line 1" },
        { "{ \"run\": { \"timeout_seconds\": \"300\" } }", "run.timeout_seconds must be a whole number from 1 to 86400, but is \"300\"", "line 1" },
        { "{ \"run\": { \"timeout_seconds\": 86401 } }", "but is 86401", "line 1" },
        { "{ \"trash_days\": 7.5 }", "trash_days must be a whole number from 1 to 3650, but is 7.5", "line 1" },
        { "{ \"lease_minutes\": 99999999999999999999 }", "lease_minutes must be", "line 1" },
        { "{ \"run\": { \"environment\": \"AWS_REGION\" } }", "run.environment must be", "line 1" },
        { "{ \"run\": { \"environment\": [\"AWS_REGION\", 7] } }", "run.environment must be", "line 1" },
        { "{ \"run\": { \"secret_paths\": [[\"~/a\"]] } }", "run.secret_paths must be", "line 1" },
        { "{ \"run\": true }", "run must be a section", "line 1, column 10" },
        { "{ \"run\": null }", "run must be a section", "line 1, column 10" },
        { "{ \"run\": [] }", "run must be a section", "line 1, column 10" },
        { "{ \"spares\": 1,\n \"spares\": 2 }", "\"spares\" is set twice, in line 1 too", "line 2, column 2" },
        { "{ \"run\": { \"sandbox\": \"off\" },\n \"run.sandbox\": \"required\" }", "\"run.sandbox\" is set twice, in line 1 too", "line 2, column 2" },
        { "{ \"run\": { \"sandbox\": \"required\" },\n \"run\": {} }", "\"run\" is set twice, in line 1 too", "line 2, column 2" },
        { "{ \"branch_prefix\": \"x\\ud83d/\" }", "half a character", "line 1" },
        { "deep", "", "line 1" },
        { "large", "has more than", null },
        { "dangling link", "a link that leads nowhere", null },
        { "link to itself", "a link that leads nowhere", null },
        { "link to a folder", "a folder", null },
        { "folder", "a folder", null },
        { "pipe", "", null },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_repositorys_file_that_cannot_be_understood_refuses_commands_until_it_is_mended(string form, string reason, string? line)
    {
        Plant(_place.RepositoryFile, form);

        IsClosed(_place.RepositoryFile, reason, line, mend: () => Clear(_place.RepositoryFile));
    }

    /// <summary>The user's file goes the same way, so a part of them tells.</summary>
    public static IEnumerable<ITheoryDataRow> UsersForms => Forms.Where((_, at) => Thorough.Tries(at + 1, oneIn: 4));

    [Theory]
    [MemberData(nameof(UsersForms))]
    public void A_users_file_that_cannot_be_understood_refuses_commands_until_it_is_mended(string form, string reason, string? line)
    {
        Plant(_place.UserFile, form);

        IsClosed(_place.UserFile, reason, line, mend: () => Clear(_place.UserFile));
    }

    [Theory]
    [InlineData("WORKTREEMCP_RUN_SANDBOX", "Required", "run.sandbox must be")]
    [InlineData("WORKTREEMCP_RUN_SANDBOX", " required", "run.sandbox must be")]
    [InlineData("WORKTREEMCP_RUN_SANDBOX", " ", "run.sandbox must be")]
    [InlineData("WORKTREEMCP_RUN_NETWORK", "yes", "run.network must be true or false, but is \"yes\"")]
    [InlineData("WORKTREEMCP_RUN_ENABLED", "0", "run.enabled must be")]
    [InlineData("WORKTREEMCP_RUN_TIMEOUT_SECONDS", "5m", "run.timeout_seconds must be")]
    [InlineData("WORKTREEMCP_RUN_TIMEOUT_SECONDS", "-1", "run.timeout_seconds must be")]
    [InlineData("WORKTREEMCP_TRASH_DAYS", "7.0", "trash_days must be")]
    [InlineData("WORKTREEMCP_RUN_ENVIRONMENT", "GIT_DIR", "run.environment must be")]
    [InlineData("WORKTREEMCP_RUN_CACHE_PATHS", "~", "run.cache_paths must be")]
    [InlineData("WORKTREEMCP_WORKTREE_ROOT", "/tmp/elsewhere", "worktree_root must be")]
    [InlineData("WORKTREEMCP_LOG_LEVEL", "loud", "log_level must be")]
    [InlineData("WORKTREEMCP_SANDBOX", "required", "did you mean WORKTREEMCP_RUN_SANDBOX?")]
    [InlineData("WORKTREEMCP_RUN_SANDOBX", "required", "did you mean WORKTREEMCP_RUN_SANDBOX?")]
    [InlineData("WORKTREEMCP_CONFINE", "required", "there is no such variable")]
    [InlineData("WORKTREEMCP_SETUP", "true", "there is no such variable")]
    [InlineData("worktreemcp_run_sandbox", "required", "did you mean WORKTREEMCP_RUN_SANDBOX?")]
    public void A_variable_that_cannot_be_understood_refuses_commands(string name, string value, string reason)
    {
        var repository = _place.Open((name, value));
        repository.Make("alpha", repository.Task());

        _place.Repo.By(RefusalCode.RunDisabled, () => repository.Shell("alpha", "touch ran")).Message.Should().Contain(name).And.Contain(reason);
        repository.Overview.Look(new GlanceLimits()).Settings.Should().ContainSingle().Which.Should().Contain(name);
        repository.Examine().Should().Contain(found => found.Code == "setting_unusable" && found.Subject == name);
        repository.Land("alpha").Step.Already.Should().BeTrue();
    }

    [Theory]
    [InlineData("WORKTREEMCP_RUN_SANDBOX", "")]
    [InlineData("WORKTREEMCP_RUN_SANDBOX", "${SANDBOX}")]
    [InlineData("WORKTREEMCP_RUN_NETWORK", "True")]
    [InlineData("WORKTREEMCP_RUN_ID", "r-1")]
    [InlineData("WORKTREEMCP_AGENT", "someone")]
    [InlineData("WORKTREEMCP_LOG_LEVEL", "Debug")]
    public void A_variable_that_is_understood_or_unset_stands_in_nobodys_way(string name, string value)
    {
        var repository = _place.Open((name, value));
        repository.Make("alpha");

        repository.Shell("alpha", "true").Run.ExitCode.Should().Be(0);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once_from_every_source()
    {
        _place.User("{ \"run\": { \"sandbox\": \"Required\" },\n \"setup\": [\"true\"] }");
        _place.Repository("{ \"trash_dys\": 1,\n \"spares\": 9,\n \"spares\": 1, }");
        var repository = _place.Open(("WORKTREEMCP_RUN_NETWORK", "maybe"));
        repository.Make("alpha");

        _place.Repo.By(RefusalCode.RunDisabled, () => repository.Shell("alpha", "true")).Message.Should().ContainAll(
            $"{_place.UserFile}, line 1, column 23: run.sandbox must be", $"{_place.UserFile}, line 2, column 2: setup belongs into .worktree-mcp.json",
            $"{_place.RepositoryFile}, line 1, column 3: \"trash_dys\" is no setting; did you mean \"trash_days\"?", $"{_place.RepositoryFile}, line 3, column 2: \"spares\" is set twice", "WORKTREEMCP_RUN_NETWORK: run.network must be");
    }

    [Fact]
    public void While_anything_is_broken_the_strictest_holds()
    {
        _place.User("""{ "run": { "network": true, "environment": ["A_KEY"], "secret_paths": ["~/mine", "!~/.ssh"] }, "trash_days": 90,, "allowed_filters": [] }""");

        var settings = _place.Open().Settings;

        settings.Run.Should().BeEquivalentTo(new RunSettings { Enabled = false, Sandbox = SandboxMode.Required, SecretPaths = ["~/mine"] });
        settings.TrashDays.Should().Be(90, "it was read before the fault");
        settings.TrashGigabytes.Should().Be(100_000, "nobody can tell, so nothing is deleted for its size");
        settings.AllowedFilters.Should().BeEmpty();
    }

    [Theory]
    [InlineData("{ \"trash_days\": 1,, \"worktree_root\": \"lanes\", \"branch_prefix\": \"agent/\" }")]
    [InlineData("utf-16-le: { \"worktree_root\" : \"lanes\", \"branch_prefix\": \"agent/\" }")]
    public void The_board_stays_where_it_was_while_the_file_that_says_so_is_broken(string text)
    {
        _place.Repository("""{ "worktree_root": "lanes", "branch_prefix": "agent/" }""");
        _place.Open().Make("alpha");
        var broken = text.Split(": ", 2) is ["utf-16-le", var rest] ? rest : text;
        File.WriteAllText(_place.RepositoryFile, broken, broken == text ? new UTF8Encoding(false) : Encoding.Unicode);

        var repository = _place.Open();

        repository.Worktrees.Names.Should().Equal("alpha");
        repository.Make("beta").Directory.Should().Be(Path.Join(_place.Repo.Root, "lanes", "beta"));
        repository.Worktrees.Status("beta").View.Worktree.Branch.Should().Be("agent/beta");
    }

    [Fact]
    public void A_users_broken_file_keeps_an_approved_setup_and_teardown_from_running_and_says_so()
    {
        _place.Repository("""{ "setup": ["touch \"$MAIN_CHECKOUT/../ran\""], "teardown": ["touch \"$MAIN_CHECKOUT/../ran\""] }""");
        var repository = _place.Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        _place.User("""{ "run": { "sandbox": "required" }""");

        var made = repository.Make("alpha");
        var removed = repository.Drop("alpha");

        made.SetupRunId.Should().BeNull();
        made.NotRun.Should().Contain("setup was not run").And.Contain(_place.UserFile);
        removed.Step.Warning.Should().Contain("teardown was not run").And.Contain(_place.UserFile);
        File.Exists(Path.Join(_place.Repo.Base, "ran")).Should().BeFalse();
    }

    [Fact]
    public void A_link_that_leads_somewhere_is_followed_and_one_into_a_worktree_is_not()
    {
        var repository = _place.Open();
        var made = repository.Make("alpha");
        File.WriteAllText(Path.Join(_place.Repo.Base, "shared.json"), """{ "branch_prefix": "shared/" }""");
        File.CreateSymbolicLink(_place.RepositoryFile, "../shared.json");
        repository.Settings.BranchPrefix.Should().Be("shared/");

        File.Delete(_place.RepositoryFile);
        File.WriteAllText(Path.Join(made.Directory, "mine.json"), """{ "branch_prefix": "mine/" }""");
        File.CreateSymbolicLink(_place.RepositoryFile, Path.Join(made.Directory, "mine.json"));

        repository.Settings.BranchPrefix.Should().Be("wt/");
        _place.Repo.By(RefusalCode.RunDisabled, () => repository.Shell("alpha", "true")).Message.Should().Contain("a link into the worktree");
    }

    [Fact]
    public void A_users_folder_that_is_a_link_to_nowhere_is_not_taken_for_no_settings()
    {
        Directory.Delete(Path.Join(_place.Home, ".config"), recursive: true);
        File.CreateSymbolicLink(Path.Join(_place.Home, ".config"), Path.Join(_place.Home, "not-mounted"));
        var repository = _place.Open();
        repository.Make("alpha");

        _place.Repo.By(RefusalCode.RunDisabled, () => repository.Shell("alpha", "true")).Message.Should().Contain(".config is a link that leads nowhere");

        Directory.CreateDirectory(Path.Join(_place.Home, "not-mounted"));
        repository.Shell("alpha", "true").Run.ExitCode.Should().Be(0);
    }

    [Fact]
    public void What_was_set_and_is_gone_for_good_is_believed()
    {
        _place.Repository("""{ "run": { "enabled": false } }""");
        var repository = _place.Open();
        repository.Make("alpha");
        FluentActions.Invoking(() => repository.Shell("alpha", "true")).Should().Throw<Refusal>().WithMessage("*run.enabled is false*");

        File.Delete(_place.RepositoryFile);

        repository.Shell("alpha", "true").Run.ExitCode.Should().Be(0);
    }

    [Fact]
    public void Another_folder_for_worktrees_counts_for_the_next_server_and_this_one_says_so()
    {
        var repository = _place.Open();
        repository.Make("alpha");
        _place.Repository("""{ "worktree_root": "lanes" }""");

        repository.Overview.Look(new GlanceLimits()).Settings.Should().ContainSingle().Which.Should().Contain("worktree_root").And.Contain("started anew");
        repository.Worktrees.Names.Should().Equal("alpha");
    }

    private void IsClosed(string subject, string reason, string? line, Action mend)
    {
        var repository = _place.Open();
        repository.Board.Create(new NewTask("A goal"), "tester").View.Task.Id.Should().Be(1);
        var made = repository.Make("alpha", task: 1);
        _place.Repo.Write(Path.Join(made.Directory, "work.txt"), "work");
        _place.Repo.Commit("work", made.Directory);

        foreach (var call in (Action[])[() => repository.Shell("alpha", "touch ran"), () => repository.Worktrees.Start(new RunOrder("alpha", "touch ran", TimeSpan.FromSeconds(9), "tester")), () => repository.Land("alpha", verify: "touch ran")])
        {
            var refusal = _place.Repo.By(RefusalCode.RunDisabled, call);
            refusal.Message.Should().Contain(subject).And.Contain(Or(reason, subject)).And.Contain(Or(line, subject)).And.Contain("Nothing was run");
        }

        repository.Overview.Look(new GlanceLimits()).Settings.Should().ContainSingle().Which.Should().StartWith("Commands are refused").And.Contain(subject).And.Contain(Or(line, subject));
        repository.Examine().Should().Contain(found => found.Code == "setting_unusable" && found.Severity == FindingSeverity.Error && found.Subject == subject && found.Message.Contains(reason));
        repository.Worktrees.Status("alpha").View.Drift.Should().BeEmpty();
        repository.Worktrees.List(null, 10, null).Total.Should().Be(1);
        repository.Land("alpha").Commits.Should().Be(1);
        repository.Drop("alpha").Step.Worktree.Status.Should().Be(WorktreeState.Removed);
        repository.Make("alpha");
        File.Exists(Path.Join(made.Directory, "ran")).Should().BeFalse();

        mend();
        repository.Shell("alpha", "touch ran").Run.ExitCode.Should().Be(0);
        repository.Overview.Look(new GlanceLimits()).Settings.Should().BeEmpty();
    }

    private static string Or(string? text, string otherwise) => string.IsNullOrEmpty(text) ? otherwise : text;

    private static void Plant(string path, string form)
    {
        switch (form)
        {
            case "utf-16-le":
                File.WriteAllText(path, """{ "run": { "sandbox": "required" } }""", Encoding.Unicode);
                break;
            case "utf-16-be":
                File.WriteAllText(path, """{ "run": { "sandbox": "required" } }""", Encoding.BigEndianUnicode);
                break;
            case "utf-16-bare":
                File.WriteAllBytes(path, Encoding.Unicode.GetBytes("""{ "run": { "sandbox": "required" } }"""));
                break;
            case "utf-32":
                File.WriteAllText(path, """{ "run": { "sandbox": "required" } }""", Encoding.UTF32);
                break;
            case "latin-1":
                File.WriteAllText(path, "{\n \"branch_prefix\": \"\u00fc/\" }", Encoding.Latin1);
                break;
            case "nul":
                File.WriteAllText(path, "{ \"trash_days\": 7 }\n\0\0\0\0");
                break;
            case "deep":
                File.WriteAllText(path, $"{{ \"run\": {{ \"sandbox\": {new string('[', 5000)}{new string(']', 5000)} }} }}");
                break;
            case "large":
                File.WriteAllText(path, $"{{ \"run\": {{ \"sandbox\": \"required\" }} {new string(' ', 3_000_000)} }}");
                break;
            case "dangling link":
                File.CreateSymbolicLink(path, path + ".gone");
                break;
            case "link to itself":
                File.CreateSymbolicLink(path, path);
                break;
            case "link to a folder":
                File.CreateSymbolicLink(path, Path.GetDirectoryName(path)!);
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "pipe":
                using (var made = System.Diagnostics.Process.Start("mkfifo", [path]))
                {
                    made.WaitForExit();
                }

                break;
            default:
                File.WriteAllText(path, form);
                break;
        }
    }

    private static void Clear(string path)
    {
        if (Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null)
        {
            Directory.Delete(path);
        }
        else
        {
            File.Delete(path);
        }

        File.WriteAllText(path, "{}");
    }
}
