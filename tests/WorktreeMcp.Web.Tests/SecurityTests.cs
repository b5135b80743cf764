using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Web.Tests;

public sealed class SecurityTests : IDisposable
{
    private readonly TempRepository _repository = new();

    [Fact]
    public async Task None_of_over_200_forged_requests_is_served_and_the_right_one_still_is()
    {
        var repository = _repository.Open();
        repository.Board.Create(new NewTask("A secret subject"), "ada");
        await using var page = await ServedPage.Start(_repository);
        var before = _repository.Snapshot();

        var forged = new ForgedRequests(page.Port, page.Cookie!, page.Address.Query["?token=".Length..]).All();
        var served = new List<string>();
        foreach (var request in forged)
        {
            var answer = await page.Raw(request.Text);
            if (!IsRefused(answer))
            {
                served.Add($"{request.Name}: {answer.Split('\r')[0]}");
            }
        }

        served.Should().BeEmpty();
        forged.Should().HaveCountGreaterThan(200);
        _repository.Snapshot().Should().Be(before, "nothing was changed");
        (await page.Read("/api/0/board")).GetProperty("columns")[0].GetProperty("cards")[0].GetProperty("subject").GetString().Should().Be("A secret subject");
        await page.Do("/api/0/tasks/1/note", """{"text":"right"}""");

        static bool IsRefused(string answer) =>
            answer.StartsWith("HTTP/1.1 4", StringComparison.Ordinal) && !answer.Contains("secret", StringComparison.Ordinal) && !answer.Contains("Set-Cookie", StringComparison.OrdinalIgnoreCase)
            && !answer.Contains("Access-Control", StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_first_address_opens_the_page_once_and_the_cookie_is_not_in_it()
    {
        await using var page = await ServedPage.Start(_repository);

        page.Address.Query.Should().NotContain(page.Cookie!.Split('=')[1]);
        using var again = await page.Send(new HttpRequestMessage(HttpMethod.Get, page.Address));
        again.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        again.Headers.Contains("Set-Cookie").Should().BeFalse();
        (await page.Raw($"GET / HTTP/1.1\r\nHost: 127.0.0.1:{page.Port}\r\nCookie: {page.Cookie}\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nConnection: close\r\n\r\n")).Should().StartWith("HTTP/1.1 200");
    }

    [Fact]
    public async Task A_prefetch_does_not_use_the_address_up()
    {
        await using var page = await ServedPage.Start(_repository, enter: false);

        (await page.Raw($"GET {page.Address.PathAndQuery} HTTP/1.1\r\nHost: 127.0.0.1:{page.Port}\r\nSec-Purpose: prefetch\r\nConnection: close\r\n\r\n")).Should().StartWith("HTTP/1.1 403");
        (await page.Raw($"GET {page.Address.PathAndQuery} HTTP/1.1\r\nHost: 127.0.0.1:{page.Port}\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\nConnection: close\r\n\r\n")).Should().StartWith("HTTP/1.1 403");

        await page.Enter();
    }

    [Fact]
    public async Task Every_answer_forbids_what_is_not_from_here()
    {
        await using var page = await ServedPage.Start(_repository);

        foreach (var path in new[] { "/", "/main.js", "/page.css", "/api/0/board", "/api/9/board", "/nowhere" })
        {
            using var response = await page.Send(page.Get(path));
            var policy = response.Headers.GetValues("Content-Security-Policy").Single();
            policy.Should().Contain("default-src 'none'").And.Contain("script-src 'self';").And.Contain("style-src 'self';").And.Contain("frame-ancestors 'none'").And.Contain("base-uri 'none'").And.Contain("form-action 'none'").And.NotContain("unsafe");
            response.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
            response.Headers.GetValues("Referrer-Policy").Should().Equal("no-referrer");
            response.Headers.CacheControl!.NoStore.Should().BeTrue();
            response.Headers.Should().NotContain(header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase) || header.Key == "Server");
        }
    }

    [Fact]
    public async Task Nothing_in_the_page_s_own_files_is_inline_or_from_elsewhere()
    {
        await using var page = await ServedPage.Start(_repository);
        using var response = await page.Send(page.Get("/"));
        var html = await response.Content.ReadAsStringAsync();

        html.Should().NotContain("style=").And.NotContain("<style").And.NotContain("onclick").And.NotContain("javascript:").And.NotContainAny("http://", "https://");
        foreach (var name in new[] { "main.js", "board.js", "task.js", "changes.js", "dialogs.js", "dom.js", "words.js", "api.js", "live.js" })
        {
            using var script = await page.Send(page.Get($"/{name}"));
            script.Content.Headers.ContentType!.MediaType.Should().Be("text/javascript");
            (await script.Content.ReadAsStringAsync()).Should().NotContainAny("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser", "srcdoc", ".style.");
        }
    }

    [Fact]
    public async Task Bodies_headers_and_lines_have_a_limit_and_what_is_no_json_is_refused()
    {
        _repository.Open().Board.Create(new NewTask("One"), "ada");
        await using var page = await ServedPage.Start(_repository);

        (await page.Refused("/api/0/tasks/1/note", $$"""{"text":"{{new string('x', 300_000)}}"}""", HttpStatusCode.RequestEntityTooLarge)).Should().Be("invalid_argument");
        (await page.Refused("/api/0/tasks/1/note", $$"""{"text":"{{new string('x', 17_000)}}"}""", HttpStatusCode.BadRequest)).Should().Be("invalid_argument");
        foreach (var body in new[] { "", "null", "[]", "{}", "{\"text\":null}", "{\"text\":1}", "{\"text\":\"a\",\"other\":1}", "{\"text\":\"a\",\"text\":\"b\"}", "{\"text\":\"a\"} {}", new string('[', 5000) })
        {
            (await page.Refused("/api/0/tasks/1/note", body, HttpStatusCode.BadRequest)).Should().Be("invalid_argument", body[..Math.Min(20, body.Length)]);
        }

        (await page.Raw($"GET /api/0/board HTTP/1.1\r\nHost: 127.0.0.1:{page.Port}\r\nX: {new string('x', 20_000)}\r\n\r\n")).Should().StartWith("HTTP/1.1 431");
        (await page.Raw($"GET /{new string('x', 9_000)} HTTP/1.1\r\nHost: 127.0.0.1:{page.Port}\r\n\r\n")).Should().StartWith("HTTP/1.1 414");
        _repository.Open().Board.Get(1).Task.Notes.Should().BeEmpty();
    }

    [Fact]
    public async Task Event_streams_have_a_limit_and_a_closed_one_makes_room()
    {
        const int Most = 24;
        await using var page = await ServedPage.Start(_repository);
        var open = new List<StreamReader>();
        for (var count = 0; count < Most; count++)
        {
            open.Add(await page.Follow("0"));
        }

        using (var one = await page.Send(page.Get("/api/stream?since=0")))
        {
            one.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        }

        open.ForEach(reader => reader.Dispose());
        using var limit = new CancellationTokenSource(BuiltServer.Limit);
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            using var again = await page.Send(page.Get("/api/stream?since=0"), HttpCompletionOption.ResponseHeadersRead);
            if (again.StatusCode == HttpStatusCode.OK)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task It_listens_on_this_machine_alone_whatever_a_folder_or_a_variable_says()
    {
        _repository.Write("appsettings.json", """{"urls":"http://0.0.0.0:1234","Kestrel":{"Endpoints":{"All":{"Url":"http://0.0.0.0:5005"}}}}""");
        var variables = new Dictionary<string, string> { ["ASPNETCORE_URLS"] = "http://0.0.0.0:5006", ["URLS"] = "http://*:5007", ["DOTNET_URLS"] = "http://+:5008", ["ASPNETCORE_HTTP_PORTS"] = "5009", ["Kestrel__Endpoints__X__Url"] = "http://0.0.0.0:5010" };
        await using var page = await ServedPage.Start(_repository, variables, workingDirectory: _repository.Root);

        var own = Directory.EnumerateFiles($"/proc/{page.ProcessId}/fd").Select(file => new FileInfo(file).LinkTarget).OfType<string>().Where(target => target.StartsWith("socket:[", StringComparison.Ordinal)).Select(target => target[8..^1]).ToHashSet();
        var listening = new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists).SelectMany(File.ReadLines).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(parts => parts.Length > 9 && parts[3] == "0A" && own.Contains(parts[9])).Select(parts => parts[1]).ToList();

        listening.Should().Equal($"0100007F:{page.Port:X4}");
    }

    [Fact]
    public async Task The_file_that_leads_the_browser_to_the_address_is_its_user_s_alone_and_goes_with_the_program()
    {
        var state = Path.Join(_repository.Base, "state");
        await using var page = await ServedPage.Open(_repository, new Dictionary<string, string> { ["XDG_STATE_HOME"] = state, ["DISPLAY"] = "", ["WAYLAND_DISPLAY"] = "" });
        var folder = Path.Join(state, "worktree-mcp", "page");
        var file = Path.Join(folder, $"open-{page.ProcessId}.html");
        using (var limit = new CancellationTokenSource(BuiltServer.Limit))
        {
            while (!File.Exists(file) || new FileInfo(file).Length == 0)
            {
                limit.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(folder).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        (await File.ReadAllTextAsync(file)).Should().Contain(page.Address.ToString());

        page.Server.Terminate();
        (await page.Server.Exit()).Code.Should().Be(0);
        File.Exists(file).Should().BeFalse();
    }

    [Fact]
    public async Task A_server_on_stdio_loads_nothing_of_the_page()
    {
        await using var server = BuiltServer.Start(arguments: ["--repo", _repository.Root]);
        await server.Initialize();
        await server.Call(1, "board_show");
        await server.Answer(1);

        (await File.ReadAllTextAsync($"/proc/{server.ProcessId}/maps")).Should().NotContain("Microsoft.AspNetCore").And.NotContain("WorktreeMcp.Web.dll").And.Contain("WorktreeMcp.Domain");
    }

    public void Dispose() => _repository.Dispose();
}
