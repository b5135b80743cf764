using System.Text.Json;
using FluentAssertions;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.EndToEnd.Tests;

public sealed class DoctorTests : IDisposable
{
    private readonly TempRepository _repo = new();

    public void Dispose() => _repo.Dispose();

    [Fact]
    public async Task The_doctor_names_a_poisoned_record_repairs_it_and_then_finds_nothing()
    {
        using (var repository = _repo.Open())
        {
            repository.Worktrees.Create(new NewWorktree("a"), "tester");
        }

        await File.WriteAllTextAsync(Path.Join(_repo.Root, ".git", "worktrees", "a", "commondir"), string.Empty);
        TempRepository.TryGit(_repo.Root, "worktree", "list").Exit.Should().Be(128);

        var (dry, named) = await Doctor();
        var (mended, repaired) = await Doctor("--fix", "--json");
        var (sound, nothing) = await Doctor();

        (dry, mended, sound).Should().Be((1, 0, 0));
        named.Should().Contain("record_broken").And.Contain("With --fix");
        var json = JsonElement.Parse(repaired);
        json.GetProperty("repaired").GetInt32().Should().Be(1);
        json.GetProperty("findings")[0].GetProperty("code").GetString().Should().Be("record_broken");
        nothing.Trim().Should().EndWith("nothing found.");
        _repo.Git("worktree", "list").Should().Contain("[wt/a]");
    }

    [Fact]
    public async Task The_doctor_says_what_is_wrong_where_no_repository_can_be_opened()
    {
        _repo.Git("config", "core.bare", "true");

        var (code, report) = await Doctor("--json");

        code.Should().Be(1);
        JsonElement.Parse(report).GetProperty("findings")[0].GetProperty("code").GetString().Should().Be("core_bare");
    }

    private async Task<(int Code, string Report)> Doctor(params string[] arguments)
    {
        await using var doctor = BuiltServer.Start(arguments: ["doctor", "--repo", _repo.Root, .. arguments]);
        var report = await doctor.ReadToEnd();
        return ((await doctor.Exit()).Code, report);
    }
}
