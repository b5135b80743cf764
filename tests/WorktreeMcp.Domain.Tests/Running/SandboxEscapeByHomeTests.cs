using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

/// <summary>What a command sees of a home, whatever somebody outside does there while it runs.</summary>
public sealed class SandboxEscapeByHomeTests : IDisposable
{
    private const string Secret = "the-secret-text";

    private readonly TempRepository _repo = new();
    private readonly string _outside = Path.Join(AppContext.BaseDirectory, $"outside-{Guid.NewGuid():N}");

    public SandboxEscapeByHomeTests()
    {
        Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        foreach (var folder in (string[])[".config", ".config/git", ".local/share", ".cargo/registry", "work/keys"])
        {
            Directory.CreateDirectory(In(folder));
        }
    }

    public void Dispose()
    {
        _repo.Dispose();
        if (Directory.Exists(_outside))
        {
            Directory.Delete(_outside, recursive: true);
        }
    }

    [Theory]
    [InlineData(".aws/credentials")]
    [InlineData(".netrc")]
    [InlineData(".npmrc")]
    [InlineData(".git-credentials")]
    [InlineData(".tool-nobody-knows")]
    [InlineData("id_ed25519")]
    [InlineData("deploy.pem")]
    [InlineData(".config/gh/hosts.yml")]
    [InlineData(".config/git/credentials")]
    [InlineData(".config/some-browser/Default/Cookies")]
    [InlineData(".local/share/keyrings/login.keyring")]
    [InlineData(".mozilla/firefox/profile/logins.json")]
    [InlineData(".cargo/credentials.toml")]
    [InlineData("hidden/deep/key")]
    [InlineData("work/keys/prod.key")]
    public void A_secret_that_appears_while_a_command_runs_is_not_there(string path)
    {
        var repository = Confined();

        var run = During(repository, () => Put(path), $"cat ~/{path}; grep -rs {Secret} ~; true");

        run.Run.Output.Text.Should().BeEmpty();
    }

    [Theory]
    [InlineData(".netrc")]
    [InlineData(".npmrc")]
    [InlineData(".claude.json")]
    [InlineData(".git-credentials")]
    [InlineData(".config/git/credentials")]
    [InlineData(".cargo/credentials.toml")]
    [InlineData("work/keys/prod.key")]
    [InlineData("hidden")]
    public void A_secret_file_that_its_own_program_replaces_is_not_seen(string path)
    {
        Put(path);
        var repository = Confined();

        var run = During(
            repository,
            () =>
            {
                Put($"{path}.new");
                File.Move(In($"{path}.new"), In(path), overwrite: true);
            },
            $"cat ~/{path}; grep -rs {Secret} ~; true");

        run.Run.Output.Text.Should().BeEmpty();
    }

    [Theory]
    [InlineData(".ssh", "id_rsa")]
    [InlineData(".local/share/keyrings", "login.keyring")]
    [InlineData(".config", "gh/hosts.yml")]
    [InlineData(".local", "share/keyrings/login.keyring")]
    public void A_secret_folder_that_is_replaced_is_not_seen(string folder, string secret)
    {
        Put($"{folder}/{secret}");
        var repository = Confined();

        var run = During(
            repository,
            () =>
            {
                Directory.Move(In(folder), In($"{folder}.old"));
                Put($"{folder}/{secret}");
            },
            $"grep -rs {Secret} ~; true");

        run.Run.Output.Text.Should().BeEmpty();
    }

    [Fact]
    public void A_secret_file_outside_the_home_is_not_seen_when_it_is_replaced_or_appears()
    {
        Assert.SkipUnless(TryMakeOutside(), "the folder of the tests cannot be written");
        var key = Path.Join(_outside, "prod.key");
        File.WriteAllText(key, Secret);
        File.WriteAllText(Path.Join(_outside, "open.txt"), "open");
        var repository = Confined(secrets: [key, Path.Join(_outside, "later")]);

        var run = During(
            repository,
            () =>
            {
                File.WriteAllText($"{key}.new", Secret);
                File.Move($"{key}.new", key, overwrite: true);
                Directory.CreateDirectory(Path.Join(_outside, "later"));
                File.WriteAllText(Path.Join(_outside, "later", "key"), Secret);
            },
            $"grep -rs . {_outside}; true");

        run.Run.Output.Text.Should().Be($"{_outside}/open.txt:open\n");
    }

    [Fact]
    public void A_secret_that_is_a_link_is_hidden_at_both_ends()
    {
        Put("dotfiles/netrc");
        File.CreateSymbolicLink(In(".netrc"), "dotfiles/netrc");
        var repository = Confined();

        repository.Shell("a", $"cat ~/.netrc ~/dotfiles/netrc; grep -rs {Secret} ~; true").Run.Output.Text.Should().BeEmpty();
    }

    [Theory]
    [InlineData(".gitconfig")]
    [InlineData(".bashrc")]
    [InlineData(".config/git/config")]
    [InlineData(".config/NuGet/NuGet.Config")]
    [InlineData(".cache/tool/x")]
    [InlineData(".nuget/packages/x")]
    [InlineData(".cargo/registry/x")]
    [InlineData(".cargo/config.toml")]
    [InlineData(".local/bin/tool")]
    [InlineData(".local/share/pnpm/x")]
    [InlineData("projects/other/README.md")]
    [InlineData("notes.txt")]
    [InlineData("Directory.Build.props")]
    public void The_rest_of_a_home_is_read_as_ever(string path)
    {
        Put(path);
        var repository = Confined();

        repository.Shell("a", $"cat ~/{path}").Run.Output.Text.Should().Be(Secret);
    }

    [Fact]
    public void A_link_in_the_home_leads_where_it_leads()
    {
        Put("dotfiles/gitconfig");
        File.CreateSymbolicLink(In(".gitconfig"), "dotfiles/gitconfig");
        var repository = Confined();

        repository.Shell("a", "cat ~/.gitconfig; readlink ~/.gitconfig").Run.Output.Text.Should().Be($"{Secret}dotfiles/gitconfig\n");
    }

    [Theory]
    [InlineData("!~/.netrc", ".netrc")]
    [InlineData("!~/.config/my-tool", ".config/my-tool/settings")]
    [InlineData("!~/.ssh/known_hosts", ".ssh/known_hosts")]
    [InlineData("!~/.unknown", ".unknown")]
    public void What_a_person_names_is_seen(string named, string path)
    {
        Put(path);
        Put(".ssh/id_rsa");
        var repository = Confined(secrets: [named]);

        repository.Shell("a", $"cat ~/{path}; cat ~/.ssh/id_rsa").Run.Output.Text.Should().Be(Secret);
    }

    [Fact]
    public void A_cache_that_holds_a_secret_is_written_to_without_showing_it()
    {
        Put(".cargo/credentials.toml");
        var repository = Confined(caches: ["~/.cargo"]);

        var run = During(
            repository,
            () =>
            {
                Put(".cargo/new");
                File.Move(In(".cargo/new"), In(".cargo/credentials.toml"), overwrite: true);
            },
            "cat ~/.cargo/credentials.toml; echo kept > ~/.cargo/registry/x");

        run.Run.Output.Text.Should().BeEmpty();
        File.ReadAllText(In(".cargo/registry/x")).Should().Be("kept\n");
    }

    [Theory]
    [InlineData("~/.config", "echo x > ~/.config/git/config")]
    [InlineData("~/.config", "mkdir -p ~/.config/worktree-mcp && echo x > ~/.config/worktree-mcp/config.json")]
    [InlineData("~/.local", "mkdir -p ~/.local/state/worktree-mcp && echo x > ~/.local/state/worktree-mcp/trusted.json")]
    [InlineData("~/.local/state", "mkdir -p ~/.local/state/worktree-mcp && echo x > ~/.local/state/worktree-mcp/trusted.json")]
    public void A_cache_opens_nothing_that_decides_outside(string cache, string command)
    {
        Put(".config/git/config");
        Directory.CreateDirectory(In(".local/state"));
        var repository = Confined(caches: [cache]);

        ((Action)(() => repository.Shell("a", command))).Should().Throw<Refusal>().Which.Message.Should().Contain(cache);

        File.ReadAllText(In(".config/git/config")).Should().Be(Secret);
        File.Exists(In(".config/worktree-mcp/config.json")).Should().BeFalse();
        File.Exists(In(".local/state/worktree-mcp/trusted.json")).Should().BeFalse();
    }

    [Fact]
    public void A_home_with_hundreds_of_entries_is_no_hindrance()
    {
        foreach (var i in Enumerable.Range(0, 400))
        {
            Put($"folder{i}/x");
            Put($"file{i}.txt");
        }

        var run = Confined().Shell("a", "cat ~/folder7/x");

        run.Run.ExitCode.Should().Be(0, run.Run.Error.Text);
        run.Run.Output.Text.Should().Be(Secret);
    }

    [Fact]
    public void A_repository_that_is_the_home_itself_works_and_shows_no_secrets()
    {
        _repo.Write(".netrc", Secret);
        _repo.Write(".ssh/id_rsa", Secret);
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = _repo.Root };
        var repository = _repo.Open(settings: new RepositorySettings { Run = new RunSettings { Sandbox = SandboxMode.Required } }, environment: environment);
        repository.Make("a");

        var run = repository.Shell("a", $"set -e; git config user.name n; true; echo x > x; git add x; git commit -qm inside; grep -rs {Secret} ~ || true");

        run.Run.Output.Text.Should().BeEmpty();
        repository.Shell("a", "echo x > x; git add x; git commit -qm inside; cat ~/README.md").Run.Output.Text.Should().EndWith("hello\n");
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("inside");
    }

    private string In(string path) => Path.Join(_repo.Base, "home", path);

    private void Put(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(path))!);
        File.WriteAllText(In(path), Secret);
    }

    private bool TryMakeOutside()
    {
        try
        {
            return Directory.CreateDirectory(_outside).Exists;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    // The command waits until something was done outside.
    private static WorktreeRun During(Repository repository, Action outside, string command)
    {
        var folder = repository.Worktrees.Entries.All().Single().Name;
        var begun = Path.Join(repository.Worktrees.Parts.Layout.Root, ".worktrees", folder, "begun.ignored");
        var acting = Task.Factory.StartNew(
            () =>
            {
                Assert.True(SpinWait.SpinUntil(() => File.Exists(begun), TimeSpan.FromSeconds(60)), "the command has begun");
                outside();
                File.WriteAllText($"{begun}.done", string.Empty);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var run = repository.Shell("a", $"touch begun.ignored; while ! test -e begun.ignored.done; do sleep 0.02; done; {command}", seconds: 90);
        acting.GetAwaiter().GetResult();
        return run;
    }

    private Repository Confined(IReadOnlyList<string>? secrets = null, IReadOnlyList<string>? caches = null)
    {
        var run = new RunSettings { Sandbox = SandboxMode.Required, SecretPaths = secrets ?? ["~/hidden", "~/work/keys/prod.key"], CachePaths = caches ?? [] };
        var environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = In(string.Empty).TrimEnd('/') };
        var repository = _repo.Open(settings: new RepositorySettings { Run = run }, environment: environment);
        repository.Make("a");
        return repository;
    }
}
