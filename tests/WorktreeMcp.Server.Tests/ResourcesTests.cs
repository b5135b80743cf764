#pragma warning disable CA2234 // The addresses go over the wire as they stand here, not as Uri would write them.
using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

public sealed partial class ResourcesTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Eras { get; } = [.. ServerConnection.Eras];

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task What_can_be_read_is_what_the_tools_say(string era)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository, era);
        await agent.Creates("Sign in");
        await agent.MakesWorktree(1);

        (await agent.Client.ListResourcesAsync()).Select(resource => resource.Uri).Should().BeEquivalentTo("worktree-mcp://board", "worktree-mcp://events");
        (await agent.Client.ListResourceTemplatesAsync()).Select(template => template.UriTemplate).Should().BeEquivalentTo("worktree-mcp://task/{id}", "worktree-mcp://worktree/{name}", "worktree-mcp://worktree/{name}/diff");
        (await Read(agent, "board")).GetProperty("in_progress")[0].GetProperty("worktree").GetString().Should().Be("task-1-sign-in");
        JsonElement.DeepEquals((await Read(agent, "task/1")).GetProperty("task"), (await agent.Gets(1)).GetProperty("task")).Should().BeTrue();
        (await Read(agent, "worktree/task-1-sign-in")).GetProperty("worktree").GetProperty("branch").GetString().Should().Be("wt/task-1-sign-in");
        repository.Write(".worktrees/task-1-sign-in/new.txt", "x\n");
        (await Read(agent, "worktree/task-1-sign-in/diff")).GetRawText().Should().Contain("new.txt");
        (await Read(agent, "events")).GetProperty("events").GetArrayLength().Should().BeGreaterThan(3);
    }

    [Theory]
    [InlineData("task/9")]
    [InlineData("task/one")]
    [InlineData("worktree/none")]
    [InlineData("worktree/none/diff")]
    [InlineData("worktree/..%2F..%2Fetc")]
    [InlineData("nothing")]
    public async Task What_is_not_there_is_said_in_words(string path)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository);

        var fault = await ((Func<Task>)(() => Read(agent, path))).Should().ThrowAsync<McpProtocolException>();

        fault.Which.ErrorCode.Should().Be(McpErrorCode.ResourceNotFound);
        fault.Which.Message.Should().NotContain("   at ");
    }

    [Theory]
    [InlineData("2025-06-18")]
    [InlineData("2025-11-25")]
    public async Task A_subscription_fires_when_another_server_changes_what_it_is_about(string era)
    {
        using var repository = new TempRepository();
        await using var follower = await AgentClient.Start(repository, era);
        await using var other = await AgentClient.Start(repository, era, "other");
        var news = Follow(follower);
        foreach (var path in new[] { "board", "task/1", "task/2", "worktree/task-1-sign-in", "events" })
        {
            await follower.Client.SubscribeToResourceAsync($"worktree-mcp://{path}");
        }

        await follower.Client.UnsubscribeFromResourceAsync("worktree-mcp://task/2");
        await other.Creates("Sign in");
        await other.Creates("Not followed any more");
        await news.Until("worktree-mcp://board", "worktree-mcp://task/1", "worktree-mcp://events");
        await other.MakesWorktree(1);

        await news.Until("worktree-mcp://worktree/task-1-sign-in");
        news.Seen.Should().NotContain("worktree-mcp://task/2");
    }

    [Fact]
    public async Task A_stateless_client_hears_of_changes_on_the_request_that_it_keeps_open()
    {
        using var repository = new TempRepository();
        await using var follower = await AgentClient.Start(repository, "2026-07-28");
        await using var other = await AgentClient.Start(repository, "2026-07-28", "other");
        var news = Follow(follower);
        var granted = new TaskCompletionSource<JsonObject>();
        await using var acknowledged = follower.Client.RegisterNotificationHandler(
            NotificationMethods.SubscriptionsAcknowledgedNotification,
            (notification, _) =>
            {
                granted.TrySetResult(notification.Params!.AsObject());
                return default;
            });
        using var end = new CancellationTokenSource();
        var listening = follower.Client.SendRequestAsync(
            new JsonRpcRequest
            {
                Id = new RequestId("listening"),
                Method = RequestMethods.SubscriptionsListen,
                Params = new JsonObject
                {
                    ["notifications"] = new JsonObject { ["toolsListChanged"] = true, ["resourceSubscriptions"] = new JsonArray("worktree-mcp://task/1", "worktree-mcp://nowhere") },
                },
            },
            end.Token);

        var grant = await granted.Task.WaitAsync(Limit);
        grant["notifications"]!["resourceSubscriptions"]!.AsArray().Select(uri => (string)uri!).Should().Equal("worktree-mcp://task/1");
        ((string)grant["_meta"]!["io.modelcontextprotocol/subscriptionId"]!).Should().Be("listening");
        await other.Creates("Sign in");
        await news.Until("worktree-mcp://task/1");
        news.Tags.Should().OnlyContain(tag => tag == "listening");
        await end.CancelAsync();
        await ((Func<Task>)(() => listening)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_hand_edit_fires_too()
    {
        using var repository = new TempRepository();
        await using var follower = await AgentClient.Start(repository);
        await follower.Creates("Sign in");
        var news = Follow(follower);
        await follower.Client.SubscribeToResourceAsync("worktree-mcp://task/1");

        repository.Write(".tasks/task_1.json", repository.Read(".tasks/task_1.json").Replace("Sign in", "Sign out", StringComparison.Ordinal));

        await news.Until("worktree-mcp://task/1");
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task Prompts_lead_along_tools_that_exist(string era)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository, era);

        var prompts = await agent.Client.ListPromptsAsync();

        prompts.Select(prompt => prompt.Name).Should().BeEquivalentTo("plan_work", "start_task", "review_worktree", "wrap_up");
        foreach (var prompt in prompts)
        {
            prompt.Description.Should().NotBeNullOrWhiteSpace();
            var arguments = prompt.ProtocolPrompt.Arguments!.ToDictionary(argument => argument.Name, argument => (object?)"a-value");
            prompt.ProtocolPrompt.Arguments!.Should().OnlyContain(argument => !string.IsNullOrWhiteSpace(argument.Description));
            var text = ((TextContentBlock)(await prompt.GetAsync(arguments)).Messages.Should().ContainSingle().Which.Content).Text;
            text.Should().Contain("a-value");
            foreach (Match named in ToolWord().Matches(text))
            {
                agent.Tools.Should().ContainKey(named.Value);
            }
        }

        var best = (TextContentBlock)(await agent.Client.GetPromptAsync("start_task")).Messages[0].Content;
        best.Text.Should().Contain("the best ready task");
    }

    [Theory]
    [MemberData(nameof(Eras))]
    public async Task Numbers_and_names_are_completed(string era)
    {
        using var repository = new TempRepository();
        await using var agent = await AgentClient.Start(repository, era);
        await agent.Creates("first");
        await agent.Creates("second");
        await agent.Updates(1, new() { ["status"] = "completed" });
        await agent.MakesWorktree("lane-a");
        await agent.MakesWorktree("other");

        (await Completed(new PromptReference { Name = "start_task" }, "task_id", "")).Should().Equal("2");
        (await Completed(new PromptReference { Name = "wrap_up" }, "name", "la")).Should().Equal("lane-a");
        (await Completed(new ResourceTemplateReference { Uri = "worktree-mcp://worktree/{name}" }, "name", "")).Should().Equal("lane-a", "other");
        (await Completed(new ResourceTemplateReference { Uri = "worktree-mcp://task/{id}" }, "id", "")).Should().BeEquivalentTo("1", "2");
        (await Completed(new PromptReference { Name = "plan_work" }, "goal", "x")).Should().BeEmpty();

        async Task<IEnumerable<string>> Completed(Reference reference, string argument, string value) =>
            (await agent.Client.CompleteAsync(reference, argument, value)).Completion.Values;
    }

    private static async Task<JsonElement> Read(AgentClient agent, string path)
    {
        var read = await agent.Client.ReadResourceAsync($"worktree-mcp://{path}");
        var content = read.Contents.Should().ContainSingle().Which.Should().BeOfType<TextResourceContents>().Which;
        content.MimeType.Should().Be("application/json");
        return JsonElement.Parse(content.Text);
    }

    private static News Follow(AgentClient agent)
    {
        var news = new News();
        agent.Client.RegisterNotificationHandler(NotificationMethods.ResourceUpdatedNotification, (notification, _) =>
        {
            news.Add((string)notification.Params!["uri"]!, (string?)notification.Params["_meta"]?["io.modelcontextprotocol/subscriptionId"]);
            return default;
        });
        return news;
    }

    [GeneratedRegex(@"\b(?:task|worktree|board)_(?!id\b)[a-z]+(?:_[a-z]+)*\b")]
    private static partial Regex ToolWord();

    /// <summary>What was announced so far.</summary>
    private sealed class News
    {
        private readonly ConcurrentQueue<(string Uri, string? Tag)> _seen = new();
        private readonly Channel<string> _grew = Channel.CreateUnbounded<string>();

        public IEnumerable<string> Seen => _seen.Select(one => one.Uri);

        public IEnumerable<string?> Tags => _seen.Select(one => one.Tag);

        public void Add(string uri, string? tag)
        {
            _seen.Enqueue((uri, tag));
            _grew.Writer.TryWrite(uri);
        }

        /// <summary>Waits until all of them were announced.</summary>
        public async Task Until(params string[] uris)
        {
            while (uris.Except(Seen).Any())
            {
                await _grew.Reader.ReadAsync().AsTask().WaitAsync(Limit);
            }
        }
    }
}
