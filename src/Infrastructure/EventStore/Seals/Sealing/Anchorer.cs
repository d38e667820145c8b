using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Events.EventStore.Postgres;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Events.EventStore.Seals.Sealing;

/// <summary>
/// Shows the newest head outside, at intervals. A place that does not take it gets the then newest one at the next interval;
/// sealing goes on meanwhile.
/// </summary>
internal sealed partial class Anchorer(
    Database database, SealOptions options, SealGate gate, TimeProvider time, ILogger<Anchorer> logger) : BackgroundService
{
    public const string FileSink = "file";
    public const string WebhookSink = "webhook";

    /// <summary>In bytes, of an answer that is kept as a receipt.</summary>
    private const int ReceiptBytesMax = 64 * 1024;

    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, string> _troubles = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        AnchorOptions anchors = options.Anchors;
        if (anchors.Folder is null && anchors.Webhook is null)
        {
            return;
        }

        // A redirect would show the head, and our signature, to somebody else.
        using HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
        {
            Timeout = AnswerTimeMax,
        };
        try
        {
            while (true)
            {
                await AnchorAsync(anchors, http, stoppingToken);
                await Task.Delay(anchors.Interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was not shown is shown after the next start.
        }
    }

    private async Task AnchorAsync(AnchorOptions anchors, HttpClient http, CancellationToken cancellationToken)
    {
        // Of a log that was set back nothing is shown until somebody said what is to become of it.
        StoredHead? head = gate.Why is null ? await NewestAsync(cancellationToken) : null;
        if (head is null)
        {
            return;
        }

        if (anchors.Folder is { } folder)
        {
            await ShowAsync(FileSink, head, async () =>
            {
                await new AnchorFolder(folder).AppendAsync(head.Note, time.GetUtcNow(), cancellationToken);
                return null;
            }, cancellationToken);
        }

        if (anchors.Webhook is { } address)
        {
            await ShowAsync(
                WebhookSink,
                head,
                () => PostAsync(http, address, anchors.WebhookSecret, head, cancellationToken),
                cancellationToken);
        }
    }

    private async Task<StoredHead?> NewestAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await database.ReadAsync(
                (connection, token) => new SealTables(connection).NewestHeadAsync(token), cancellationToken);
        }
        catch (Exception away) when (Failure.IsAway(away))
        {
            // The sealer says so.
            return null;
        }
    }

    private async Task ShowAsync(
        string sink, StoredHead head, Func<Task<byte[]?>> show, CancellationToken cancellationToken)
    {
        try
        {
            if (await StateAsync(sink, head.Size, cancellationToken) == "done")
            {
                return;
            }

            byte[]? receipt = await show();
            await NoteAsync(sink, head.Size, "done", receipt, cancellationToken);
            _troubles.Remove(sink);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or HttpRequestException
            or TaskCanceledException or Application.Contracts.DependencyUnavailableException
            && !cancellationToken.IsCancellationRequested)
        {
            Measures.AnchorsFailed.Add(1);
            if (_troubles.GetValueOrDefault(sink) != failed.Message)
            {
                _troubles[sink] = failed.Message;
                LogFailed(sink, failed.Message);
            }

            await NoteFailureAsync(sink, head.Size, cancellationToken);
        }
    }

    private async Task NoteFailureAsync(string sink, long size, CancellationToken cancellationToken)
    {
        try
        {
            await NoteAsync(sink, size, "failed", null, cancellationToken);
        }
        catch (Application.Contracts.DependencyUnavailableException)
        {
            // The failure is in the log of the program, and the next interval tries again.
        }
    }

    /// <returns>What was answered.</returns>
    private static async Task<byte[]?> PostAsync(
        HttpClient http, Uri address, string? secret, StoredHead head, CancellationToken cancellationToken)
    {
        byte[] note = Encoding.UTF8.GetBytes(head.Note);
        using HttpRequestMessage request = new(HttpMethod.Post, address) { Content = new ByteArrayContent(note) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/plain", "utf-8");
        request.Headers.TryAddWithoutValidation(
            "Idempotency-Key", string.Create(CultureInfo.InvariantCulture, $"{head.Note.Split('\n', 2)[0]}:{head.Size}"));
        if (secret is not null)
        {
            request.Headers.TryAddWithoutValidation(
                "X-Events-Signature",
                "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), note)));
        }

        using HttpResponseMessage response = await http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        byte[] receipt = new byte[ReceiptBytesMax];
        int read = await stream.ReadAtLeastAsync(receipt, receipt.Length, throwOnEndOfStream: false, cancellationToken);
        return read == 0 ? null : receipt[..read];
    }

    private Task<string?> StateAsync(string sink, long size, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = new(
                    "select state from events_own.audit_anchor where size = $1 and sink = $2", connection)
                {
                    Parameters = { new() { Value = size }, new() { Value = sink } },
                };
                return (string?)await command.ExecuteScalarAsync(token);
            },
            cancellationToken);

    private Task<int> NoteAsync(string sink, long size, string state, byte[]? receipt, CancellationToken cancellationToken) =>
        database.UseAsync(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = new(
                    """
                    insert into events_own.audit_anchor (size, sink, state, receipt) values ($1, $2, $3, $4)
                    on conflict (size, sink) do update set state = excluded.state
                    """,
                    connection)
                {
                    Parameters =
                    {
                        new() { Value = size },
                        new() { Value = sink },
                        new() { Value = state },
                        new() { Value = (object?)receipt ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bytea },
                    },
                };
                return await command.ExecuteNonQueryAsync(token);
            },
            cancellationToken);

    [LoggerMessage(EventId = 4504, Level = LogLevel.Warning, Message = "The newest head could not be shown to {Sink}: {Why}")]
    private partial void LogFailed(string sink, string why);
}
