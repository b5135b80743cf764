using System.CommandLine;
using System.CommandLine.Parsing;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Server.Wire;
using WorktreeMcp.Web;

namespace WorktreeMcp.Server.CommandLine.Verbs;

/// <summary>Shows the board in a browser, to the person at this machine alone.</summary>
public static class WebVerb
{
    private const int MostPort = 65535;

    /// <summary>The verb as it is typed.</summary>
    /// <param name="shared">What every verb has.</param>
    /// <returns>The command.</returns>
    public static Command Command(VerbContext shared)
    {
        var port = new Option<int>("--port") { Description = "The port; a free one if left out.", HelpName = "N" };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > MostPort)
            {
                result.AddError($"--port takes a number from 1 to {MostPort}.");
            }
        });
        var noOpen = new Option<bool>("--no-open") { Description = "Only print the address; open no browser." };

        // In place of the one that every verb has: this one can be given several times.
        var repositories = new Option<string[]>("--repo") { Description = "A git repository to show: any directory inside it. May be given several times.", HelpName = "PATH" };
        var command = new Command("web", "Show the board in a browser: see, answer, land. Only this machine reaches it; Ctrl-C ends it.") { port, noOpen, repositories };
        command.SetAction((parsed, cancel) => Run(shared, parsed, parsed.GetValue(repositories) ?? [], parsed.GetValue(port), !parsed.GetValue(noOpen), cancel));
        return command;
    }

    private static async Task<int> Run(VerbContext shared, ParseResult parsed, string[] paths, int port, bool open, CancellationToken cancel)
    {
        var settings = shared.Settings(parsed);
        var opened = new List<Repository>();
        try
        {
            foreach (var path in paths.Length > 0 ? paths.Select(path => Path.GetFullPath(path, shared.Directory)) : [settings.RepositoryPath])
            {
                var repository = Repository.Open(path, flags: settings.Flags, supervisor: OwnProgram.Supervisor);
                opened.Add(repository);
                repository.TellOfFaults((work, fault) => shared.Error.WriteLine($"worktree-mcp: {work} failed: {fault.Message}"));
            }

            // One place twice would be two boards that are one.
            var distinct = opened.DistinctBy(repository => repository.Place.Root).ToList();
            return await PageServer.Run(new PageOptions(distinct, port, open, settings.Agent, shared.Variables, shared.Output, shared.Error), cancel);
        }
        catch (Refusal refusal)
        {
            await shared.Error.WriteLineAsync($"worktree-mcp: {refusal.Message} {ToolWords.Of(refusal.Hint)}");
            return 1;
        }
        finally
        {
            opened.ForEach(repository => repository.Dispose());
        }
    }
}
