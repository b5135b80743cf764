using System.Text.Json.Serialization;
using WorktreeMcp.Domain.Board;
using WorktreeMcp.Domain.Worktrees;
using WorktreeMcp.Domain.Worktrees.Landing;

namespace WorktreeMcp.Server.Wire;

/// <summary>Every type that crosses the wire; a tool's argument or result that is missing here does not work.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(long?))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(TaskState))]
[JsonSerializable(typeof(TaskState?))]
[JsonSerializable(typeof(TaskPriority))]
[JsonSerializable(typeof(TaskPriority?))]
[JsonSerializable(typeof(TaskAttention))]
[JsonSerializable(typeof(TaskAttention?))]
[JsonSerializable(typeof(WorktreeState))]
[JsonSerializable(typeof(WorktreeState?))]
[JsonSerializable(typeof(TaskCreated))]
[JsonSerializable(typeof(PlannedGoal[]))]
[JsonSerializable(typeof(PlanRecorded))]
[JsonSerializable(typeof(TaskListed))]
[JsonSerializable(typeof(TaskShown))]
[JsonSerializable(typeof(TaskUpdated))]
[JsonSerializable(typeof(TaskClaimed))]
[JsonSerializable(typeof(BoardShown))]
[JsonSerializable(typeof(WorktreeMade))]
[JsonSerializable(typeof(WorktreeStepped))]
[JsonSerializable(typeof(WorktreeListed))]
[JsonSerializable(typeof(WorktreeShown))]
[JsonSerializable(typeof(WorktreeGone))]
[JsonSerializable(typeof(WorktreeBack))]
[JsonSerializable(typeof(CommandRan))]
[JsonSerializable(typeof(RunRead))]
[JsonSerializable(typeof(RunStopped))]
[JsonSerializable(typeof(EventsListed))]
[JsonSerializable(typeof(FileShown))]
[JsonSerializable(typeof(FileChanged))]
[JsonSerializable(typeof(DiffFormat))]
[JsonSerializable(typeof(DiffFormat?))]
[JsonSerializable(typeof(LandingStrategy))]
[JsonSerializable(typeof(LandingStrategy?))]
[JsonSerializable(typeof(WorktreeDiffed))]
[JsonSerializable(typeof(WorktreeMerged))]
[JsonSerializable(typeof(ConflictsForetold))]
[JsonSerializable(typeof(DoctorReported))]
[JsonSerializable(typeof(ErrorReply))]
internal sealed partial class WireContext : JsonSerializerContext;
