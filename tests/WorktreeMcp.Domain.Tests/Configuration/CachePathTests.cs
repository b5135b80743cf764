using FluentAssertions;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Configuration;

/// <summary>No folder that decides something, or that keys lie in, is a cache for commands to write to.</summary>
public sealed class CachePathTests : IDisposable
{
    private readonly Configured _place = new();

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData("HOME", "home")]
    [InlineData("HOME/", "home")]
    [InlineData("BASE", "home")]
    [InlineData("HOME/./", "absolute")]
    [InlineData("HOME/a/../.ssh", "absolute")]
    [InlineData("~/.ssh", "keys")]
    [InlineData("~/.ssh/", "keys")]
    [InlineData("~/.gnupg/private-keys-v1.d", "keys")]
    [InlineData("~/.aws", "keys")]
    [InlineData("~/.config", "keys")]
    [InlineData("~/.CONFIG", "keys")]
    [InlineData("~/.local/share", "keys")]
    [InlineData("~/mine", "keys")]
    [InlineData("~/mine/below", "keys")]
    [InlineData("~/.config/worktree-mcp", "settings and approvals")]
    [InlineData("~/.local/state/worktree-mcp/trust", "settings and approvals")]
    [InlineData("~/.config/git", "settings")]
    [InlineData("ROOT", "repository")]
    [InlineData("ROOT/.git", "repository")]
    [InlineData("ROOT/.git/hooks", "repository")]
    [InlineData("ROOT/.worktrees/alpha", "repository")]
    [InlineData("ROOT/src", "repository")]
    [InlineData("BESIDE", "worktree")]
    [InlineData("BESIDE/src", "worktree")]
    [InlineData("~/link-to-home", "home")]
    [InlineData("~/link-to-keys", "keys")]
    [InlineData("~/link-to-keys/below", "keys")]
    [InlineData("~/link-to-git", "repository")]
    [InlineData("~/.cache/out", "leads out of")]
    [InlineData("~/.bashrc", "no folder")]
    [InlineData("/proc", "system")]
    [InlineData("/run/user", "system")]
    [InlineData("/etc", "system")]
    public void A_cache_path_that_opens_more_than_a_cache_refuses_commands_with_the_reason(string path, string reason)
    {
        Prepare();
        var given = path.Replace("HOME", _place.Home, StringComparison.Ordinal).Replace("ROOT", _place.Repo.Root, StringComparison.Ordinal)
            .Replace("BESIDE", Path.Join(_place.Repo.Base, "beside"), StringComparison.Ordinal).Replace("BASE", _place.Repo.Base, StringComparison.Ordinal);
        var repository = _place.Open();
        repository.Make("alpha");

        foreach (var variables in (Dictionary<string, string>[])[_place.Variables(), _place.Variables(("WORKTREEMCP_RUN_CACHE_PATHS", $"~/.cache,{given}"))])
        {
            var inFile = !variables.ContainsKey("WORKTREEMCP_RUN_CACHE_PATHS");
            _place.User($$"""{ "run": { "secret_paths": ["~/mine"]{{(inFile ? $", \"cache_paths\": [\"~/.cache\", \"{given}\"]" : string.Empty)}} } }""");
            using var opened = Repository.Open(_place.Repo.Root, environment: variables);

            var refusal = _place.Repo.By(RefusalCode.RunDisabled, () => opened.Shell("alpha", "touch ran"));

            refusal.Message.Should().Contain("run.cache_paths").And.Contain(reason);
            opened.Examine().Should().Contain(finding => finding.Code == "setting_unusable" && finding.Message.Contains(reason));
        }
    }

    [Theory]
    [InlineData("~/.npm")]
    [InlineData("~/.cargo")]
    [InlineData("~/.cache")]
    [InlineData("~/not/there")]
    [InlineData("~/link-to-cache")]
    public void A_cache_path_that_is_one_stands_in_nobodys_way(string path)
    {
        Prepare();
        _place.User($$"""{ "run": { "cache_paths": ["{{path}}"] } }""");
        var repository = _place.Open();
        repository.Make("alpha");

        repository.Shell("alpha", "true").Run.ExitCode.Should().Be(0);
    }

    [Fact]
    public void What_leads_out_of_a_cache_after_the_server_began_is_refused_too()
    {
        Prepare();
        Directory.CreateDirectory(Path.Join(_place.Home, "other"));
        _place.User("""{ "run": { "cache_paths": ["~/other"] } }""");
        var repository = _place.Open();
        repository.Make("alpha");
        repository.Shell("alpha", "true").Run.ExitCode.Should().Be(0);

        Directory.Delete(Path.Join(_place.Home, "other"));
        Directory.CreateSymbolicLink(Path.Join(_place.Home, "other"), Path.Join(_place.Home, ".ssh"));

        _place.Repo.By(RefusalCode.RunDisabled, () => repository.Shell("alpha", "true")).Message.Should().Contain("~/other").And.Contain("keys");
    }

    private void Prepare()
    {
        foreach (var folder in new[] { ".ssh/below", ".npm", ".cargo", ".cache", "mine/below", "there" })
        {
            Directory.CreateDirectory(Path.Join(_place.Home, folder));
        }

        File.WriteAllText(Path.Join(_place.Home, ".bashrc"), "x");
        File.WriteAllText(Path.Join(_place.Home, ".cargo", "credentials"), "x");
        Directory.CreateSymbolicLink(Path.Join(_place.Home, "link-to-home"), _place.Home);
        Directory.CreateSymbolicLink(Path.Join(_place.Home, "link-to-keys"), Path.Join(_place.Home, ".ssh"));
        Directory.CreateSymbolicLink(Path.Join(_place.Home, "link-to-git"), Path.Join(_place.Repo.Root, ".git"));
        Directory.CreateSymbolicLink(Path.Join(_place.Home, "link-to-cache"), Path.Join(_place.Home, ".npm"));
        Directory.CreateSymbolicLink(Path.Join(_place.Home, ".cache", "out"), Path.Join(_place.Home, "there"));
        _place.Repo.Git("worktree", "add", "-q", Path.Join(_place.Repo.Base, "beside"));
    }
}
