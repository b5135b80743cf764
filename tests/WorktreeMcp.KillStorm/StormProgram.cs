namespace WorktreeMcp.KillStorm;

/// <summary>What the command line does; tests call it too.</summary>
public static class StormProgram
{
    private const int UsageError = 2;

    /// <summary>Runs a storm or the races.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="output">Where the report goes; its last line is the result.</param>
    /// <returns>0 if all held, 1 if not, 2 for a faulty command line.</returns>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output)
    {
        if (StormOptions.Parse(arguments) is not { } options)
        {
            output.WriteLine(StormOptions.Usage);
            return UsageError;
        }

        var held = options.Races ? new Races(options, output).Run() : new Storm(options, output).Run();
        return held ? 0 : 1;
    }
}
