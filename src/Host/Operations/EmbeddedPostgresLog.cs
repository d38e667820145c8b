using System.Text;

namespace Events.Host.Operations;

/// <summary>
/// PostgreSQL's own words, in a file of bounded size beside one older file. Never holds PostgreSQL up: what cannot be written
/// is dropped.
/// </summary>
internal sealed class EmbeddedPostgresLog(string path)
{
    /// <summary>Weeks of a quiet server, or a good look at a noisy one; twice that lies on disk.</summary>
    private const long FileBytesMax = 4 * 1024 * 1024;

    /// <summary>Enough to see why a start failed.</summary>
    private const int LastLinesMax = 12;

    private const int LineCharactersMax = 400;

    /// <summary>It may quote statements, and those hold data.</summary>
    private static readonly FileStreamOptions AppendPrivately = new()
    {
        Mode = FileMode.Append,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    private readonly Queue<string> _last = new();
    private readonly Lock _gate = new();

    public string FilePath => path;

    /// <summary>The newest lines, oldest first.</summary>
    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (_gate)
            {
                return [.. _last];
            }
        }
    }

    /// <summary>Takes lines until the stream ends.</summary>
    public async Task PumpAsync(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        try
        {
            while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
            {
                Take(line);
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or OperationCanceledException)
        {
            Take($"(end of log: {failure.Message})");
        }
    }

    private void Take(string line)
    {
        lock (_gate)
        {
            _last.Enqueue(line.Length <= LineCharactersMax ? line : line[..LineCharactersMax]);
            if (_last.Count > LastLinesMax)
            {
                _last.Dequeue();
            }

            Write(line);
        }
    }

    private void Write(string line)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > FileBytesMax })
            {
                File.Move(path, path + ".1", overwrite: true);
            }

            using var file = new FileStream(path, AppendPrivately);
            file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _last.Enqueue($"(not written to {path}: {failure.Message})");
        }
    }
}
