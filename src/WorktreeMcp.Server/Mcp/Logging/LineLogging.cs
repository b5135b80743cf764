using System.Globalization;
using Microsoft.Extensions.Logging;

namespace WorktreeMcp.Server.Mcp.Logging;

/// <summary>Writes each log entry as one line (and its exception below) to one writer, on the thread that logs.</summary>
/// <param name="writer">Where the lines go: stderr.</param>
/// <param name="time">The clock of the entries.</param>
public sealed class LineLogging(TextWriter writer, TimeProvider time) : ILoggerProvider
{
    private readonly Lock _oneLine = new();

    /// <inheritdoc />
    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName);

    /// <inheritdoc />
    public void Dispose()
    {
        // The writer belongs to the caller.
    }

    private void Write(string category, LogLevel level, string message, Exception? exception)
    {
        var at = time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        var text = $"{at} {Word(level)} {category}: {message.ReplaceLineEndings(" ")}";
        text = exception is null ? text : $"{text}{Environment.NewLine}{exception}";
        lock (_oneLine)
        {
            try
            {
                writer.WriteLine(text);
            }
            catch (IOException)
            {
                // A client that closed stderr does not want the log.
            }
        }
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "critical",
    };

    private sealed class LineLogger(LineLogging lines, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lines.Write(category, logLevel, formatter(state, exception), exception);
            }
        }
    }
}
