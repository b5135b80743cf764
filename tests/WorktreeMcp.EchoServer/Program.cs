using System.Collections;
using WorktreeMcp.EchoServer;
using WorktreeMcp.Server;
using WorktreeMcp.Server.Mcp;

var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
    .ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!, StringComparer.Ordinal);
var log = Console.Error;
Console.SetOut(log);
ThreadPool.SetMinThreads(64, 64);
return await ServerProcess.Run(
    ServerSettings.From(variables, Environment.CurrentDirectory), log, EchoTools.Register, CancellationToken.None);
