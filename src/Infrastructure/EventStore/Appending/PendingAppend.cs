using System.Text.Json;
using Events.Application;
using Events.EventStore.Postgres;

namespace Events.EventStore.Appending;

/// <summary>One fact, ready to be written.</summary>
/// <param name="Data">The body as JSON text.</param>
internal readonly record struct FactRow(Guid Id, EventType Type, string Data);

/// <summary>Who caused it, ready to be written.</summary>
/// <param name="Headers">A JSON object.</param>
internal sealed record OriginRow(string UserName, string CorrelationId, string? CausationId, string Headers);

/// <summary>What became of one append.</summary>
/// <param name="IsConflict">The stream was not at the expected version; nothing of this append was written.</param>
/// <param name="Version">Of the stream: after the append, or as found when there was a conflict.</param>
/// <param name="Position">Of the last fact written; 0 when there was a conflict.</param>
internal readonly record struct AppendOutcome(bool IsConflict, long Version, long Position);

/// <summary>One caller's append, waiting for its group.</summary>
internal sealed class PendingAppend
{
    /// <summary>A decision is a handful of facts; an import cuts its work into appends of this size.</summary>
    public const int FactCountMax = 1_000;

    /// <summary>Large bodies belong into files: a fact is read again and again by every view and every client.</summary>
    public const int FactBytesMax = 1024 * 1024;

    /// <summary>Sixteen of the largest facts; what one transaction should hold while others wait.</summary>
    public const int AppendBytesMax = 16 * 1024 * 1024;

    /// <summary>In characters. A category, a hyphen and a key; an index entry must stay small.</summary>
    public const int StreamIdLengthMax = 500;

    private const int Waiting = 0;
    private const int Taken = 1;
    private const int Abandoned = 2;

    private readonly TaskCompletionSource<AppendOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _phase = Waiting;

    private PendingAppend(
        string streamId, string category, ExpectedVersion expected, FactRow[] facts, OriginRow origin, int bytes)
    {
        StreamId = streamId;
        Category = category;
        Expected = expected;
        Facts = facts;
        Origin = origin;
        Bytes = bytes;
    }

    public string StreamId { get; }

    public string Category { get; }

    public ExpectedVersion Expected { get; }

    public FactRow[] Facts { get; }

    public OriginRow Origin { get; }

    public int Bytes { get; }

    public Task<AppendOutcome> Outcome => _outcome.Task;

    /// <summary>Checks everything that could fail in PostgreSQL by itself, since there it would fail a whole group.</summary>
    /// <exception cref="ArgumentException">No facts, too many, too large, or text that PostgreSQL cannot hold.</exception>
    public static PendingAppend Create<TEvent>(
        EventCatalogue catalogue,
        string category,
        string streamId,
        ExpectedVersion expected,
        IReadOnlyList<TEvent> facts,
        OriginRow origin)
        where TEvent : class
    {
        CheckStreamId(streamId);
        if (facts.Count is 0 or > FactCountMax)
        {
            throw new ArgumentException($"An append has 1 to {FactCountMax} facts; this one has {facts.Count}.", nameof(facts));
        }

        FactRow[] rows = new FactRow[facts.Count];
        int bytes = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            EventType type = catalogue.Of(facts[i]);
            byte[] body = JsonSerializer.SerializeToUtf8Bytes(facts[i], type.Json);
            CheckBody(body, type, streamId);
            bytes += body.Length;
            rows[i] = new FactRow(Guid.CreateVersion7(), type, System.Text.Encoding.UTF8.GetString(body));
        }

        if (bytes > AppendBytesMax)
        {
            throw new ArgumentException(
                $"The facts of one append to {streamId} have {bytes} bytes; {AppendBytesMax} are allowed.");
        }

        return new PendingAppend(streamId, category, expected, rows, origin, bytes);
    }

    /// <returns>False when the caller no longer waits; the append is then never written.</returns>
    public bool TryTake() => Interlocked.CompareExchange(ref _phase, Taken, Waiting) == Waiting;

    /// <returns>False when it is being written already, and its outcome is still to come.</returns>
    public bool TryAbandon() => Interlocked.CompareExchange(ref _phase, Abandoned, Waiting) == Waiting;

    public void Complete(AppendOutcome outcome) => _outcome.TrySetResult(outcome);

    public void Fail(Exception failure) => _outcome.TrySetException(failure);

    private static void CheckStreamId(string streamId)
    {
        if (streamId.Length is 0 or > StreamIdLengthMax || !StorableText.IsStorable(streamId))
        {
            throw new ArgumentException(
                $"A stream id has 1 to {StreamIdLengthMax} characters, none of them NUL or half a pair.", nameof(streamId));
        }
    }

    private static void CheckBody(byte[] body, EventType type, string streamId)
    {
        if (body.Length > FactBytesMax)
        {
            throw new ArgumentException(
                $"A fact {type.Alias} for {streamId} has {body.Length} bytes; {FactBytesMax} are allowed.");
        }

        if (!StorableText.IsStorableJson(body))
        {
            throw new ArgumentException($"A fact {type.Alias} for {streamId} holds a NUL character, which jsonb cannot store.");
        }
    }
}
