using System.Text.Json.Nodes;
using static WorktreeMcp.EndToEnd.Tests.Planted.Plants;

namespace WorktreeMcp.EndToEnd.Tests.Planted;

/// <summary>Settings by which git would run a program, by who would run it.</summary>
internal static class PlantedPrograms
{
    internal static IReadOnlyDictionary<string, Action<PlantedRepository>> All { get; } = new Dictionary<string, Action<PlantedRepository>>
    {
        ["a filter of the repository"] = p => Filter(p, "plant", "clean"),
        ["a smudge filter of the repository"] = p => Filter(p, "plant", "smudge"),
        ["a filter process of the repository"] = p => Filter(p, "plant", "process"),
        ["a filter whose name holds an equals sign"] = p => Filter(p, "pl=ant", "clean"),
        ["a filter that an included file sets"] = p =>
        {
            Track(p, ".gitattributes", "*.txt filter=plant\n*.md filter=plant\n");
            File.WriteAllText(Path.Join(p.Repo.Root, ".git", "more"), $"[filter \"plant\"]\n\tclean = \"{p.Program("included")}\"\n\tsmudge = \"{p.Program("included")}\"\n");
            p.Repo.Git("config", "includeIf.onbranch:**.path", "more");
        },
        ["a merge driver whose name holds an equals sign"] = p =>
        {
            p.Repo.Git("config", "merge.pl=ant.driver", $"{p.Program("driver")} %A");
            Track(p, ".gitattributes", "* merge=pl=ant\n");
        },
        ["programs that show differences"] = p =>
        {
            p.Repo.Git("config", "diff.external", p.ProgramFile("external"));
            p.Repo.Git("config", "diff.plant.textconv", p.ProgramFile("textconv"));
            p.Repo.Git("config", "diff.plant.command", p.ProgramFile("command"));
            Track(p, ".gitattributes", "*.txt diff=plant\n*.md diff=plant\n");
        },
        ["programs beside git"] = p =>
        {
            foreach (var key in new[] { "core.fsmonitor", "core.sshCommand", "core.editor", "sequence.editor", "core.pager", "gpg.program", "gpg.ssh.program", "credential.helper", "core.alternateRefsCommand", "trailer.plant.command" })
            {
                p.Repo.Git("config", key, p.ProgramFile(key));
            }

            p.Repo.Git("config", "commit.gpgSign", "true");
            p.Repo.Git("config", "log.showSignature", "true");
        },
        ["hooks"] = p => Hooks(p, Path.Join(p.Repo.Root, ".git", "hooks")),
        ["hooks elsewhere"] = p =>
        {
            Hooks(p, Path.Join(p.Repo.Root, "hooks"));
            p.Repo.Git("config", "core.hooksPath", "hooks");
        },
    };
}
