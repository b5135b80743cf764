using System.CommandLine;
using System.Globalization;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Trash;
using WorktreeMcp.Server.Wire;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>What is to be deleted from the trash.</summary>
/// <param name="RepositoryPath">A directory in the repository.</param>
/// <param name="All">Whether everything is.</param>
/// <param name="Days">What was removed at least so many days ago; null for what is over its time or over the size that may wait.</param>
/// <param name="DryRun">Whether to list only.</param>
/// <param name="Yes">Whether to delete without asking.</param>
/// <param name="Output">Where the list goes.</param>
public sealed record GcOptions(string RepositoryPath, bool All, int? Days, bool DryRun, bool Yes, TextWriter Output)
{
    /// <summary>Whether what holds the only copy of a repository's commits goes too.</summary>
    public bool OnlyCopies { get; init; }
}

/// <summary>Lists what waits in the trash and what is kept ready, with their sizes, and deletes for good what was asked for, once a person has agreed.</summary>
public static class GcVerb
{
    private const int ShownMost = 200;

    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <param name="run">What it does; itself if left out.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared, Func<GcOptions, Task<int>>? run = null)
    {
        var all = new Option<bool>("--all") { Description = "Delete everything that waits in the trash." };
        var days = new Option<int?>("--days") { Description = "Delete what was removed at least so many days ago.", HelpName = "N" };
        var dryRun = new Option<bool>("--dry-run") { Description = "List only; delete nothing." };
        var yes = new Option<bool>("--yes") { Description = "Do it without asking, for scripts." };
        var onlyCopies = new Option<bool>("--only-copies") { Description = "Delete also what holds the only copy of commits: repositories below a worktree that no remote has them of." };
        days.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 0)
            {
                result.AddError("--days takes a number of days, 0 or more.");
            }
        });
        var command = new Command("gc", "List what waits in the trash with its size, and delete for good what is over its time.") { all, days, dryRun, yes, onlyCopies };
        command.SetAction((parsed, _) =>
        {
            var options = new GcOptions(shared.Settings(parsed).RepositoryPath, parsed.GetValue(all), parsed.GetValue(days), parsed.GetValue(dryRun), parsed.GetValue(yes), shared.Output)
            {
                OnlyCopies = parsed.GetValue(onlyCopies),
            };
            return run is null ? Run(options, shared.Input()) : run(options);
        });
        return command;
    }

    /// <summary>Runs to its end.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="input">Where the answer to the question comes from.</param>
    /// <returns>0, or 1 if something that was to go is still there.</returns>
    public static async Task<int> Run(GcOptions options, TextReader input)
    {
        try
        {
            using var repository = Repository.Open(options.RepositoryPath);
            return await Run(options, input, repository);
        }
        catch (Refusal refusal)
        {
            await options.Output.WriteLineAsync($"{refusal.Message} {ToolWords.Of(refusal.Hint)}");
            return 1;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            await options.Output.WriteLineAsync($"The trash could not be looked at: {fault.Message}. Repeat the call; worktree-mcp doctor says more.");
            return 1;
        }
    }

    private static async Task<int> Run(GcOptions options, TextReader input, Repository repository)
    {
        var trash = repository.Worktrees.Trash;
        var items = trash.Items(measure: true);
        var chosen = options.All ? items : options.Days is { } days ? trash.OlderThan(items, days) : trash.Due(items);
        await options.Output.WriteLineAsync($"Trash of {repository.Place.Root}: {items.Count} removed worktrees, {Size(items)}.");
        var held = options.OnlyCopies ? [] : chosen.Where(item => !item.Begun).Select(item => (Item: item, What: trash.OnlyCopies(item))).Where(one => one.What.Count > 0).ToList();
        chosen = [.. chosen.Except(held.Select(one => one.Item))];
        var ids = chosen.Select(item => item.Id).ToHashSet();
        foreach (var item in items.Take(ShownMost))
        {
            await options.Output.WriteLineAsync(Line(item, ids.Contains(item.Id)));
        }

        if (items.Count > ShownMost)
        {
            await options.Output.WriteLineAsync($"  ... and {items.Count - ShownMost} more");
        }

        foreach (var (item, what) in held)
        {
            await options.Output.WriteLineAsync($"Number {item.Id} stays: nothing else has the commits of {string.Join(", ", what)}. With --only-copies it goes too.");
        }

        var kept = repository.CheckoutsKeptReady();
        if (kept.Count > 0)
        {
            await options.Output.WriteLineAsync($"Checkouts kept ready: {kept.Count}, {Size(kept.Bytes)}.{(options.All ? string.Empty : " With --all they go too.")}");
        }

        var outputs = repository.OutputsKept();
        if (outputs.Count > 0)
        {
            await options.Output.WriteLineAsync($"Outputs of commands: {outputs.Count}, {Size(outputs.Bytes)}. The oldest give way after 7 days, or where all take more than {Size(outputs.Most)}.");
        }

        var goes = options.All && kept.Count > 0;
        if (chosen.Count == 0 && !goes)
        {
            await options.Output.WriteLineAsync("Nothing is to be deleted. With --all everything is, with --days N what was removed at least N days ago.");
            return 0;
        }

        await options.Output.WriteLineAsync(
            $"To be deleted for good: {chosen.Count}, {Size(chosen)}{(goes ? $", and what is kept ready, {Size(kept.Bytes)}" : string.Empty)}. Commits that nothing else holds are kept under refs/worktree-mcp/kept/.");
        if (options.DryRun || !await Agreed(options, input))
        {
            return 0;
        }

        var discarded = !goes || repository.TryDiscardCheckoutsKeptReady();
        if (!discarded)
        {
            await options.Output.WriteLineAsync("The checkouts kept ready are still there: a server is at them. Repeat this in a moment, or set spares to 0.");
        }

        return Math.Max(await Delete(options, trash, chosen), discarded ? 0 : 1);
    }

    private static async Task<int> Delete(GcOptions options, EmptyingTrash trash, IReadOnlyList<TrashItem> chosen)
    {
        var gone = trash.Empty(chosen, "gc", options.OnlyCopies);
        await options.Output.WriteLineAsync($"Deleted {gone.Count}, {Size(gone)}.");
        if (gone.Count == chosen.Count)
        {
            return 0;
        }

        var left = chosen.Select(item => item.Id).Except(gone.Select(item => item.Id)).ToHashSet();
        await options.Output.WriteLineAsync($"Still there: {string.Join(", ", left)}. They are in use or cannot be deleted; worktree-mcp doctor says more.");
        foreach (var item in trash.Items(measure: false).Where(item => left.Contains(item.Id) && item.Problem is not null))
        {
            await options.Output.WriteLineAsync($"  {item.Id}: {item.Problem}");
        }

        return 1;
    }

    private static async Task<bool> Agreed(GcOptions options, TextReader input)
    {
        if (options.Yes)
        {
            return true;
        }

        await options.Output.WriteAsync("Delete them? [y/N] ");
        var answer = await input.ReadLineAsync();
        var agreed = answer?.Trim() is "y" or "Y" or "yes";
        await options.Output.WriteLineAsync(agreed ? string.Empty : "Nothing was deleted.");
        return agreed;
    }

    private static string Line(TrashItem item, bool goes)
    {
        var removed = DateTimeOffset.FromUnixTimeMilliseconds((long)(item.RemovedAt * 1000)).ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
        return $"  {(goes ? "*" : " ")} {item.Id,5}  {removed}  {Size([item]),9}  {item.Name ?? "(a creation that was taken back)"}{(item.Problem is null ? string.Empty : $"  could not be deleted: {item.Problem}")}";
    }

    private static string Size(IReadOnlyList<TrashItem> items) => Size(items.Sum(item => item.Bytes ?? 0));

    private static string Size(double bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        var unit = 0;
        for (; bytes >= 1000 && unit < units.Length - 1; unit++)
        {
            bytes /= 1000;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes:0.#} {units[unit]}");
    }
}
