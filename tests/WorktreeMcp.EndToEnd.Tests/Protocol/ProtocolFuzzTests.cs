using System.Diagnostics;
using System.Globalization;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests.Protocol;

/// <summary>
/// Thousands of generated lines against the built server. WORKTREEMCP_FUZZ says how many, WORKTREEMCP_FUZZ_SEED which;
/// the seed of a run stands in the test's output.
/// </summary>
public sealed class ProtocolFuzzTests(ITestOutputHelper output)
{
    private const int LinesByDefault = 1_500;
    private const long MostMemory = 300L * 1024 * 1024;

    [Fact]
    public async Task Whatever_comes_in_only_messages_go_out_and_every_request_is_answered()
    {
        var count = Number("WORKTREEMCP_FUZZ") ?? LinesByDefault;
        var seed = Number("WORKTREEMCP_FUZZ_SEED") ?? Random.Shared.Next();
        var run = $"WORKTREEMCP_FUZZ={count} WORKTREEMCP_FUZZ_SEED={seed}";
        output.WriteLine(run);
        using var repository = new TempRepository();
        await using var server = BuiltServer.Start(workingDirectory: repository.Root);
        var expectation = new Expectation();
        var watch = Stopwatch.StartNew();
        await server.Initialize();
        var reading = Task.Run(() => ReadAll(server, expectation), TestContext.Current.CancellationToken);

        var lines = new FuzzLines(seed);
        for (var sent = 0; sent < count; sent++)
        {
            var line = lines.Next();
            expectation.Sent(line);
            await server.SendBytes(line.Append((byte)'\n').ToArray());
        }

        await expectation.Answered(patience: BuiltServer.Limit / 3);
        var peak = server.PeakMemory();
        server.CloseInput();
        await reading.WaitAsync(BuiltServer.Limit, TestContext.Current.CancellationToken);
        (await server.Exit()).Code.Should().Be(0, run);

        output.WriteLine($"{expectation.Requests} requests, {expectation.Answers} answers, peak {peak / 1048576} MB, {watch.Elapsed.TotalSeconds:0} s");
        expectation.Unanswered.Should().BeEmpty(run);
        peak.Should().BeLessThan(MostMemory, run);
    }

    private static async Task ReadAll(BuiltServer server, Expectation expectation)
    {
        while (await server.ReadLine() is { } line)
        {
            expectation.Received(line);
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
