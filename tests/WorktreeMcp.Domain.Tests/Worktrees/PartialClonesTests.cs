using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Worktrees;

/// <summary>Clones that have not fetched all content: what is missing is said, with the command that fetches it.</summary>
public sealed class PartialClonesTests : IDisposable
{
    private readonly TempRepository _origin = new();
    private readonly string _root;

    public PartialClonesTests()
    {
        _origin.Git("checkout", "-q", "-b", "feature");
        _origin.Write("src/app.txt", "one\ntwo\ntheirs\n");
        _origin.Write("new.txt", "new\n");
        _origin.Commit("theirs");
        _origin.Git("checkout", "-q", "main");
        _origin.Write("src/app.txt", "ours\ntwo\nthree\n");
        _origin.Commit("ours");
        _origin.Git("config", "uploadpack.allowFilter", "true");
        _root = Path.Join(_origin.Base, "partial");
        _origin.Git("clone", "-q", "--filter=blob:none", $"file://{_origin.Root}", _root);
        _origin.GitIn(_root, "config", "user.name", "Test");
        _origin.GitIn(_root, "config", "user.email", "test@example.org");
    }

    public void Dispose() => _origin.Dispose();

    [Fact]
    public void What_a_new_worktree_lacks_is_fetched_by_the_command_that_its_refusal_names()
    {
        using var repository = Open();

        var refusal = Lacking(repository);
        refusal.Code.Should().Be(RefusalCode.GitFailed);
        Run(refusal);

        File.ReadAllText(Path.Join(repository.Make("a", baseRef: "origin/feature").Directory, "new.txt")).Should().Be("new\n");
    }

    [Fact]
    public void What_a_landing_lacks_is_fetched_by_the_command_that_its_refusal_names()
    {
        using var repository = Open();
        Run(Lacking(repository));
        repository.Make("a", baseRef: "origin/feature");

        var refusal = ((Action)(() => repository.Land("a", into: "main"))).Should().Throw<Refusal>().Which;
        refusal.Message.Should().Contain("partial clone").And.NotContain("in common");
        Run(refusal);

        repository.Land("a", into: "main");
        File.ReadAllText(Path.Join(_root, "src", "app.txt")).Should().Be("ours\ntwo\ntheirs\n");
    }

    [Fact]
    public void A_branch_that_only_the_remote_has_is_named()
    {
        using var repository = Open();

        ((Action)(() => repository.Make("a", baseRef: "feature"))).Should().Throw<Refusal>().Which.Hint.ToString().Should().Contain("base_ref \"origin/feature\"");
        ((Action)(() => repository.Make("a", branch: "feature"))).Should().Throw<Refusal>().Which.Hint.ToString().Should().Contain("base_ref \"origin/feature\"");
    }

    private static Refusal Lacking(Repository repository)
    {
        try
        {
            repository.Make("a", baseRef: "origin/feature");
        }
        catch (Refusal refusal)
        {
            return refusal;
        }

        Assert.Skip("This git is too old to be kept from fetching by itself.");
        throw new InvalidOperationException();
    }

    private Repository Open() => Repository.Open(_root, settings: new Domain.Configuration.RepositorySettings { ListWait = Patience.List });

    // As a person does who reads the hint.
    private static void Run(Refusal refusal)
    {
        const string Before = "with: ";
        const string After = ". Then repeat";
        var from = refusal.Hint.ToString().IndexOf(Before, StringComparison.Ordinal) + Before.Length;
        var command = refusal.Hint.ToString()[from..refusal.Hint.ToString().IndexOf(After, StringComparison.Ordinal)];
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = "/", RedirectStandardOutput = true })!;
        shell.WaitForExit();
        shell.ExitCode.Should().Be(0, command);
    }
}
