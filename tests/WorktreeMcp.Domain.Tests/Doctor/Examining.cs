using FluentAssertions;
using WorktreeMcp.Domain.Doctor;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Doctor;

/// <summary>The checks that these tests repeat.</summary>
internal static class Examining
{
    /// <summary>A fresh look finds one thing of this kind, and looking changed nothing.</summary>
    internal static Finding Finds(this TempRepository repo, string code)
    {
        var before = repo.Snapshot();
        var log = LogOf(repo);
        using var repository = repo.Open();
        var finding = repository.Examine().Where(f => f.Code == code).Should().ContainSingle(string.Join('\n', repository.Examine())).Which;
        repo.Snapshot().Should().Be(before);
        LogOf(repo).Should().Be(log);
        return finding;
    }

    /// <summary>A person has to deal with it, and a repair leaves it as it is.</summary>
    internal static Finding LeavesToAPerson(this TempRepository repo, string code, FindingSeverity severity = FindingSeverity.Warning)
    {
        var found = repo.Finds(code);
        found.Repairable.Should().BeFalse();
        found.Severity.Should().Be(severity);
        found.Step.ToString().Should().NotBeEmpty().And.NotContainAny("rm ", "reset --hard", "clean -", "--force", "branch -D", "prune");
        var before = repo.Snapshot();
        using (var repository = repo.Open())
        {
            repository.Repair().Should().ContainSingle(f => f.Code == code).Which.Done.Should().BeNull();
        }

        repo.Snapshot().Should().Be(before);
        return found;
    }

    /// <summary>It is found, repaired, and then found no more.</summary>
    internal static Finding Repairs(this TempRepository repo, string code)
    {
        repo.Finds(code).Repairable.Should().BeTrue();
        using (var repository = repo.Open())
        {
            var findings = repository.Repair();
            findings.Should().ContainSingle(f => f.Code == code, string.Join('\n', findings)).Which.Done.Should().NotBeNull();
        }

        using var again = repo.Open();
        again.Examine().Where(f => f.IsOpen).Should().BeEmpty();
        return new Finding(code, FindingSeverity.Info, code, code, true, code);
    }

    internal static string Record(this TempRepository repo, string id) => Path.Join(repo.Root, ".git", "worktrees", id);

    private static string LogOf(TempRepository repo) => File.Exists(repo.Layout.OperationLog) ? File.ReadAllText(repo.Layout.OperationLog) : string.Empty;
}
