using System.Text;
using System.Text.RegularExpressions;

namespace WorktreeMcp.Domain.Board;

/// <summary>Which files a scope names: <c>*</c> and <c>?</c> within a name, <c>**</c> across folders; a folder names all below it.</summary>
internal static class ScopeGlobs
{
    /// <summary>The paths that none of the globs names; none where there is no scope.</summary>
    internal static IReadOnlyList<string> Outside(IReadOnlyList<string> scope, IEnumerable<string> paths)
    {
        if (scope.Count == 0)
        {
            return [];
        }

        // Without backtracking no glob takes long.
        var all = scope.Select(glob => new Regex($"\\A{Pattern(glob.TrimEnd('/'))}(/.*)?\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline)).ToList();
        return [.. paths.Where(path => !all.Exists(one => one.IsMatch(path)))];
    }

    private static string Pattern(string glob)
    {
        var pattern = new StringBuilder();
        for (var at = 0; at < glob.Length; at++)
        {
            if (glob.AsSpan(at).StartsWith("**/"))
            {
                pattern.Append("(.*/)?");
                at += 2;
            }
            else if (glob.AsSpan(at).StartsWith("**"))
            {
                pattern.Append(".*");
                at++;
            }
            else
            {
                pattern.Append(glob[at] switch { '*' => "[^/]*", '?' => "[^/]", var letter => Regex.Escape(letter.ToString()) });
            }
        }

        return pattern.ToString();
    }
}
