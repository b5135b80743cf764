using System.IO.Abstractions;
using System.Runtime.InteropServices;
using System.Text;
using WorktreeMcp.Domain.Git;
using WorktreeMcp.Domain.Locks;
using WorktreeMcp.Domain.Platform;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Domain.Running;
using WorktreeMcp.Domain.Worktrees.Registry;

namespace WorktreeMcp.Domain.Worktrees.Runs;

/// <summary>
/// The git side of the sandbox. Invariants:
/// - a confined command writes objects and its branch into folders of its run alone; what it made comes into the repository
///   afterwards, objects by their hashes, the branch by compare-and-swap from where it was;
/// - no other branch is ever moved; a branch it made comes in only under a name that is free; a move that cannot come in is
///   kept as a ref of ours, so no commit is lost;
/// - each name is judged by itself: what cannot come in is named, and keeps nothing else out;
/// - taking over may be repeated by anybody at any time: while the command runs, at its end, and after its server died.
/// </summary>
internal sealed class SandboxImports(WorktreePlaces parts)
{
    private const int MostRefs = 20_000;
    private const string KeptRefs = "refs/worktree-mcp/sandbox";

    private string Folder(int worktreeId) => Path.Join(parts.Layout.Sandboxes, $"{worktreeId}");

    /// <summary>Makes the private folders of a run.</summary>
    internal PrivateGit Prepare(Worktree worktree, AdminEntry entry, string runId)
    {
        var branch = BranchRef.Of(worktree.Branch);
        var own = new PrivateGit(Path.Join(Folder(worktree.Id), runId), Path.GetDirectoryName(branch)!);
        foreach (var folder in (string[])[own.Objects, own.Info, own.Refs, own.Logs, RealRefs(own), RealLogs(own)])
        {
            parts.Disk.MakeFolder(folder);
        }

        // Relative to the folder that the private objects stand in for.
        Write(Path.Join(own.Info, "alternates"), $"../{SandboxView.SharedObjects}\n");
        CopyRefs(own, branch);
        var log = Path.Join(RealLogs(own), Path.GetFileName(branch));
        if (parts.Files.KindOf(log) == FileKind.Regular)
        {
            parts.Files.File.Copy(log, Path.Join(own.Logs, Path.GetFileName(branch)));
        }

        // Where there is none a command could put one in place, and git would believe it as soon as that extension is on.
        var settings = Path.Join(entry.Directory, "config.worktree");
        if (!parts.Exists(settings))
        {
            Write(settings, string.Empty);
        }

        return own;
    }

    /// <summary>Takes over what the runs of a worktree made so far; folders of runs that are over go away with it.</summary>
    /// <param name="worktree">The worktree.</param>
    /// <param name="guard">What git keeps open while it writes.</param>
    /// <param name="isRunning">Whether a run still goes on.</param>
    /// <returns>What a person or an agent should know, in words; null when all came in.</returns>
    internal string? TakeOver(Worktree worktree, SafeHandle guard, Func<string, bool> isRunning)
    {
        var folder = Folder(worktree.Id);
        if (Runs(folder) is not { } runs)
        {
            return null;
        }

        var gate = LockFile.Open(parts.Layout, $"{folder}.lock");
        try
        {
            Posix.WaitFlock(gate);
            List<string> words = [];
            foreach (var run in runs)
            {
                words.AddRange(TakeOver(worktree, run, guard, isRunning(Path.GetFileName(run))));
            }

            return words.Count == 0 ? null : string.Join(' ', words);
        }
        finally
        {
            Posix.Unlock(gate);
        }
    }

    // What is reached through a link is none of ours; the refusal names it.
    private List<string>? Runs(string folder)
    {
        try
        {
            using var held = HeldFolder.Find(parts.Layout, folder);
            return held?.Names().Where(name => held.KindOf(name) == FileKind.Folder).Select(name => Path.Join(folder, name)).ToList();
        }
        catch (NotPlainException fault)
        {
            throw fault.ToRefusal();
        }
    }

    private void Write(string path, string text) => parts.Disk.WriteTemporary(path, Encoding.UTF8.GetBytes(text));

    private string RealRefs(PrivateGit own) => Path.Join(parts.Layout.CommonDirectory, own.RefFolder);

    private string RealLogs(PrivateGit own) => Path.Join(parts.Layout.CommonDirectory, "logs", own.RefFolder);

    // Real branches beside its own are there to be read; what becomes of the copies is of no account.
    private void CopyRefs(PrivateGit own, string branch)
    {
        var real = RealRefs(own);
        var start = new StringBuilder(own.RefFolder).Append('\n');
        foreach (var path in parts.Files.Directory.EnumerateFiles(real, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)).Take(MostRefs))
        {
            var name = Path.GetRelativePath(real, path);
            if ($"{own.RefFolder}/{name}" != branch && parts.Git.Refs.Resolve($"{own.RefFolder}/{name}") is { } tip)
            {
                Put(name, tip);
            }
        }

        if (parts.Git.Refs.Resolve(branch) is { } at)
        {
            Put(Path.GetFileName(branch), at);
        }

        Replace(own, start.ToString());

        void Put(string name, string tip)
        {
            var copy = Path.Join(own.Refs, name);
            parts.Files.Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            Write(copy, tip + "\n");
            start.Append(tip).Append(' ').Append(name).Append('\n');
        }
    }

    private void Replace(PrivateGit own, string start)
    {
        var temporary = $"{own.Start}.new";
        Write(temporary, start);
        parts.Disk.Replace(temporary, own.Start);
    }

    // What goes wrong with one run is no matter of the others.
    private List<string> TakeOver(Worktree worktree, string run, SafeHandle guard, bool isRunning)
    {
        try
        {
            var words = TakeOverRun(worktree, run, guard, isRunning);
            if (!isRunning)
            {
                Clear(run);
            }

            return words;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or Refusal)
        {
            return [$"What the command of run {Path.GetFileName(run)} made with git could not be taken over yet, the next command in this worktree tries again: {fault.Message}"];
        }
    }

    private List<string> TakeOverRun(Worktree worktree, string run, SafeHandle guard, bool isRunning)
    {
        var lines = PlainFile.Lines(Path.Join(run, "start")).ToList();
        if (lines.Count == 0)
        {
            return [];
        }

        List<string> words = [];
        var own = new PrivateGit(run, lines[0]);
        var known = lines.Skip(1).Select(line => line.Split(' ', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[1], pair => pair[0]);
        var store = Path.Join(parts.Layout.CommonDirectory, "objects");
        var length = known.Values.FirstOrDefault()?.Length ?? 40;
        var refused = new ObjectImport(store, parts.Files, parts.Settings.Durable, length, parts.Git.IndexPack).Take(own.Objects);
        if (refused > 0)
        {
            words.Add($"{refused} objects in the private store of the run are not what their names say; they were left out.");
        }

        var refs = new PrivateRefs(own, isRunning);
        foreach (var (name, tip) in refs.Read().Where(tip => tip.Commit.Length == length && known.GetValueOrDefault(tip.Name) != tip.Commit))
        {
            if (Move(worktree, $"{own.RefFolder}/{name}", known.GetValueOrDefault(name), tip, run, guard) is { } problem)
            {
                words.Add(problem);
            }

            known[name] = tip;
        }

        words.AddRange(refs.LeftOut is { } names ? [names] : Array.Empty<string>());
        Replace(own, string.Join('\n', known.Select(pair => $"{pair.Value} {pair.Key}").Prepend(own.RefFolder)) + "\n");
        Sweep(worktree);
        return words;
    }

    private string? Move(Worktree worktree, string name, string? from, string to, string run, SafeHandle guard)
    {
        var short_ = name[BranchRef.Prefix.Length..];
        if (!parts.Git.IsComplete(to, from))
        {
            return $"Branch {short_} was at {to[..12]} in the sandbox, which is no whole commit; it stays where it was.";
        }

        var real = parts.Git.Refs.Resolve(name);
        var mayMove = short_ == worktree.Branch ? from is not null : from is null && real is null && parts.Git.IsBranchName(short_);
        if (real == to || (mayMove && parts.Git.MoveBranch(name, to, from, guard).Succeeded))
        {
            return null;
        }

        // By its own name where that is free; a run may leave a second commit there, or a name that is a folder of another.
        var folder = $"{KeptRefs}/{Path.GetFileName(run)}";
        var kept = new[] { $"{folder}/{short_}", $"{folder}/{to}" }.FirstOrDefault(name => parts.Git.Refs.Resolve(name) == to || parts.Git.MoveBranch(name, to, null, guard).Succeeded);
        var where = kept is null ? $"the commit could not be kept as a ref, git cat-file finds it as {to}" : $"the commit is kept as {kept}";
        return $"Branch {short_} was moved to {to[..12]} in the sandbox, but it is at {real?[..12] ?? "nothing"} outside; {where}.";
    }

    // git makes no links and no pipes in its records: one that lies there leads the next git that writes somewhere else.
    private void Sweep(Worktree worktree)
    {
        if (worktree.AdminId is { } id)
        {
            using var folder = UntrustedFolder.Open(AdminEntry.At(parts.Layout.CommonDirectory, id).Directory);
            Sweep(folder);
        }
    }

    private static void Sweep(UntrustedFolder? folder)
    {
        foreach (var name in folder?.Names() ?? [])
        {
            if (folder!.Folder(name) is { } inner)
            {
                using (inner)
                {
                    Sweep(name == "modules" ? null : inner);
                }

                continue;
            }

            using var file = folder.File(name);
            if (file is null)
            {
                folder.Remove(name);
            }
        }
    }

    private void Clear(string run)
    {
        try
        {
            parts.Disk.DeleteTree(run);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A folder that a command has closed to us holds nothing that is still needed.
        }
    }
}
