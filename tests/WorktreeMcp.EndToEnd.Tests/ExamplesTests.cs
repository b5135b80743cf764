using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.EndToEnd.Tests;

/// <summary>The client configurations start the program that publishing makes, as they stand.</summary>
public sealed class ExamplesTests
{
    private const string PersonsRepository = "/path/to/your/repository";
    private const string PersonsProgram = "/path/to/worktree-mcp";

    [Fact]
    public async Task Claude_Desktop_starts_outside_the_repository() =>
        await Serves("claude_desktop_config.json", repository => [(PersonsRepository, repository.Root), (PersonsProgram, FolderOnPath(repository) + "/worktree-mcp")]);

    [Fact]
    public async Task Claude_Code_names_the_project_by_its_variable() =>
        await Serves(".mcp.json", _ => [], variables: repository => new() { ["CLAUDE_PROJECT_DIR"] = repository.Root });

    [Fact]
    public async Task Claude_Code_starts_in_the_project() =>
        await Serves(".mcp.json", _ => [], directory: repository => repository.Root);

    [Fact]
    public async Task Visual_Studio_Code_fills_in_the_folder() =>
        await Serves("vscode.mcp.json", repository => [("${workspaceFolder}", repository.Root)]);

    [Fact]
    public async Task Cursor_fills_in_the_folder() =>
        await Serves("cursor.mcp.json", repository => [("${workspaceFolder}", repository.Root)]);

    [Theory]
    [InlineData("vscode.mcp.json")]
    [InlineData("cursor.mcp.json")]
    public async Task A_client_that_does_not_fill_in_the_folder_starts_in_it(string file) =>
        await Serves(file, _ => [], directory: repository => repository.Root);

    [Fact]
    public async Task Codex_starts_outside_the_repository() =>
        await Serves("codex.config.toml", repository => [(PersonsRepository, repository.Root)]);

    [Fact]
    public void Every_example_is_started_here()
    {
        var files = Directory.GetFiles(SourceTree.PathOf("examples")).Select(file => Path.GetFileName(file)!);

        files.Should().BeEquivalentTo(
            "README.md", "claude_desktop_config.json", ".mcp.json", "vscode.mcp.json", "cursor.mcp.json", "codex.config.toml");
    }

    private static async Task Serves(
        string file,
        Func<TempRepository, (string Placeholder, string Value)[]> filledIn,
        Func<TempRepository, string>? directory = null,
        Func<TempRepository, Dictionary<string, string?>>? variables = null)
    {
        using var repository = new TempRepository();
        File.CreateSymbolicLink(Path.Join(FolderOnPath(repository), "worktree-mcp"), await PublishedProgram.Path);
        var example = ExampleFile.Read(file).With(filledIn(repository));
        var environment = variables?.Invoke(repository) ?? [];
        environment["DOTNET_ROOT"] = PublishedProgram.RuntimeFolder;
        environment["PATH"] = $"{FolderOnPath(repository)}:{Environment.GetEnvironmentVariable("PATH")}";
        foreach (var (name, value) in example.Environment)
        {
            environment[name] = value;
        }

        // A client finds the command through its own PATH: env does so here.
        await using var client = await ConnectedClient.Start(
            "/usr/bin/env", [example.Command, .. example.Arguments], directory?.Invoke(repository) ?? repository.Base, environment);
        var tools = await client.Client.ListToolsAsync();
        await client.Done("task_create", """{"subject":"From an example"}""");

        tools.Select(tool => tool.Name).Should().Contain(EveryToolOnce.Names);
        JsonElement.Parse(repository.Read(".tasks/task_1.json")).GetProperty("subject").GetString().Should().Be("From an example");
        Directory.GetFileSystemEntries(repository.Base).Should().BeEquivalentTo([repository.Root, Path.Join(repository.Base, "bin")]);
        if (example.Environment.TryGetValue("WORKTREEMCP_AGENT", out var agent))
        {
            JsonElement.Parse(repository.EventLines()[0]).GetProperty("by").GetString().Should().Be(agent);
        }
    }

    private static string FolderOnPath(TempRepository repository) => Directory.CreateDirectory(Path.Join(repository.Base, "bin")).FullName;
}
