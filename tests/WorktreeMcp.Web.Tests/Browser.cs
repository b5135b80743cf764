using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace WorktreeMcp.Web.Tests;

/// <summary>
/// The browser of the machine, driven as a person would. One for all tests, a window of its own for each. Where there is none, tests are skipped with the
/// reason; in CI that is a failure.
/// </summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    // Against a hang: a busy machine is slow.
    private const int Limit = 90_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public static string? Missing { get; } = Find() is null && Environment.GetEnvironmentVariable("CI") != "true" ? $"There is no Chromium at {string.Join(" or ", Places)}." : null;

    public async ValueTask InitializeAsync()
    {
        if (Missing is null)
        {
            SetDefaultExpectTimeout(Limit);
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Find() ?? Places[0], Args = ["--no-sandbox", "--disable-dev-shm-usage"] });
        }
    }

    /// <summary>A window with nothing of another one's.</summary>
    public async Task<IPage> Window(int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = height }, ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
        context.SetDefaultTimeout(Limit);
        var page = await context.NewPageAsync();
        page.PageError += (_, fault) => Faults.Add(fault);
        page.Console += (_, said) =>
        {
            if (said.Type == "error" && !said.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
            {
                Faults.Add(said.Text);
            }
        };
        return page;
    }

    /// <summary>Opens the page by its first address, which leads on to one without the word in it.</summary>
    internal static async Task Enter(IPage page, ServedPage served)
    {
        await page.GotoAsync(served.Address.ToString());
        await page.WaitForURLAsync(served.Origin + "/");
        await Expect(page.Locator("#view-h")).ToBeAttachedAsync();
    }

    /// <summary>What scripts stumbled over, and what the policy of the page refused.</summary>
    public System.Collections.Concurrent.ConcurrentBag<string> Faults { get; } = [];

    /// <summary>What stands in the way of people who read or operate the page otherwise.</summary>
    public static async Task<IReadOnlyList<string>> Obstacles(IPage page)
    {
        var result = await page.RunAxe(new AxeRunOptions { RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] } });
        return [.. result.Violations.Select(violation => $"{violation.Id}: {string.Join(" | ", violation.Nodes.Take(3).Select(node => node.Html))}")];
    }

    /// <summary>Keeps a picture where one is asked for.</summary>
    public static async Task Picture(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("WORKTREEMCP_PICTURES") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Join(folder, $"{name}.png") });
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    private static string? Find() => Places.FirstOrDefault(File.Exists);
}
