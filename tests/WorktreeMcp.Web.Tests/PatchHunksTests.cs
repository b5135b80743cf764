using WorktreeMcp.Web.Wire;

namespace WorktreeMcp.Web.Tests;

public sealed class PatchHunksTests
{
    [Fact]
    public void Lines_that_look_like_a_head_belong_to_the_hunk_that_still_owes_them()
    {
        const string Patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@ fn\n a\n--- b\n+++ c\n @@ -9 +9 @@\n@@ -20 +20 @@\n-d\n+e\n\\ No newline at end of file\n";

        var (hunks, binary) = PatchHunks.Of(Patch);

        binary.Should().BeFalse();
        hunks.Select(hunk => (hunk.Old, hunk.New)).Should().Equal((1, 1), (20, 20));
        hunks[0].Lines.Should().Equal(" a", "--- b", "+++ c", " @@ -9 +9 @@");
        hunks[1].Lines.Should().Equal("-d", "+e", "\\ No newline at end of file");
    }

    [Theory]
    [InlineData("Binary files a/x and b/x differ\n", true)]
    [InlineData("", false)]
    [InlineData("@@ -1,x +1 @@\n-a\n", false)]
    [InlineData("similarity index 100%\nrename from a\nrename to b\n", false)]
    public void What_is_no_text_has_no_hunks(string patch, bool isBinary)
    {
        var (hunks, binary) = PatchHunks.Of(patch);

        (hunks.Count, binary).Should().Be((0, isBinary));
    }
}
