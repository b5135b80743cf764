namespace WorktreeMcp.Server.Mcp.Stdio;

/// <summary>The descriptors 0 and 1, without buffers of their own.</summary>
public static class StandardStreams
{
    /// <summary>Opens stdin.</summary>
    /// <returns>The stream; closing it leaves the descriptor open.</returns>
    public static Stream Input() => new DescriptorStream(0);

    /// <summary>Opens stdout.</summary>
    /// <returns>The stream; closing it leaves the descriptor open.</returns>
    public static Stream Output() => new DescriptorStream(1);

    /// <summary>Whether there is a stderr: what is written to its number may else go into any file.</summary>
    public static bool HasError => DescriptorStream.IsInherited(2);

    /// <summary>Writes a line to stderr without anything that would have to be loaded first.</summary>
    public static async Task TellError(string line)
    {
        if (HasError)
        {
            using var error = new DescriptorStream(2);
            await error.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"worktree-mcp: {line}\n"));
        }
    }
}
