using System.Text.RegularExpressions;
using WorktreeMcp.Domain;
using WorktreeMcp.TestKit;

namespace WorktreeMcp.Server.Tests;

/// <summary>
/// The walls of the house: which room names which, in <c>src/arrows.txt</c>. A new arrow is a line in a review. A room within another one names what
/// lies in that anyway, so only using lines count.
/// </summary>
public sealed partial class HouseTests
{
    private const string Arrows = "src/arrows.txt";

    [Fact]
    public void Rooms_name_no_others_than_the_file_of_arrows_says() =>
        Golden.File(Arrows, string.Concat(Rooms().SelectMany(room => room.Value.Select(named => $"{Short(room.Key)} -> {Short(named)}\n")).Order(StringComparer.Ordinal)));

    [Fact]
    public void No_arrows_lead_in_a_circle()
    {
        var rooms = Rooms();

        foreach (var room in rooms.Keys)
        {
            Reached(room).Should().NotContain(room, "nothing that it names may name it");
        }

        HashSet<string> Reached(string from)
        {
            var (reached, open) = (new HashSet<string>(StringComparer.Ordinal), new Stack<string>(rooms[from]));
            while (open.TryPop(out var room))
            {
                if (reached.Add(room))
                {
                    rooms.GetValueOrDefault(room)?.ToList().ForEach(open.Push);
                }
            }

            return reached;
        }
    }

    [Fact]
    public void A_file_says_the_room_that_it_lies_in() =>
        Sources().Should().OnlyContain(source => source.Room == source.Folder);

    [Fact]
    public void No_type_is_named_twice_in_the_two_projects()
    {
        var names = new[] { typeof(Repository).Assembly, typeof(ServerSettings).Assembly }
            .SelectMany(assembly => assembly.GetTypes().Where(type => !type.IsNested && type.Namespace?.StartsWith("WorktreeMcp", StringComparison.Ordinal) == true).Select(type => type.Name));

        names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key).Should().BeEmpty();
    }

    private static string Short(string room) => room[(room.IndexOf('.', StringComparison.Ordinal) + 1)..];

    private static Dictionary<string, HashSet<string>> Rooms() => Sources()
        .GroupBy(source => source.Room)
        .ToDictionary(room => room.Key, room => room.SelectMany(source => source.Named).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);

    private static List<(string Room, string Folder, IReadOnlyList<string> Named)> Sources()
    {
        var sources = new List<(string, string, IReadOnlyList<string>)>();
        var top = Path.Join(Golden.SourceRoot, "src");
        foreach (var path in Directory.EnumerateFiles(top, "*.cs", SearchOption.AllDirectories).Where(path => !Built().IsMatch(path)))
        {
            var text = File.ReadAllText(path);
            if (Namespace().Match(text) is { Success: true } room)
            {
                var folder = Path.GetRelativePath(top, Path.GetDirectoryName(path)!).Replace(Path.DirectorySeparatorChar, '.');
                sources.Add((room.Groups[1].Value, folder, [.. Using().Matches(text).Select(named => named.Groups[1].Value)]));
            }
        }

        return sources;
    }

    [GeneratedRegex(@"[/\\](obj|bin)[/\\]")]
    private static partial Regex Built();

    [GeneratedRegex(@"^namespace (WorktreeMcp[\w.]*)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (?:static )?(WorktreeMcp[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Using();
}
