using System.Globalization;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Domain.Tests.Spares;

/// <summary>Commits that change whatever a commit can change: contents, names, modes, links, folders into files, attributes.</summary>
internal sealed class RandomHistory(TempRepository repository, int seed)
{
    private readonly Random _random = new(seed);
    private int _count;

    internal void Commit(int commits)
    {
        for (var i = 0; i < commits; i++)
        {
            for (var change = _random.Next(1, 6); change > 0; change--)
            {
                Change();
            }

            repository.Commit($"change {++_count}");
        }
    }

    private void Change()
    {
        var path = Path.Join(repository.Root, Name());
        switch (_random.Next(8))
        {
            case 0 when Pick() is { } old:
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                if (!Path.Exists(path))
                {
                    File.Move(old, path);
                }

                break;
            case 1 when Pick() is { } old:
                File.Delete(old);
                break;
            case 2 when Pick() is { } old && new FileInfo(old).LinkTarget is null:
                File.SetUnixFileMode(old, File.GetUnixFileMode(old) ^ UnixFileMode.UserExecute);
                break;
            case 3 when !Path.Exists(path) && IsFree(path):
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.CreateSymbolicLink(path, $"target-{_random.Next(5)}");
                break;
            case 4:
                File.WriteAllText(Path.Join(repository.Root, ".gitattributes"), $"*.txt {(_random.Next(2) == 0 ? "text eol=crlf" : "-text")}\n*.bin binary\n");
                break;
            default:
                if (IsFree(path))
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                    if (!Directory.Exists(path))
                    {
                        File.Delete(path);
                        File.WriteAllText(path, string.Concat(Enumerable.Range(0, _random.Next(1, 30)).Select(n => string.Create(CultureInfo.InvariantCulture, $"line {n} {_random.Next()}\n"))));
                    }
                }

                break;
        }
    }

    // A parent that is a file stands in the way of a folder; then nothing is changed.
    private bool IsFree(string path)
    {
        for (var parent = Path.GetDirectoryName(path)!; parent.Length > repository.Root.Length; parent = Path.GetDirectoryName(parent)!)
        {
            if (Path.Exists(parent) && !Directory.Exists(parent))
            {
                return false;
            }
        }

        return true;
    }

    private string Name()
    {
        string[] folders = ["", "a/", "a/b/", "c d/", "é/", "a/b/c/"];
        string[] ends = [".txt", ".bin", "", ".md"];
        return $"{folders[_random.Next(folders.Length)]}f{_random.Next(12)}{ends[_random.Next(ends.Length)]}";
    }

    private string? Pick()
    {
        var all = repository.Git("ls-files", "-z").Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(name => Path.Join(repository.Root, name)).Where(path => (new FileInfo(path).LinkTarget is not null || File.Exists(path)) && Path.GetFileName(path) != ".gitattributes").ToList();
        return all.Count == 0 ? null : all[_random.Next(all.Count)];
    }
}
