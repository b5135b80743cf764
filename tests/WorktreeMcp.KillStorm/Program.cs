using WorktreeMcp.KillStorm;

if (StormOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine(StormOptions.Usage);
    return 2;
}

return (options.Races ? new Races(options, Console.Out).Run() : new Storm(options, Console.Out).Run()) ? 0 : 1;
