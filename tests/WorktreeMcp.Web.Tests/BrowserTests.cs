using Microsoft.Playwright;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.TestKit;
using static Microsoft.Playwright.Assertions;

namespace WorktreeMcp.Web.Tests;

public sealed class BrowserTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly TempRepository _repository = new();

    [Fact]
    public async Task A_person_sees_the_question_answers_it_and_sees_what_another_server_does()
    {
        Assert.SkipWhen(Browser.Missing is not null, Browser.Missing ?? string.Empty);
        var opened = BoardStory.Tell(_repository);
        await using var served = await ServedPage.Start(_repository, enter: false);
        var page = await browser.Window();
        await Browser.Enter(page, served);
        var needs = page.GetByRole(AriaRole.Region, new() { Name = "Needs you" });
        await Expect(needs.GetByRole(AriaRole.Heading, new() { Name = "ada asks" })).ToBeVisibleAsync();
        await Expect(page).ToHaveTitleAsync("(2) repo: board");
        await Browser.Picture(page, "board-1440");
        (await Browser.Obstacles(page)).Should().BeEmpty();

        await needs.GetByRole(AriaRole.Textbox).FillAsync("Only those with a comma.");
        await needs.GetByRole(AriaRole.Button, new() { Name = "Answer" }).ClickAsync();
        await Expect(needs.GetByRole(AriaRole.Heading, new() { Name = "ada asks" })).ToHaveCountAsync(0);
        opened.Board.Get(BoardStory.Asks).Task.Notes[^1].Text.Should().Be("Only those with a comma.");

        await using var other = await OtherServer.Start(_repository.Root, "eve");
        await other.Call("task_claim", $$"""{"task_id":{{BoardStory.Free}}}""");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Working" }).GetByText("Show the balance of each month")).ToBeVisibleAsync();
        browser.Faults.Should().BeEmpty();
    }

    [Fact]
    public async Task Every_view_is_open_to_everybody_and_fits_in_dark_and_on_a_phone()
    {
        Assert.SkipWhen(Browser.Missing is not null, Browser.Missing ?? string.Empty);
        BoardStory.Tell(_repository);
        await using (var other = await OtherServer.Start(_repository.Root, "ada"))
        {
            await other.Call("worktree_run", """{"name":"csv","command":"echo ok 41 reads; echo not good >&2; exit 2"}""");
        }

        await using var served = await ServedPage.Start(_repository, enter: false);
        var page = await browser.Window();
        await Browser.Enter(page, served);
        foreach (var (name, width, height, scheme) in new[] { ("1440", 1440, 900, ColorScheme.Light), ("1440-dark", 1440, 900, ColorScheme.Dark), ("400", 400, 800, ColorScheme.Light), ("zoom200", 720, 450, ColorScheme.Dark) })
        {
            await page.SetViewportSizeAsync(width, height);
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            foreach (var (view, hash) in Views())
            {
                await page.EvaluateAsync("hash => { location.hash = hash; }", hash);
                await Expect(page.Locator($"[data-here='{hash}']")).ToBeAttachedAsync();
                await Expect(page.GetByText("…", new() { Exact = true })).ToHaveCountAsync(0);
                await Browser.Picture(page, $"{view}-{name}");
                if (name != "zoom200")
                {
                    (await Browser.Obstacles(page)).Should().BeEmpty($"{view} at {name}");
                }

                (await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - innerWidth")).Should().BeLessThanOrEqualTo(0, $"{view} at {name} does not scroll sideways");
            }
        }

        browser.Faults.Should().BeEmpty();
    }

    [Fact]
    public async Task Everything_is_reached_by_keyboard_alone()
    {
        Assert.SkipWhen(Browser.Missing is not null, Browser.Missing ?? string.Empty);
        var opened = BoardStory.Tell(_repository);
        await using var served = await ServedPage.Start(_repository, enter: false);
        var page = await browser.Window();
        await Browser.Enter(page, served);
        await Expect(page.Locator(".card")).ToHaveCountAsync(5);
        var keys = page.Keyboard;

        await keys.PressAsync("a");
        await keys.TypeAsync("With the comma only.");
        await keys.PressAsync("Control+Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "ada asks" })).ToHaveCountAsync(0);

        await keys.PressAsync("b");
        await page.Locator("#card-4 .open").FocusAsync();
        await keys.PressAsync("ArrowRight");
        await Expect(page.Locator("#card-1 .open")).ToBeFocusedAsync();
        await keys.PressAsync("ArrowRight");
        await keys.PressAsync("ArrowRight");
        await Expect(page.Locator("#card-3 .open")).ToBeFocusedAsync();
        await keys.PressAsync("Enter");
        await Expect(page.Locator("#view-h")).ToBeFocusedAsync();
        await keys.PressAsync("l");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await Browser.Picture(page, "land-1440");
        (await Browser.Obstacles(page)).Should().BeEmpty();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeFocusedAsync();
        await keys.PressAsync("Shift+Tab");
        await Expect(page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Land", Exact = true })).ToBeFocusedAsync();
        await keys.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(page.Locator(".holds-state")).ToContainTextAsync("Done");
        opened.Board.Get(BoardStory.Landable).Task.LiveWorktree.Should().BeNull();

        await keys.PressAsync("n");
        await keys.TypeAsync("Typed by keyboard");
        await keys.PressAsync("Escape");
        await keys.PressAsync("n");
        await Expect(page.GetByLabel("In one line")).ToHaveValueAsync("Typed by keyboard");
        await keys.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        opened.Board.Get(6).Task.Subject.Should().Be("Typed by keyboard");
        await keys.PressAsync("b");
        await Expect(page.Locator("#card-6")).ToBeVisibleAsync();
        browser.Faults.Should().BeEmpty();
    }

    [Fact]
    public async Task The_page_says_when_its_program_is_gone_keeps_what_is_typed_and_comes_back()
    {
        Assert.SkipWhen(Browser.Missing is not null, Browser.Missing ?? string.Empty);
        BoardStory.Tell(_repository);
        var page = await browser.Window();
        await using (var served = await ServedPage.Start(_repository, enter: false))
        {
            await Browser.Enter(page, served);
            await page.GetByRole(AriaRole.Textbox, new() { Name = "Your answer" }).FillAsync("half a thought");
            served.Server.Kill();
            await served.Server.Exit();
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "The program behind this page is gone" })).ToBeVisibleAsync();
            await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Answer" })).ToBeDisabledAsync();
            await Browser.Picture(page, "lost-1440");
            (await Browser.Obstacles(page)).Should().BeEmpty();

            await using var again = await ServedPage.Start(_repository, enter: false, arguments: ["--port", $"{served.Port}"]);
            await Browser.Enter(page, again);
            await Expect(page.GetByRole(AriaRole.Textbox, new() { Name = "Your answer" })).ToHaveValueAsync("half a thought");
            await Expect(page.GetByText("Live", new() { Exact = true })).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task Whatever_a_repository_and_its_agents_write_is_shown_as_text_and_no_script_of_theirs_runs()
    {
        Assert.SkipWhen(Browser.Missing is not null, Browser.Missing ?? string.Empty);
        const string Markup = "<img src=x onerror=\"window.ran=1\"><script>window.ran=1</script><a href=\"javascript:window.ran=1\">x</a>\u202Egnp.exe\u2066\u0007\u001b[31m";
        var opened = _repository.Open();
        opened.Board.Create(new NewTask(Markup, Markup, Labels: ["<script>window.ran=1</script>"]), "<b onmouseover=\"window.ran=1\">eve</b>");
        opened.Board.Claim(1, 60, "<script>window.ran=1</script>");
        opened.Worktrees.Create(new Domain.Worktrees.NewWorktree("lane", 1), "<script>window.ran=1</script>");
        const string File = ".worktrees/lane/<img src=x onerror=window.ran=1>.html";
        _repository.Write(File, "<script>window.ran=1</script>\n\u202Ereversed\n<img src=x onerror=\"window.ran=1\">\n");
        _repository.Commit(Markup, Path.Join(_repository.Root, ".worktrees/lane"));
        opened.Board.Update(1, new TaskEdit { Question = Markup, Note = Markup }, "<script>window.ran=1</script>");
        await System.IO.File.AppendAllTextAsync(_repository.Layout.Events, """{"event":"<script>window.ran=1</script>","seq":"x","by":["a"],"task":{"id":1},"text":"<img src=x onerror=window.ran=1>"}""" + "\n");
        await using (var other = await OtherServer.Start(_repository.Root, "<script>window.ran=1</script>"))
        {
            await other.Call("worktree_run", """{"name":"lane","command":"printf '<script>window.ran=1</script><img src=x onerror=window.ran=1>'"}""");
        }

        await using var served = await ServedPage.Start(_repository, enter: false);
        var page = await browser.Window();
        var asked = new List<string>();
        page.Request += (_, request) => asked.Add(request.Url);
        await Browser.Enter(page, served);
        foreach (var hash in new[] { "#/0", "#/0/task/1/brief", "#/0/task/1/changes", "#/0/task/1/runs", "#/0/task/1/timeline", "#/0/task/1/notes" })
        {
            await page.EvaluateAsync("hash => { location.hash = hash; }", hash);
            await Expect(page.Locator($"[data-here='{hash}']")).ToBeAttachedAsync();
            (await page.EvaluateAsync<bool>("() => window.ran === undefined")).Should().BeTrue(hash);
            (await page.Locator("main img, main script, main b[onmouseover], main a[href^='javascript']").CountAsync()).Should().Be(0, hash);
        }

        await Expect(page.Locator("h1")).ToContainTextAsync("<img src=x onerror=");
        await Expect(page.Locator("h1 .esc").First).ToHaveTextAsync("\\u{202E}");
        await page.EvaluateAsync("() => { location.hash = '#/0/task/1/changes'; }");
        await Expect(page.Locator(".diff")).ToContainTextAsync("<script>window.ran=1</script>");
        asked.Should().OnlyContain(url => url.StartsWith(served.Origin + "/", StringComparison.Ordinal) || url.StartsWith("data:,", StringComparison.Ordinal));
        browser.Faults.Should().BeEmpty();
    }

    public void Dispose() => _repository.Dispose();

    private static IEnumerable<(string View, string Hash)> Views() =>
    [
        ("board", "#/0"), ("brief", $"#/0/task/{BoardStory.Asks}/brief"), ("changes", $"#/0/task/{BoardStory.Reviewed}/changes"), ("runs", $"#/0/task/{BoardStory.Asks}/runs"),
        ("timeline", $"#/0/task/{BoardStory.Asks}/timeline"), ("notes", $"#/0/task/{BoardStory.Asks}/notes"),
    ];
}
