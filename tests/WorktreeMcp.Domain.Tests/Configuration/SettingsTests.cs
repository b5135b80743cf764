using System.IO.Abstractions;
using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Configuration;

public sealed class SettingsTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public void Without_any_source_the_defaults_hold()
    {
        using var repository = Open();

        repository.Settings.WorktreeRoot.Should().Be(".worktrees");
        repository.Settings.BranchPrefix.Should().Be("wt/");
        repository.Settings.BaseRef.Should().Be("HEAD");
        repository.Settings.Durable.Should().BeTrue();
        repository.Settings.Warnings.Should().BeEmpty();
    }

    [Fact]
    public void A_variable_wins_over_the_repositorys_file_and_that_over_the_users()
    {
        Directory.CreateDirectory(Path.Join(_repo.Base, "config", "worktree-mcp"));
        File.WriteAllText(Path.Join(_repo.Base, "config", "worktree-mcp", "config.json"), """{ "branch_prefix": "user/", "base_ref": "develop", "durability": "relaxed", "lease_minutes": 15 }""");
        _repo.Write(".worktree-mcp.json", """{ "branch_prefix": "repo/", "base_ref": "main" }""");

        using var repository = Open(("WORKTREEMCP_BRANCH_PREFIX", "mine/"));

        repository.Settings.BranchPrefix.Should().Be("mine/");
        repository.Settings.BaseRef.Should().Be("main");
        repository.Settings.Durable.Should().BeFalse();
        repository.Settings.LeaseMinutes.Should().Be(15);
    }

    [Fact]
    public void Choices_of_tools_add_up_from_the_persons_file_to_the_repositorys()
    {
        using var place = new Configured();
        place.User("""{ "tools": ["core", "worktree_diff"] }""");
        place.Repository("""{ "tools": "board_show, worktree_diff" }""");

        var settings = place.Open().Settings;

        settings.Tools.Should().HaveCount(2);
        settings.Tools[0].Should().Equal("core", "worktree_diff");
        settings.Tools[1].Should().Equal("board_show", "worktree_diff");
        settings.Warnings.Should().BeEmpty("whoever only takes away needs no approval");
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("""{ "lease_minutes": 5 }""", """{ "spares": 1 }""", false)]
    [InlineData("""{ "tools": "core" }""", null, true)]
    [InlineData(null, """{ "tools": "core" }""", true)]
    [InlineData(null, """{ "t\u006fols": "core" }""", true)]
    public void Whether_a_file_may_set_something_is_told_before_it_is_opened(string? user, string? repository, bool told)
    {
        using var place = new Configured();
        if (user is not null)
        {
            place.User(user);
        }

        if (repository is not null)
        {
            place.Repository(repository);
        }

        Directory.CreateDirectory(Path.Join(place.Repo.Root, "src"));
        SettingsGlance.MaySet("tools", Path.Join(place.Repo.Root, "src"), place.Variables()).Should().Be(told);
    }

    [Fact]
    public void Worktrees_are_made_where_and_as_the_repositorys_file_says()
    {
        _repo.Write(".worktree-mcp.json", """{ "worktree_root": "lanes/here", "branch_prefix": "agent/" }""");
        using var repository = Open();

        var made = repository.Worktrees.Create(new NewWorktree("alpha"), "tester");

        made.Directory.Should().Be(Path.Join(_repo.Root, "lanes", "here", "alpha"));
        _repo.GitIn(made.Directory, "branch", "--show-current").Should().Be("agent/alpha");
        _repo.Git("status", "--porcelain", "-uall").Should().Be("?? .worktree-mcp.json");
    }

    [Theory]
    [InlineData("""{ "worktree_root": "../outside" }""", "worktree_root")]
    [InlineData("""{ "worktree_root": "/tmp/outside" }""", "worktree_root")]
    [InlineData("""{ "worktree_root": ".git/inside" }""", "worktree_root")]
    [InlineData("""{ "branch_prefix": "--force" }""", "branch_prefix")]
    [InlineData("""{ "branch_prefix": "a..b/" }""", "branch_prefix")]
    [InlineData("""{ "base_ref": "-x" }""", "base_ref")]
    [InlineData("""{ "durability": "maybe" }""", "durability")]
    [InlineData("""{ "lease_minutes": 0 }""", "lease_minutes")]
    [InlineData("""{ "lease_minutes": 1441 }""", "lease_minutes")]
    [InlineData("""{ "lease_minutes": "soon" }""", "lease_minutes")]
    [InlineData("""{ "durability": true }""", "durability")]
    [InlineData("""{ "wortree_root": "x" }""", "wortree_root")]
    [InlineData("""{ "run": { "sandbox": "always" } }""", "run.sandbox")]
    [InlineData("""{ "run": { "network": "perhaps" } }""", "run.network")]
    [InlineData("""{ "run": { "timeout_seconds": 0 } }""", "run.timeout_seconds")]
    [InlineData("""{ "run": { "environment": "all" , "environment": ["GIT_DIR"] } }""", ".worktree-mcp.json")]
    [InlineData("""{ "run": { "environment": ["GIT_DIR"] } }""", "run.environment")]
    [InlineData("""{ "run": { "environment": ["A*", "*"] } }""", "run.environment")]
    [InlineData("""{ "run": { "environment": [1] } }""", "run.environment")]
    [InlineData("""{ "run": { "cache_paths": ["/"] } }""", "run.cache_paths")]
    [InlineData("""{ "run": { "cache_paths": ["~/"] } }""", "run.cache_paths")]
    [InlineData("""{ "run": { "cache_paths": ["~/x/../.ssh"] } }""", "run.cache_paths")]
    [InlineData("""{ "run": { "cache_paths": ["relative"] } }""", "run.cache_paths")]
    [InlineData("""{ "run": { "sandpit": true } }""", "run.sandpit")]
    [InlineData("""{ "run": true }""", "run")]
    [InlineData("{ broken", ".worktree-mcp.json")]
    public void What_is_unknown_or_does_not_fit_is_named_and_leaves_the_strictest_for_commands(string text, string named)
    {
        _repo.Write(".worktree-mcp.json", text);

        using var repository = Open();

        var settings = repository.Settings;
        settings.Warnings.Should().ContainSingle().Which.Should().Contain(named);
        settings.Run.Should().BeEquivalentTo(new RunSettings { Enabled = false, Sandbox = SandboxMode.Required });
        var defaults = new RepositorySettings();
        (settings.WorktreeRoot, settings.BranchPrefix, settings.BaseRef, settings.Durable, settings.LeaseMinutes, settings.Spares)
            .Should().Be((defaults.WorktreeRoot, defaults.BranchPrefix, defaults.BaseRef, defaults.Durable, defaults.LeaseMinutes, defaults.Spares));
    }

    [Theory]
    [InlineData("// why\n{ \"run\": { \"sandbox\": \"required\" } }")]
    [InlineData("{ \"run\": { /* why */ \"sandbox\": \"required\" // here\n } }")]
    [InlineData("{ \"run\": { \"sandbox\": \"required\", }, }")]
    [InlineData("{ \"$schema\": \"https://example.org/s.json\", \"run\": { \"sandbox\": \"required\" } }\n// end")]
    [InlineData("\uFEFF{ \"run.sandbox\": \"required\" }")]
    [InlineData("{ \"run\": { \"environment\": [ \"A_KEY\", ], \"sandbox\": \"required\" } }")]
    public void Comments_and_a_last_comma_are_understood_in_every_file(string text)
    {
        _repo.Write("../config/worktree-mcp/config.json", text);
        using (var ofUser = Open())
        {
            ofUser.Settings.Run.Sandbox.Should().Be(SandboxMode.Required);
            ofUser.Settings.Warnings.Should().BeEmpty();
        }

        _repo.Write("../config/worktree-mcp/config.json", "{ }");
        _repo.Write(".worktree-mcp.json", text.Replace("\"run", "\"setup\": [ \"true\", /* one */ ], \"run", StringComparison.Ordinal));
        using var ofRepository = Open();
        ofRepository.Settings.Run.Sandbox.Should().Be(SandboxMode.Required);
        ofRepository.Trust.Wanted().Setup.Should().Equal("true");
    }

    [Fact]
    public void What_is_set_for_commands_stands_in_a_section_of_its_own()
    {
        _repo.Write("../config/worktree-mcp/config.json", """
            { "run": { "timeout_seconds": 900, "sandbox": "auto", "network": true, "environment": ["SSH_AUTH_SOCK", "AWS_*"],
              "cache_paths": ["~/.npm", "/var/cache/x"], "secret_paths": ["~/keys"] } }
            """);

        using var repository = Open(("WORKTREEMCP_RUN_SANDBOX", "required"), ("WORKTREEMCP_RUN_TIMEOUT_SECONDS", "60"), ("WORKTREEMCP_RUN_CACHE_PATHS", "~/.npm, ~/.cache"));

        repository.Settings.Warnings.Should().BeEmpty();
        repository.Settings.Run.Should().BeEquivalentTo(new WorktreeMcp.Domain.Configuration.RunSettings
        {
            TimeoutSeconds = 60,
            Sandbox = WorktreeMcp.Domain.Configuration.SandboxMode.Required,
            Network = true,
            Environment = ["SSH_AUTH_SOCK", "AWS_*"],
            CachePaths = ["~/.npm", "~/.cache"],
            SecretPaths = ["~/keys"],
        });
    }

    [Fact]
    public void A_repository_may_ask_for_a_stricter_sandbox_than_a_person_did_and_for_no_weaker_one()
    {
        _repo.Write("../config/worktree-mcp/config.json", """{ "run": { "sandbox": "required", "secret_paths": ["~/mine"] } }""");
        _repo.Write(".worktree-mcp.json", """{ "run": { "sandbox": "off", "secret_paths": ["~/more"] } }""");

        using var repository = Open();

        repository.Settings.Run.Sandbox.Should().Be(WorktreeMcp.Domain.Configuration.SandboxMode.Required);
        repository.Settings.Run.SecretPaths.Should().Equal("~/mine", "~/more");
        repository.Settings.Warnings.Should().ContainSingle().Which.Should().Contain("run.sandbox");
    }

    [Fact]
    public void A_file_inside_a_worktree_sets_nothing()
    {
        using var first = Open();
        var made = first.Worktrees.Create(new NewWorktree("alpha"), "tester");
        File.WriteAllText(Path.Join(made.Directory, ".worktree-mcp.json"), """{ "branch_prefix": "planted/" }""");

        using var second = Repository.Open(made.Directory, environment: Variables());

        second.Settings.BranchPrefix.Should().Be("wt/");
    }

    [Fact]
    public void A_file_that_a_switch_of_branches_writes_anew_is_read_as_it_is_then()
    {
        _repo.Write(".worktree-mcp.json", "{}");
        var path = Path.Join(_repo.Root, ".worktree-mcp.json");
        var looks = 0;
        var reader = new SettingsReader(new FileSystem(), new Dictionary<string, string>())
        {
            Bytes = Read,
        };

        var settings = reader.Read(_repo.Root);

        settings.BranchPrefix.Should().Be("new/");
        settings.Warnings.Should().BeEmpty();

        byte[] Read(string file)
        {
            File.WriteAllText(path, ++looks < 3 ? """{ "branch_prefix": "n""" : """{ "branch_prefix": "new/" }""");
            return File.ReadAllBytes(file);
        }
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_named()
    {
        _repo.Write(".worktree-mcp.json", "{}");

        var settings = new SettingsReader(new FileSystem(), new Dictionary<string, string>()) { Bytes = _ => throw new UnauthorizedAccessException("no access") }.Read(_repo.Root);

        settings.Warnings.Should().ContainSingle().Which.Should().Contain(".worktree-mcp.json: it cannot be read: no access");
    }

    private Repository Open(params (string Name, string Value)[] variables) => Repository.Open(_repo.Root, environment: Variables(variables));

    private Dictionary<string, string> Variables(params (string Name, string Value)[] variables)
    {
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = _repo.Base, ["XDG_CONFIG_HOME"] = Path.Join(_repo.Base, "config") };
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        return environment;
    }
}
