using System.Text;

namespace WorktreeMcp.Bench;

/// <summary>Boards written as files in the documented format: 10,000 calls would take longer than all measurements.</summary>
internal static class Boards
{
    private static readonly string[] Priorities = ["normal", "normal", "high", "low"];

    internal static void WriteTasks(string root, int count)
    {
        var folder = Directory.CreateDirectory(Path.Join(root, ".tasks")).FullName;
        for (var id = 1; id <= count; id++)
        {
            // A third is done, and each tenth waits for the one before it, as on a board that has been used.
            var status = id % 3 == 0 ? "completed" : "pending";
            var blockedBy = id % 10 == 0 ? $"{id - 1}" : string.Empty;
            File.WriteAllText(Path.Join(folder, $"task_{id}.json"), $$"""
                {
                  "id": {{id}},
                  "subject": "Task number {{id}} of a board that was generated",
                  "description": "{{string.Concat(Enumerable.Repeat("What is to be done, where, and how to tell that it is done. ", 4))}}",
                  "status": "{{status}}",
                  "owner": null,
                  "worktree": null,
                  "worktree_state": null,
                  "blocked_by": [{{blockedBy}}],
                  "priority": "{{Priorities[id % 4]}}",
                  "labels": ["generated"],
                  "attention": "none",
                  "lease_until": null,
                  "epoch": 0,
                  "notes": [],
                  "revision": 1,
                  "created_at": 1730000000.123,
                  "updated_at": 1730000000.123
                }

                """);
        }
    }

    /// <summary>Writes an event log; returns its size in bytes.</summary>
    internal static long WriteEvents(string root, int count)
    {
        var path = Path.Join(Directory.CreateDirectory(Path.Join(root, ".worktrees")).FullName, "events.jsonl");
        using (var log = new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 20) { NewLine = "\n" })
        {
            for (var seq = 1; seq <= count; seq++)
            {
                var id = 1 + (seq % 5_000);
                log.WriteLine($$$"""{"event":"worktree.create.after","task":{"id":{{{id}}},"status":"in_progress"},"worktree":{"name":"work-{{{id}}}","status":"active"},"ts":1730000000.5,"seq":{{{seq}}},"by":"agent-{{{seq % 7}}}"}""");
            }
        }

        return new FileInfo(path).Length;
    }
}
