using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Web.Tests;

/// <summary>The real program with its page, and a browser's connection to it.</summary>
internal sealed class ServedPage : IAsyncDisposable
{
    private readonly BuiltServer _server;
    private readonly HttpClient _client;

    private ServedPage(BuiltServer server, string address)
    {
        _server = server;
        Address = new Uri(address);
        _client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = new Uri(Origin), Timeout = BuiltServer.Limit };
    }

    /// <summary>The address that opens it once.</summary>
    public Uri Address { get; }

    public int ProcessId => _server.ProcessId;

    public int Port => Address.Port;

    public string Origin => $"http://127.0.0.1:{Port}";

    /// <summary>What the browser keeps; null before it has entered.</summary>
    public string? Cookie { get; private set; }

    public BuiltServer Server => _server;

    public static async Task<ServedPage> Start(TempRepository repository, IReadOnlyDictionary<string, string>? environment = null, string? workingDirectory = null, bool enter = true, params string[] arguments)
    {
        var server = BuiltServer.Start(workingDirectory: workingDirectory, environment: environment, arguments: ["web", "--no-open", "--repo", repository.Root, .. arguments]);
        var page = new ServedPage(server, await AddressOf(server));
        if (enter)
        {
            await page.Enter();
        }

        return page;
    }

    /// <summary>Starts it as a person at a desktop would.</summary>
    public static async Task<ServedPage> Open(TempRepository repository, IReadOnlyDictionary<string, string> environment)
    {
        var server = BuiltServer.Start(environment: environment, arguments: ["web", "--repo", repository.Root]);
        return new ServedPage(server, await AddressOf(server));
    }

    public async Task Enter()
    {
        using var response = await _client.GetAsync(Address);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        Cookie = response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    public HttpRequestMessage Get(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Cookie", Cookie);
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        return request;
    }

    public HttpRequestMessage Post(string path, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("Cookie", Cookie);
        request.Headers.Add("Origin", Origin);
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        request.Headers.Add("X-Worktree-Mcp", "page");
        return request;
    }

    public async Task<HttpResponseMessage> Send(HttpRequestMessage request, HttpCompletionOption until = HttpCompletionOption.ResponseContentRead)
    {
        using (request)
        {
            return await _client.SendAsync(request, until);
        }
    }

    public async Task<JsonElement> Read(string path)
    {
        using var response = await Send(Get(path));
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.Should().Be(HttpStatusCode.OK, text);
        return JsonElement.Parse(text);
    }

    public async Task<JsonElement> Do(string path, string body = "{}")
    {
        using var response = await Send(Post(path, body));
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.Should().Be(HttpStatusCode.OK, text);
        return JsonElement.Parse(text);
    }

    public async Task<string> Refused(string path, string body, HttpStatusCode status)
    {
        using var response = await Send(Post(path, body));
        response.StatusCode.Should().Be(status);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString()!;
    }

    /// <summary>Sends bytes as they are, and reads until the other side closes.</summary>
    public async Task<string> Raw(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        try
        {
            return await reader.ReadToEndAsync().WaitAsync(BuiltServer.Limit);
        }
        catch (IOException)
        {
            // Refused so early that the rest was not read.
            return "HTTP/1.1 400 ";
        }
    }

    /// <summary>What happens, from a place on; lines as they come.</summary>
    public async Task<StreamReader> Follow(string since, string? lastEventId = null)
    {
        var request = Get($"/api/stream?since={since}");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await Send(request, HttpCompletionOption.ResponseHeadersRead);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private static async Task<string> AddressOf(BuiltServer server)
    {
        while (await server.ReadLine() is { } line)
        {
            if (line.StartsWith("http://", StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"It printed no address. Log:\n{server.Log}");
    }
}
