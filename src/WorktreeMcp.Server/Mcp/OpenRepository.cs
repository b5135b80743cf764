using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using WorktreeMcp.Domain;
using WorktreeMcp.Domain.Refusals;

namespace WorktreeMcp.Server.Mcp;

/// <summary>
/// The repository that is served. It is found at the first call and not at the start, so that a server outside a
/// repository still lists its tools and says in each answer what to do; once found it stays.
/// </summary>
/// <param name="settings">Which directory was asked for.</param>
/// <param name="caller">Knows whose claims end with this process.</param>
/// <param name="lifetime">Says when the server stops: then its commands end too.</param>
/// <param name="log">Where settings that are not usable are named.</param>
public sealed class OpenRepository(ServerSettings settings, CallerIdentity caller, IHostApplicationLifetime lifetime, ILogger<OpenRepository> log) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<Repository> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Repository? _found;
    private Repository? _repository;
    private ToolSet? _tools;
    private bool _told;

    /// <summary>The repository.</summary>
    /// <returns>The same one every time; refuses as not_a_repository while there is none.</returns>
    public Repository Require()
    {
        lock (_gate)
        {
            return _repository ??= Open();
        }
    }

    /// <summary>Which tools are shown. It stays as it is when it is first asked for; the repository is looked at only where a file may choose them.</summary>
    public ToolSet Tools
    {
        get
        {
            lock (_gate)
            {
                return _tools ??= settings.Tools is { } chosen ? ToolSet.Chosen([chosen]) : settings.MayChooseTools && Seen() is { } seen ? ToolSet.Chosen(seen.Settings.Tools) : ToolSet.All;
            }
        }
    }

    /// <summary>The repository, once a call has opened it.</summary>
    public Task<Repository> Opened => _opened.Task;

    private Repository Open()
    {
        var repository = _found ??= Find();
        _opened.TrySetResult(repository);
        foreach (var warning in new[] { caller.Serve(repository) }.OfType<string>().Concat(repository.Settings.Warnings).Concat(Tools.Warnings))
        {
            log.LogWarning("{Warning}", warning);
        }

        repository.TellOfFaults((work, fault) => log.LogError(fault, "{Work} failed; it is tried again at its next turn", work));
        lifetime.ApplicationStopping.Register(repository.Worktrees.EndRuns);
        repository.KeepSpares();
        return repository;
    }

    private Repository? Seen()
    {
        try
        {
            return _found ??= Find();
        }
        catch (Refusal)
        {
            return null;
        }
    }

    private Repository Find()
    {
        try
        {
            return Repository.Open(settings.RepositoryPath, flags: settings.Flags, supervisor: OwnProgram.Supervisor, endsWithThisProcess: caller.EndsWithThisProcess);
        }
        catch (Refusal refusal)
        {
            if (!_told)
            {
                log.LogWarning("{Reason}", refusal.Message);
                _told = true;
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _found?.Dispose();
}
