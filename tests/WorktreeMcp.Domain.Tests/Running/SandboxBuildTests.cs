using FluentAssertions;
using WorktreeMcp.Domain.Configuration;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

/// <summary>Real builds of confined commands, with a home that they can only read.</summary>
public sealed class SandboxBuildTests : IDisposable
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup>
        </Project>
        """;

    private readonly TempRepository _repo = new();

    public SandboxBuildTests() => Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_program_is_built_run_and_committed_in_the_sandbox(bool freshHome)
    {
        var home = freshHome ? Directory.CreateDirectory(Path.Join(_repo.Base, "home")).FullName : Environment.GetEnvironmentVariable("HOME")!;
        _repo.Write("app.csproj", Project);
        _repo.Write("Program.cs", "System.Console.WriteLine(6 * 7);\n");
        _repo.Write(".gitignore", "bin/\nobj/\n");
        _repo.Commit("a program");
        var repository = _repo.Open(
            settings: new RepositorySettings { Run = new RunSettings { Sandbox = SandboxMode.Required } },
            environment: new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["HOME"] = home });
        var made = repository.Make("a");

        var run = repository.Shell("a", "dotnet build -v q -nologo && dotnet bin/Debug/net10.0/app.dll && touch built && git add -A && git commit -qm built && git rebase -q main && git status --short", seconds: 300);

        run.Sandbox.Word.Should().Be("bubblewrap");
        run.Run.ExitCode.Should().Be(0, run.Run.Output.Text + run.Run.Error.Text);
        run.Run.Output.Text.Should().Contain("42\n");
        run.Warning.Should().BeNull();
        _repo.Git("log", "-1", "--format=%s", "wt/a").Should().Be("built");
        File.Exists(Path.Join(made.Directory, "bin/Debug/net10.0/app.dll")).Should().BeTrue();
        if (freshHome)
        {
            Directory.EnumerateFileSystemEntries(home).Should().BeEmpty();
        }
    }
}
