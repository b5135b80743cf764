using System.Runtime.InteropServices;
using FluentAssertions;
using WorktreeMcp.Domain.Tests.Processes;
using WorktreeMcp.Domain.Tests.Worktrees;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Spares;

/// <summary>The modes of files come from the server that made them; a process has one umask, so this runs alone.</summary>
[Collection(Alone.Name)]
public sealed class UmaskTests
{
    [Fact]
    public void A_server_with_another_umask_uses_no_spare_of_another()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells a process its umask without a change.");
        using var repo = new TempRepository();
        repo.Open().Tend(1);
        var before = Umask(0x3f);
        try
        {
            var made = repo.Open().Make("a");

            made.IsFromSpare().Should().BeFalse();
            repo.Portrait(made.Directory).Should().Contain("README.md UserWrite, UserRead ");
        }
        finally
        {
            Umask(before);
        }

        repo.Open().Make("b").IsFromSpare().Should().BeTrue();
    }

    [DllImport("libc", EntryPoint = "umask")]
    private static extern int Umask(int mask);
}
