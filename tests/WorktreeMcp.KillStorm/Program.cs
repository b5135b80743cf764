using WorktreeMcp.KillStorm;

return WorktreeMcp.KillStorm.StormProgram.Run(args, Console.Out);
