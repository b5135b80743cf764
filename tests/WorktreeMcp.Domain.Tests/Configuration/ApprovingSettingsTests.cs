using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.Domain.Overview;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Configuration;

/// <summary>What a repository's own file would open counts once a person has approved exactly that text, and nothing that a person has set becomes weaker.</summary>
public sealed class ApprovingSettingsTests : IDisposable
{
    private readonly Configured _place = new();

    public void Dispose() => _place.Dispose();

    /// <summary>A file, what it sets, how that stands until it is approved and afterwards, and other texts that an approval does not hold for.</summary>
    public static TheoryData<string, string, string, string, string> Opening => new()
    {
        { """{ "run": { "network": true } }""", "run.network", "False", "True", """{ "run": { "network": true, "environment": ["A_KEY"] } }""" },
        { """{ "run": { "environment": ["AWS_*", "SSH_AUTH_SOCK"] } }""", "run.environment", "", "AWS_*,SSH_AUTH_SOCK", """{ "run": { "environment": ["AWS_*"] } }""" },
        { """{ "run": { "cache_paths": ["~/.npm"] } }""", "run.cache_paths", "", "~/.npm", """{ "run": { "cache_paths": ["~/.npm", "~/.cache"] } }""" },
        { """{ "run": { "secret_paths": ["~/more", "!~/.npmrc"] } }""", "run.secret_paths", "~/more", "~/more,!~/.npmrc", """{ "run": { "secret_paths": ["!~/.npmrc", "!~/.ssh"] } }""" },
        { """{ "allowed_filters": ["lfs", "crypt"] }""", "allowed_filters", "lfs", "lfs,crypt", """{ "allowed_filters": ["crypt", "lfs"] }""" },
        { """{ "durability": "relaxed" }""", "durability", "full", "relaxed", """{ "durability": "full" }""" },
        { """{ "trash_days": 1 }""", "trash_days", "7", "1", """{ "trash_days": 2 }""" },
        { """{ "trash_gigabytes": 1 }""", "trash_gigabytes", "20", "1", """{ "trash_gigabytes": 2 }""" },
    };

    [Theory]
    [MemberData(nameof(Opening))]
    public void What_a_repository_would_open_counts_once_a_person_has_approved_exactly_that(string text, string key, string before, string after, string other)
    {
        _place.Repository(text);
        var repository = _place.Open();
        Value(repository, key).Should().Be(before);

        repository.Trust.Approve(repository.Trust.Wanted());
        Value(_place.Open(), key).Should().Be(after);

        _place.Repository(other);
        Value(_place.Open(), key).Should().NotBe(after);

        _place.Repository(text);
        Value(_place.Open(), key).Should().Be(after);
        repository.Trust.Revoke().Should().BeTrue();
        Value(_place.Open(), key).Should().Be(before);
    }

    [Theory]
    [MemberData(nameof(Opening))]
    public void The_same_in_a_persons_own_file_needs_no_approval(string text, string key, string before, string after, string other)
    {
        _place.User(text);

        before.Should().NotBe(after);
        other.Should().NotBe(text);
        Value(_place.Open(), key).Should().Be(after);
    }

    [Fact]
    public void An_approval_holds_for_the_repository_it_was_given_for_alone()
    {
        _place.Repository("""{ "run": { "network": true } }""");
        var repository = _place.Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        var clone = Path.Join(_place.Repo.Base, "clone");
        _place.Repo.Git("clone", "-q", _place.Repo.Root, clone);
        File.Copy(_place.RepositoryFile, Path.Join(clone, ".worktree-mcp.json"));

        using var other = Repository.Open(clone, environment: _place.Variables());

        Value(other, "run.network").Should().Be("False");
        Value(_place.Open(), "run.network").Should().Be("True");
    }

    [Theory]
    [InlineData("""{ "run": { "network": false } }""", """{ "run": { "network": true } }""", "run.network", "False")]
    [InlineData("""{ "run": { "sandbox": "required" } }""", """{ "run": { "sandbox": "off" } }""", "run.sandbox", "required")]
    [InlineData("""{ "run": { "sandbox": "required" } }""", """{ "run": { "sandbox": "auto" } }""", "run.sandbox", "required")]
    [InlineData("""{ "run": { "enabled": false } }""", """{ "run": { "enabled": true } }""", "run.enabled", "False")]
    [InlineData("""{ "trash_days": 30 }""", """{ "trash_days": 29 }""", "trash_days", "30")]
    [InlineData("""{ "durability": "full" }""", """{ "durability": "relaxed" }""", "durability", "full")]
    [InlineData("""{ "run": { "secret_paths": ["~/.npmrc"] } }""", """{ "run": { "secret_paths": [] } }""", "run.secret_paths", "~/.npmrc")]
    public void What_a_person_has_set_is_made_weaker_by_no_repository_approved_or_not(string own, string text, string key, string held)
    {
        _place.User(own);
        _place.Repository(text);
        var repository = _place.Open();
        Value(repository, key).Should().Be(held);

        repository.Trust.Approve(repository.Trust.Wanted());

        Value(_place.Open(), key).Should().Be(held);
    }

    [Theory]
    [InlineData("""{ "run": { "network": true } }""", """{ "run": { "network": false } }""", "run.network", "False")]
    [InlineData("""{ "run": { "sandbox": "auto" } }""", """{ "run": { "sandbox": "required" } }""", "run.sandbox", "required")]
    [InlineData("""{ "run": { "enabled": true } }""", """{ "run": { "enabled": false } }""", "run.enabled", "False")]
    [InlineData("""{ "run": { "environment": ["AWS_*", "B_KEY"] } }""", """{ "run": { "environment": ["AWS_REGION"] } }""", "run.environment", "AWS_REGION")]
    [InlineData("""{ "run": { "cache_paths": ["~/.npm", "~/.cache"] } }""", """{ "run": { "cache_paths": ["~/.npm"] } }""", "run.cache_paths", "~/.npm")]
    [InlineData("""{ "run": { "secret_paths": ["~/a", "!~/.npmrc"] } }""", """{ "run": { "secret_paths": ["~/b"] } }""", "run.secret_paths", "~/a,!~/.npmrc,~/b")]
    [InlineData("{}", """{ "allowed_filters": [] }""", "allowed_filters", "")]
    [InlineData("""{ "trash_days": 5 }""", """{ "trash_days": 30 }""", "trash_days", "30")]
    public void A_repository_makes_stricter_what_it_likes(string own, string text, string key, string held)
    {
        _place.User(own);
        _place.Repository(text);

        Value(_place.Open(), key).Should().Be(held);
    }

    [Fact]
    public void A_list_keeps_what_a_persons_own_has_and_waits_with_the_rest()
    {
        _place.User("""{ "run": { "environment": ["AWS_*"], "cache_paths": ["~/.npm"] } }""");
        _place.Repository("""{ "run": { "environment": ["AWS_REGION", "AWS_*", "A_TOKEN", "AWSX"], "cache_paths": ["~/.npm/below", "~/.npm", "~/.cache"] } }""");
        var repository = _place.Open();

        Value(repository, "run.environment").Should().Be("AWS_REGION,AWS_*");
        Value(repository, "run.cache_paths").Should().Be("~/.npm");

        repository.Trust.Approve(repository.Trust.Wanted());
        Value(_place.Open(), "run.environment").Should().Be("AWS_REGION,AWS_*,A_TOKEN,AWSX");
    }

    [Fact]
    public void What_a_confined_agent_lands_opens_nothing_for_the_next_run_or_the_next_server()
    {
        Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        _place.User("""{ "run": { "sandbox": "required" } }""");
        var cache = Directory.CreateDirectory(Path.Join(_place.Home, "cache")).FullName;
        var first = _place.Open(("A_TOKEN", "secret value"));
        first.Make("alpha");
        first.Shell("alpha", $$"""
            cat > .worktree-mcp.json <<'END'
            { "run": { "sandbox": "off", "network": true, "environment": ["A_TOKEN"], "cache_paths": ["{{cache}}", "{{_place.Home}}"], "secret_paths": ["!~/.ssh"] } }
            END
            git add -A && git commit -qm settings
            """).Run.ExitCode.Should().Be(0);
        Directory.CreateDirectory(Path.Join(_place.Home, ".ssh"));
        File.WriteAllText(Path.Join(_place.Home, ".ssh", "id"), "key");
        first.Land("alpha").Files.Should().Be(1);

        foreach (var repository in (Repository[])[first, _place.Open(("A_TOKEN", "secret value"))])
        {
            var run = repository.Shell("alpha", $"echo \"token:$A_TOKEN\"; touch {cache}/written {_place.Home}/written 2>/dev/null; cat ~/.ssh/id 2>/dev/null; grep -c : /proc/net/dev");
            run.Sandbox.Word.Should().Be("bubblewrap");
            run.Run.Output.Text.Should().Be("token:\n1\n", "there is the loopback alone");
        }

        Directory.GetFiles(cache).Should().BeEmpty();
        File.Exists(Path.Join(_place.Home, "written")).Should().BeFalse();
    }

    [Fact]
    public void Board_doctor_and_each_run_name_what_waits_and_how_it_is_approved()
    {
        _place.Repository("""{ "run": { "environment": ["A_TOKEN"], "network": true }, "trash_days": 1 }""");
        var repository = _place.Open(("A_TOKEN", "secret value"));
        repository.Make("alpha");
        var how = $"worktree-mcp trust --repo '{_place.Repo.Root}'";

        var run = repository.Shell("alpha", "echo \"token:$A_TOKEN\"");
        run.Run.Output.Text.Should().Be("token:\n");
        run.Note.Should().StartWith("run.environment of .worktree-mcp.json does not count").And.EndWith(how, "without a sandbox the network is not shut");
        repository.Overview.Look(new GlanceLimits()).Settings.Should().ContainSingle().Which.Should().ContainAll("run.environment, run.network, trash_days", how);
        repository.Examine().Where(finding => finding.Code == "setting_not_approved").Select(finding => (finding.Subject, finding.Severity, finding.Step.ToString().StartsWith(how, StringComparison.Ordinal)))
            .Should().BeEquivalentTo([("run.environment", FindingSeverity.Info, true), ("run.network", FindingSeverity.Info, true), ("trash_days", FindingSeverity.Info, true)]);
        repository.Work("alpha", "one.txt", "1");
        repository.Land("alpha", verify: "true").Notes.Should().ContainSingle().Which.ToString().Should().EndWith(how);

        repository.Trust.Approve(repository.Trust.Wanted());

        run = repository.Shell("alpha", "echo \"token:$A_TOKEN\"");
        (run.Run.Output.Text, run.Note).Should().Be(("token:secret value\n", null), "an approval counts at once");
        repository.Overview.Look(new GlanceLimits()).Settings.Should().BeEmpty();
    }

    [Theory]
    [InlineData("~/.ssh")]
    [InlineData("ROOT/.git")]
    [InlineData("HOME")]
    public void A_cache_path_that_is_none_cannot_be_approved_and_stands_in_nobodys_way_meanwhile(string path)
    {
        Directory.CreateDirectory(Path.Join(_place.Home, ".ssh"));
        var given = path.Replace("HOME", _place.Home, StringComparison.Ordinal).Replace("ROOT", _place.Repo.Root, StringComparison.Ordinal);
        _place.Repository($$"""{ "run": { "cache_paths": ["{{given}}"] } }""");
        var repository = _place.Open();
        repository.Make("alpha");

        repository.Shell("alpha", "true").Run.ExitCode.Should().Be(0);
        FluentActions.Invoking(() => repository.Trust.Approve(repository.Trust.Wanted())).Should().Throw<Refusal>().WithMessage($"*{given}*Nobody can approve that*");
        repository.Settings.Run.CachePaths.Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{ "run": { "network": true, "environment": ["A_TOKEN"] } }""", "run.environment,run.network")]
    [InlineData("""{ "run": { "network": true } }""", "run.network")]
    public void With_anything_more_or_less_in_it_all_of_an_approved_text_waits_again(string text, string waiting)
    {
        _place.Repository("""{ "run": { "network": true, "cache_paths": ["~/.npm"] } }""");
        var repository = _place.Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        repository.Settings.Run.Network.Should().BeTrue();

        _place.Repository(text);

        var settings = repository.Settings;
        (settings.Run.Network, settings.Run.Environment.Count).Should().Be((false, 0));
        settings.Waiting.Select(one => one.Key).Order(StringComparer.Ordinal).Should().Equal(waiting.Split(','));

        _place.Repository("""{ "run": { "network": true, "cache_paths": ["~/.npm"], "timeout_seconds": 60, "secret_paths": ["~/more"] }, "spares": 0 }""");
        repository.Settings.Run.Network.Should().BeTrue("what opens nothing is not part of it");
    }

    [Fact]
    public void An_older_approval_of_the_setup_stays_and_opens_nothing()
    {
        _place.Repository("""{ "setup": ["true"] }""");
        var repository = _place.Open();
        repository.Trust.Approve(repository.Trust.Wanted());

        _place.Repository("""{ "setup": ["true"], "run": { "network": true } }""");

        repository.Trust.IsApproved(repository.Trust.Wanted()).Should().BeTrue();
        repository.Trust.IsAllApproved(repository.Trust.Wanted()).Should().BeFalse();
        repository.Settings.Run.Network.Should().BeFalse();
    }

    [Fact]
    public void A_variable_of_the_persons_own_needs_no_approval_and_hides_no_less()
    {
        _place.User("""{ "run": { "secret_paths": ["~/mine"] } }""");
        _place.Repository("""{ "run": { "network": true, "secret_paths": ["~/theirs"] } }""");

        var settings = _place.Open(("WORKTREEMCP_RUN_NETWORK", "true"), ("WORKTREEMCP_RUN_SECRET_PATHS", "~/more")).Settings;

        settings.Run.Network.Should().BeTrue();
        settings.Waiting.Should().BeEmpty();
        settings.Run.SecretPaths.Should().Equal("~/mine", "~/theirs", "~/more");
    }

    [Fact]
    public void A_confined_command_cannot_approve_anything()
    {
        Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        _place.User("""{ "run": { "sandbox": "required" } }""");
        _place.Repository("""{ "run": { "network": true } }""");
        var repository = _place.Open();
        repository.Trust.Approve(repository.Trust.Wanted());
        var folder = Path.Join(_place.Home, ".local", "state", "worktree-mcp", "trust");
        var approval = Directory.GetFiles(folder).Single();
        var text = File.ReadAllText(approval);
        repository.Make("alpha");

        repository.Shell("alpha", $"echo x > {approval}; rm -f {approval}; echo x > {folder}/new; mv {folder} {folder}2; echo x > {_place.UserFile}; mv ~/.config ~/.config2; true");

        File.ReadAllText(approval).Should().Be(text);
        Directory.GetFiles(folder).Should().Equal(approval);
        File.ReadAllText(_place.UserFile).Should().Contain("required");
    }

    private static string Value(Repository repository, string key)
    {
        var settings = repository.Settings;
        return key switch
        {
            "run.network" => $"{settings.Run.Network}",
            "run.enabled" => $"{settings.Run.Enabled}",
            "run.sandbox" => settings.Run.Sandbox.Word(),
            "run.environment" => string.Join(',', settings.Run.Environment),
            "run.cache_paths" => string.Join(',', settings.Run.CachePaths),
            "run.secret_paths" => string.Join(',', settings.Run.SecretPaths),
            "allowed_filters" => string.Join(',', settings.AllowedFilters),
            "durability" => settings.Durable ? "full" : "relaxed",
            "trash_days" => $"{settings.TrashDays}",
            _ => $"{settings.TrashGigabytes}",
        };
    }
}
