using System.Diagnostics;
using System.IO.Abstractions;
using FluentAssertions;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Git;

/// <summary>Lock files of git: which of them nobody holds any more.</summary>
public sealed class LeftLocksTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Theory]
    [InlineData("refs/heads/wt/a.lock")]
    [InlineData("packed-refs.lock")]
    [InlineData("packed-refs.new")]
    public void A_lock_that_nobody_holds_is_left_over_and_one_that_a_living_process_holds_is_not(string name)
    {
        var path = Lock(name);

        using (File.Open(path, FileMode.Open, FileAccess.Read))
        {
            Of("wt/a", intended: 0).Should().BeEmpty("this process has it open");
        }

        Of("wt/a", intended: 0).Should().Equal(path);
    }

    [Fact]
    public void A_lock_stays_while_any_git_is_at_work_in_the_repository()
    {
        var path = Lock("refs/heads/wt/a.lock");
        using var git = Process.Start(new ProcessStartInfo("git", ["cat-file", "--batch"])
        {
            WorkingDirectory = _repo.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;

        // Its answer tells that it is there.
        git.StandardInput.WriteLine("nothing");
        git.StandardInput.Flush();
        git.StandardOutput.ReadLine().Should().Contain("missing");
        Of("wt/a", intended: 0).Should().BeEmpty();

        git.StandardInput.Close();
        git.WaitForExit();
        Of("wt/a", intended: 0).Should().Equal(path);
    }

    [Fact]
    public void A_lock_that_is_older_than_our_git_is_somebody_elses()
    {
        var path = Lock("packed-refs.lock");
        var made = new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeMilliseconds() / 1000.0;

        Of("wt/a", intended: made + 1).Should().BeEmpty();
        Of("wt/a", intended: made - 1).Should().Equal(path);
    }

    private IReadOnlyList<string> Of(string branch, double intended) =>
        new LeftLocks(Path.Join(_repo.Root, ".git"), _repo.Root, new FileSystem()).Of(branch, intended);

    private string Lock(string name)
    {
        _repo.Write($".git/{name}", string.Empty);
        return Path.Join(_repo.Root, ".git", name);
    }
}
