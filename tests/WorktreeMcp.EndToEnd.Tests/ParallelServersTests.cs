using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>Several clients, each with a server of its own, at work on one repository at once.</summary>
public sealed class ParallelServersTests
{
    private const int Servers = 4;

    [Theory]
    [InlineData(Servers, 10)]
    [InlineData(2, 100)]
    public async Task Tasks_created_by_several_servers_at_once_all_stand(int servers, int each)
    {
        using var repository = new TempRepository();
        await using var clients = await Clients(repository, servers);

        var made = await clients.Both(each, (server, number) => ("task_create", $$"""{"subject":"{{server}}-{{number}}"}"""));

        var ids = made.Select(answer => answer.GetProperty("task").GetProperty("id").GetInt32()).ToList();
        ids.Should().BeEquivalentTo(Enumerable.Range(1, servers * each));
        foreach (var answer in made)
        {
            var task = answer.GetProperty("task");
            var stored = JsonElement.Parse(repository.Read($".tasks/task_{task.GetProperty("id")}.json"));
            stored.GetProperty("subject").GetString().Should().Be(task.GetProperty("subject").GetString());
        }

        Sequence(repository).Should().Equal(Enumerable.Range(1, servers * each));
    }

    [Fact]
    public async Task Worktrees_created_by_several_servers_at_once_all_stand()
    {
        const int Each = 4;
        using var repository = new TempRepository();
        await using var clients = await Clients(repository);

        var made = await clients.Both(Each, (server, number) => ("worktree_create", $$"""{"name":"lane-{{server}}-{{number}}"}"""));

        var names = made.Select(answer => answer.GetProperty("worktree").GetProperty("name").GetString()!).ToList();
        names.Should().HaveCount(Servers * Each).And.OnlyHaveUniqueItems();
        var stored = JsonElement.Parse(repository.Read(".worktrees/index.json")).GetProperty("worktrees").EnumerateArray().ToList();
        stored.Select(one => one.GetProperty("name").GetString()).Should().BeEquivalentTo(names);
        stored.Select(one => one.GetProperty("id").GetInt32()).Should().OnlyHaveUniqueItems();
        stored.Should().OnlyContain(one => one.GetProperty("status").GetString() == "active");
        foreach (var name in names)
        {
            repository.GitIn($".worktrees/{name}", "status", "--porcelain").Should().BeEmpty();
            repository.GitIn($".worktrees/{name}", "branch", "--show-current").Should().Be($"wt/{name}");
            repository.Read($".worktrees/{name}/src/app.txt").Should().Be("one\ntwo\nthree\n");
        }

        repository.Git("branch", "--list", "wt/*").Split('\n').Should().HaveCount(names.Count);
        Sequence(repository).Should().Equal(Enumerable.Range(1, 2 * names.Count));
    }

    [Fact]
    public async Task One_of_many_who_ask_for_the_same_name_gets_it()
    {
        using var repository = new TempRepository();
        await using var clients = await Clients(repository);
        for (var task = 1; task <= Servers; task++)
        {
            await clients[0].Done("task_create", $$"""{"subject":"Task {{task}}"}""");
        }

        var results = await Task.WhenAll(Enumerable.Range(0, Servers).Select(server =>
            clients[server].Call("worktree_create", $$"""{"name":"lane","task_id":{{server + 1}}}""")));

        results.Should().ContainSingle(result => result.IsError != true);
        foreach (var refused in results.Where(result => result.IsError == true))
        {
            JsonElement.Parse(ConnectedClient.Text(refused)).GetProperty("error").GetProperty("code").GetString().Should().Be("already_exists");
        }

        var tasks = Enumerable.Range(1, Servers).Select(task => JsonElement.Parse(repository.Read($".tasks/task_{task}.json")));
        tasks.Count(task => task.GetProperty("status").GetString() == "in_progress").Should().Be(1);
    }

    private static IEnumerable<int> Sequence(TempRepository repository) =>
        repository.EventLines().Select(line => JsonElement.Parse(line).GetProperty("seq").GetInt32());

    private static async Task<ClientGroup> Clients(TempRepository repository, int servers = Servers) =>
        new(await Task.WhenAll(Enumerable.Range(0, servers).Select(_ => ConnectedClient.Start(repository.Root))));

    private sealed class ClientGroup(ConnectedClient[] clients) : IAsyncDisposable
    {
        public ConnectedClient this[int server] => clients[server];

        /// <summary>Sends all calls without waiting for any answer.</summary>
        public Task<JsonElement[]> Both(int each, Func<int, int, (string Tool, string Arguments)> call) => Task.WhenAll(
            from number in Enumerable.Range(0, each)
            from server in Enumerable.Range(0, clients.Length)
            let made = call(server, number)
            select clients[server].Done(made.Tool, made.Arguments));

        public async ValueTask DisposeAsync()
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }
}
