using System.Reflection;
using System.Text.RegularExpressions;
using WorktreeMcp.Domain;
using WorktreeMcp.Server.Mcp;
using WorktreeMcp.TestKit;
using WorktreeMcp.Web;

namespace WorktreeMcp.Server.Tests;

/// <summary>
/// The walls of the house: which room names which, in <c>src/arrows.txt</c>. A new arrow is a line in a review. A room within another one names what
/// lies in that anyway, so only using lines count.
/// </summary>
public sealed partial class HouseTests
{
    private const string Arrows = "src/arrows.txt";
    private const int MostLines = 380;

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
    public void No_type_is_named_twice_in_the_projects()
    {
        var names = new[] { typeof(Repository).Assembly, typeof(PageServer).Assembly, typeof(ServerSettings).Assembly }
            .SelectMany(assembly => assembly.GetTypes().Where(type => !type.IsNested && type.Namespace?.StartsWith("WorktreeMcp", StringComparison.Ordinal) == true).Select(type => type.Name));

        names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key).Should().BeEmpty();
    }

    [Fact]
    public void The_domain_names_no_tool()
    {
        var names = new Regex($@"\b({string.Join('|', ToolList.Names)})\b");

        string.Join('\n', Files("src/WorktreeMcp.Domain").Where(path => names.IsMatch(File.ReadAllText(path)))).Should().BeEmpty("a step is a value there, and Wire has the words");
    }

    [Fact]
    public void A_change_begins_with_what_is_half_done_unless_its_call_has_settled_that()
    {
        string.Join('\n', Files("src/WorktreeMcp.Domain/Worktrees").Where(path => Begun().IsMatch(File.ReadAllText(path)))).Should().BeEmpty("a call about worktrees begins by ISettling, and goes on by the store");

        Files("src").Where(path => Continued().IsMatch(File.ReadAllText(path))).Select(path => Path.GetRelativePath(Path.Join(Golden.SourceRoot, "src", "WorktreeMcp.Domain"), path).Split(Path.DirectorySeparatorChar)[0])
            .Should().OnlyContain(room => room == "Worktrees" || room == "Spares" || room == "Doctor", "whoever else changes state begins with what is half-done");
    }

    [Fact]
    public void Only_the_store_reaches_its_files()
    {
        var others = Files("src").Where(path => !path.StartsWith(Path.Join(Golden.SourceRoot, "src", "WorktreeMcp.Domain", "Storage"), StringComparison.Ordinal));

        string.Join('\n', others.Where(path => Reached().IsMatch(File.ReadAllText(path)))).Should().BeEmpty("what lies on the disk is asked of StateOnDisk, and what is no state is written by a disk of one's own");
    }

    [Fact]
    public void What_is_public_in_the_domain_is_used_outside_of_it()
    {
        var types = typeof(Repository).Assembly.GetExportedTypes().Where(type => !type.IsNested).ToList();
        var words = new[] { "src/WorktreeMcp.Server", "src/WorktreeMcp.Web", "bench", "tests/WorktreeMcp.TestKit", "tests/WorktreeMcp.KillStorm", "tests/WorktreeMcp.EchoServer", "tests/WorktreeMcp.EndToEnd.Tests", "tests/WorktreeMcp.Server.Tests" }
            .SelectMany(Files).SelectMany(path => Word().Matches(File.ReadAllText(path))).Select(word => word.Value).ToHashSet(StringComparer.Ordinal);

        // An exception passes whoever does not name it.
        var used = types.Where(type => words.Contains(type.Name.Split('`')[0]) || type.IsSubclassOf(typeof(Exception))).ToHashSet();
        var open = new Stack<Type>(used);
        while (open.TryPop(out var type))
        {
            // What a public type shows cannot be hidden.
            foreach (var shown in Shown(type).Where(shown => types.Contains(shown) && used.Add(shown)))
            {
                open.Push(shown);
            }
        }

        string.Join('\n', types.Except(used).Select(type => type.FullName)).Should().BeEmpty();
    }

    [Fact]
    public void No_file_grows_past_what_one_can_read_at_once() =>
        new[] { "src", "tests", "bench" }.SelectMany(Files).Where(path => File.ReadLines(path).Count() > MostLines).Select(Path.GetFileName).Should().BeEmpty("the design has drifted: move the wall");

    private static IEnumerable<Type> Shown(Type type)
    {
        const BindingFlags Open = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var methods = type.GetMethods(Open).Where(method => method.IsPublic || method.IsFamily).ToList();
        return methods.Select(method => method.ReturnType)
            .Concat(methods.Cast<MethodBase>().Concat(type.GetConstructors(Open).Where(made => made.IsPublic)).SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType)))
            .Concat(type.GetNestedTypes().SelectMany(Shown)).Concat(type.GetInterfaces()).Append(type.BaseType ?? typeof(object))
            .SelectMany(Whole);

        static IEnumerable<Type> Whole(Type type) => type.HasElementType ? Whole(type.GetElementType()!)
            : type.IsGenericType ? type.GetGenericArguments().SelectMany(Whole).Append(type.GetGenericTypeDefinition())
            : [type.DeclaringType ?? type];
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Join(Golden.SourceRoot, folder), "*.cs", SearchOption.AllDirectories).Where(path => !Built().IsMatch(path));

    private static string Short(string room) => room[(room.IndexOf('.', StringComparison.Ordinal) + 1)..];

    private static Dictionary<string, HashSet<string>> Rooms() => Sources()
        .GroupBy(source => source.Room)
        .ToDictionary(room => room.Key, room => room.SelectMany(source => source.Named).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);

    private static List<(string Room, string Folder, IReadOnlyList<string> Named)> Sources()
    {
        var sources = new List<(string, string, IReadOnlyList<string>)>();
        var top = Path.Join(Golden.SourceRoot, "src");
        foreach (var path in Files("src"))
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

    [GeneratedRegex(@"[sS]tore\.Begin\(")]
    private static partial Regex Begun();

    [GeneratedRegex(@"[sS]tore\.(Log|TaskFiles|IndexFile|Folders|Rotation|Disk|Files)\b")]
    private static partial Regex Reached();

    [GeneratedRegex(@"[sS]tore\.Continue\(")]
    private static partial Regex Continued();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"^namespace (WorktreeMcp[\w.]*)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (?:static )?(WorktreeMcp[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Using();
}
