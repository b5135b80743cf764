using System.IO.Abstractions;

namespace WorktreeMcp.Domain.Git;

/// <summary>
/// The one way to run git in a checkout, and in the repository that it belongs to. Invariants:
/// - git is always told its directory and the files that belong to it; no <c>.git</c> in a checkout is believed;
/// - a call that only looks at a checkout that agents work in runs inside the sandbox where one is on; what it writes goes into a
///   scratch folder of ours. A call that writes hands its guards on and is not confined;
/// - no program that the repository's settings name runs (<see cref="RepositoryPrograms"/>);
/// - no repository nested in a checkout is entered: every call that would is told not to, and <see cref="NestedRepositories"/> looks
///   at those without their settings.
/// </summary>
internal sealed class CheckoutGit(GitCommand git, RepositoryPlace place, IFileSystem files, IReadOnlyList<string> allowedFilters)
{
    /// <summary>The option of every call that would else run a git of its own, with its own settings, in each nested repository.</summary>
    internal const string NotInNested = "--ignore-submodules=dirty";

    private readonly RepositoryPrograms _programs = new(git, place, files, allowedFilters);
    private readonly AdminEntry _main = new(string.Empty, place.CommonDirectory);

    /// <summary>What to put before a git that only looks at a checkout and writes to some folders of ours; nothing without a sandbox.</summary>
    internal Func<AdminEntry, string, IReadOnlyList<string>, IReadOnlyList<string>> Confinement { get; set; } = (_, _, _) => [];

    /// <summary>Starts git.</summary>
    internal GitAnswer Run(GitCall call) => git.Run(call);

    /// <summary>A call in a checkout.</summary>
    /// <param name="entry">git's record.</param>
    /// <param name="directory">Its files.</param>
    /// <param name="arguments">What git is told.</param>
    internal GitCall In(AdminEntry entry, string directory, params IReadOnlyList<string> arguments) =>
        InOurs(entry, directory, arguments) with { Confine = scratch => Confinement(entry, directory, scratch) };

    /// <summary>A call in a checkout that no command of anybody ran in yet, so that nothing has to be confined.</summary>
    internal GitCall InOurs(AdminEntry entry, string directory, params IReadOnlyList<string> arguments) =>
        Ruled(_programs.For(entry), new GitCall(arguments) { Directory = directory, GitDirectory = entry.Directory, WorkTree = directory });

    /// <summary>A call that concerns no checkout.</summary>
    internal GitCall At(params IReadOnlyList<string> arguments) =>
        Ruled(_programs.For(_main), new GitCall(arguments) { Directory = place.Root, GitDirectory = place.CommonDirectory });

    /// <summary>A look at what git has recorded of a checkout, its index and HEAD, and at none of its files.</summary>
    internal GitCall OfRecord(AdminEntry entry, params IReadOnlyList<string> arguments) => InOurs(entry, place.Root, arguments);

    /// <summary>A look at files by a git whose directory is ours, so that only settings of the user and the system are read.</summary>
    /// <param name="entry">git's record of the checkout that the files lie in.</param>
    /// <param name="directory">The checkout.</param>
    /// <param name="ours">git's directory.</param>
    /// <param name="folder">The files.</param>
    /// <param name="arguments">What git is told.</param>
    internal GitCall Beside(AdminEntry entry, string directory, string ours, string folder, params IReadOnlyList<string> arguments) =>
        new(arguments) { Directory = folder, GitDirectory = ours, WorkTree = folder, Confine = scratch => Confinement(entry, directory, [.. scratch, ours]) };

    /// <summary>A look into the repository of a submodule that belongs to a checkout, whose settings a command there may have written: at commits alone.</summary>
    internal GitCall InModule(AdminEntry entry, string repository, params IReadOnlyList<string> arguments) =>
        new(arguments) { Directory = repository, GitDirectory = repository, Confine = scratch => Confinement(entry, repository, scratch) };

    /// <summary>Filters that must not run in a checkout, so that files which need one cannot be made there.</summary>
    internal IReadOnlyList<string> ForbiddenFilters(AdminEntry entry) => _programs.For(entry).Filters;

    /// <summary>A setting of the repository itself that names a program for signing, or null.</summary>
    internal string? ForeignSigner => _programs.For(_main).Signer;

    /// <summary>What a program that signs commits needs of the environment.</summary>
    internal IReadOnlyDictionary<string, string> ForSigning => git.ForSigning;

    private static GitCall Ruled(ProgramRules rules, GitCall call) => call with { Overrides = rules.Off, Forbidden = rules.Problem };
}
