using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using WorktreeMcp.Domain.Refusals;
using WorktreeMcp.Web.Wire;

namespace WorktreeMcp.Web.Api;

/// <summary>How answers leave: JSON, and a refusal with what is the case and what can be done.</summary>
internal static class Answers
{
    private const string Json = "application/json; charset=utf-8";
    private const int MarkBytes = 12;

    /// <summary>Asks the domain on a thread that may block, and answers.</summary>
    /// <typeparam name="T">What is answered.</typeparam>
    /// <param name="context">The request.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="ask">The question.</param>
    internal static async Task Of<T>(HttpContext context, JsonTypeInfo<T> type, Func<T> ask)
    {
        try
        {
            var bytes = await Task.Run(() => JsonSerializer.SerializeToUtf8Bytes(ask(), type), context.RequestAborted);
            if (context.Request.Method == "GET")
            {
                // Whoever has exactly this already is told so in a few bytes.
                var mark = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, MarkBytes))}\"";
                context.Response.Headers.ETag = mark;
                if (context.Request.Headers.IfNoneMatch is [{ } known] && known == mark)
                {
                    context.Response.StatusCode = StatusCodes.Status304NotModified;
                    return;
                }
            }

            context.Response.ContentType = Json;
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
        catch (Refusal refusal)
        {
            await Refused(context, StatusOf(refusal.Code), PageWords.Word(refusal.Code), refusal.Message, PageWords.Of(refusal.Hint));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException && !context.Response.HasStarted)
        {
            await Refused(context, StatusCodes.Status500InternalServerError, "internal", fault.Message, "Try again; worktree-mcp doctor says more.");
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for the answer any more.
        }
    }

    /// <summary>Reads what is to be changed; anything else than the JSON that belongs there is refused.</summary>
    /// <typeparam name="T">What is read.</typeparam>
    /// <param name="context">The request.</param>
    /// <param name="type">How it is read.</param>
    /// <returns>What was sent, or null once it was refused.</returns>
    internal static async Task<T?> Read<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            if (await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted) is { } sent)
            {
                return sent;
            }

            await Refused(context, StatusCodes.Status400BadRequest, "invalid_argument", "The body is null.", "Reload the page.");
        }
        catch (JsonException fault)
        {
            await Refused(context, StatusCodes.Status400BadRequest, "invalid_argument", $"The body is not what belongs there: {fault.Message}", "Reload the page.");
        }
        catch (BadHttpRequestException fault)
        {
            context.Response.Headers.Connection = "close";
            await Refused(context, fault.StatusCode, "invalid_argument", fault.StatusCode == StatusCodes.Status413PayloadTooLarge ? "That is too long." : "The body cannot be read.", "Shorten it.");
        }

        return null;
    }

    /// <summary>Refuses.</summary>
    internal static async Task Refused(HttpContext context, int status, string code, string message, string hint)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Json;
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(new RefusedReply(code, message, hint), PageJson.Default.RefusedReply), context.RequestAborted);
    }

    /// <summary>Says that nothing is there.</summary>
    internal static Task NotFound(HttpContext context) => Refused(context, StatusCodes.Status404NotFound, "not_found", "Nothing is there.", "Go back to the board.");

    private static int StatusOf(RefusalCode code) => code switch
    {
        RefusalCode.InvalidArgument => StatusCodes.Status400BadRequest,
        RefusalCode.NotFound => StatusCodes.Status404NotFound,
        RefusalCode.Internal or RefusalCode.GitFailed or RefusalCode.CorruptFile => StatusCodes.Status500InternalServerError,
        RefusalCode.Busy => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status409Conflict,
    };
}
