using System.Diagnostics;
using FluentAssertions;
using WorktreeMcp.TestKit;
using Xunit;

namespace WorktreeMcp.Domain.Tests.Running;

/// <summary>Root and a plain user are confined in different ways: a user by a namespace of users, root without one. Where root runs the tests, these run again as a plain user.</summary>
public sealed class SandboxAsPlainUserTests
{
    private const int Nobody = 65534;

    [Theory]
    [InlineData("*SandboxEscape*")]
    public async Task Nothing_escapes_from_a_plain_user_either(string classes)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "these tests run as a plain user already");
        Assert.SkipWhen(Sandboxes.Missing is not null, Sandboxes.Missing ?? string.Empty);
        var start = new ProcessStartInfo("setpriv") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var word in (string[])["--reuid", $"{Nobody}", "--regid", $"{Nobody}", "--clear-groups", "--", Environment.ProcessPath!])
        {
            start.ArgumentList.Add(word);
        }

        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
        {
            start.ArgumentList.Add(typeof(SandboxAsPlainUserTests).Assembly.Location);
        }

        foreach (var word in (string[])["-class", classes, "-noColor"])
        {
            start.ArgumentList.Add(word);
        }

        start.Environment["HOME"] = Path.GetTempPath();
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.SkipWhen(output.Length == 0, $"the tests cannot be started as another user: {await error}");
        process.ExitCode.Should().Be(0, output[^Math.Min(output.Length, 6_000)..]);
    }
}
