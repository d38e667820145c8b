using System.Buffers;
using System.Text;
using System.Text.Json;
using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.EventStore.Personal;
using Events.EventStore.Postgres;
using Events.EventStore.Reading;
using Npgsql;

namespace Events.EventStore.Appending;

/// <summary>The door for writing; one per process.</summary>
internal sealed class EventStore(
    Database database,
    EventCatalogue catalogue,
    PersonalBodies personal,
    AppendLane lane,
    TurnPerStream turns,
    RememberedStates remembered,
    TimeProvider time)
    : IEventStore
{
    public IStreams For(Origin origin) =>
        new Streams(database, catalogue, personal, lane, turns, remembered, time, origin, OriginText.Of(origin));
}

internal static class OriginText
{
    /// <summary>In characters, of each text of an origin. Ids and account names; not messages.</summary>
    private const int LengthMax = 500;

    /// <summary>In bytes of JSON. Headers are stored beside every fact.</summary>
    private const int HeaderBytesMax = 8 * 1024;

    /// <exception cref="ArgumentException">A text is too long, or PostgreSQL cannot hold it.</exception>
    public static OriginRow Of(Origin origin)
    {
        Check(origin.UserName, nameof(origin.UserName));
        Check(origin.CorrelationId, nameof(origin.CorrelationId));
        Check(origin.CausationId ?? "", nameof(origin.CausationId));
        return new OriginRow(origin.UserName, origin.CorrelationId, origin.CausationId, Json(origin.Headers));
    }

    private static void Check(string text, string name)
    {
        if (text.Length > LengthMax || !StorableText.IsStorable(text))
        {
            throw new ArgumentException($"{name} has at most {LengthMax} characters, none of them NUL or half a pair.");
        }
    }

    private static string Json(IReadOnlyDictionary<string, string> headers)
    {
        if (headers.Count == 0)
        {
            return "{}";
        }

        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            foreach ((string name, string value) in headers)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenCount <= HeaderBytesMax && StorableText.IsStorableJson(buffer.WrittenSpan)
            ? Encoding.UTF8.GetString(buffer.WrittenSpan)
            : throw new ArgumentException($"Headers have at most {HeaderBytesMax} bytes of JSON and no NUL.");
    }
}

/// <summary>
/// Load, decide, append. Each attempt reads the stream up to its end: a decision, a refusal too, is never made on what was there
/// a moment ago. The beginning of a long stream may be known from the last time.
/// </summary>
internal sealed class Streams(
    Database database,
    EventCatalogue catalogue,
    PersonalBodies personal,
    AppendLane lane,
    TurnPerStream turns,
    RememberedStates remembered,
    TimeProvider time,
    Origin origin,
    OriginRow row)
    : IStreams
{
    /// <summary>
    /// Only other nodes can conflict (this one's callers take turns); five of them in a row are a fault elsewhere.
    /// </summary>
    private const int AttemptsMax = 5;

    private const string ReadFacts =
        "select version, type, data, seq_id, id from events.mt_events where stream_id = $1 and version >= $2 order by version";

    public async Task<TState> LoadAsync<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider, string key, CancellationToken cancellationToken)
        where TEvent : class =>
        (await FoldAsync(decider, StreamId(decider.Category, key), cancellationToken)).State;

    /// <remarks>
    /// Accepted without facts gives position 0: there is nothing of this call to wait for. The facts that made the command
    /// "already so" may be newer than the views; a caller that must see them waits for the log's head.
    /// </remarks>
    public async Task<Transacted<TState, TEvent>> TransactAsync<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider, string key, TCommand command, CancellationToken cancellationToken)
        where TEvent : class
    {
        string streamId = StreamId(decider.Category, key);
        using IDisposable turn = await turns.TakeAsync(streamId, cancellationToken);
        for (int attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            (TState state, long version) = await FoldAsync(decider, streamId, cancellationToken);
            Decision<TEvent> decision = decider.Decide(state, command, time.GetUtcNow());
            if (decision is not Decision<TEvent>.Accepted { Facts: { Count: > 0 } facts })
            {
                return new Transacted<TState, TEvent>(state, version, 0, decision);
            }

            Origin hidden = await personal.SealAsync(origin, time.GetUtcNow(), cancellationToken);
            PendingAppend append = PendingAppend.Create(
                catalogue,
                decider.Category,
                streamId,
                ExpectedVersion.Exactly(version),
                facts,
                ReferenceEquals(hidden, origin) ? row : OriginText.Of(hidden));
            await personal.SealAsync(append.Facts, cancellationToken);
            AppendOutcome outcome = await lane.AppendAsync(append, cancellationToken);
            if (!outcome.IsConflict)
            {
                TState after = facts.Aggregate(state, decider.Evolve);
                return new Transacted<TState, TEvent>(after, outcome.Version, outcome.Position, decision);
            }

            Measures.Conflicts.Add(1);
        }

        throw new TimeoutException($"Others changed {streamId} {AttemptsMax} times while this command was being decided.");
    }

    private static string StreamId(string category, string key) => $"{category}-{key}";

    private async Task<(TState State, long Version)> FoldAsync<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider, string streamId, CancellationToken cancellationToken)
        where TEvent : class
    {
        if (!StorableText.IsStorable(streamId))
        {
            return (decider.Initial, 0);
        }

        if (remembered.Find(streamId, decider) is { } known)
        {
            if (await FoldFromAsync(decider, streamId, known, cancellationToken) is { } newer)
            {
                return newer;
            }

            // The log was set back, or is another one: what is remembered of it never was.
            remembered.Forget(streamId);
        }

        return await FoldFromAsync(decider, streamId, null, cancellationToken) ?? (decider.Initial, 0);
    }

    /// <returns>Null when the stream has nothing, or not what is known of it.</returns>
    private Task<(TState State, long Version)?> FoldFromAsync<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider, string streamId, RememberedState? known, CancellationToken cancellationToken)
        where TEvent : class =>
        database.ReadAsync<(TState State, long Version)?>(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = new(ReadFacts, connection)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<string> { TypedValue = streamId },
                        new NpgsqlParameter<long> { TypedValue = known?.Version ?? 0 },
                    },
                };
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                if (!await reader.ReadAsync(token)
                    || (known is not null && (reader.GetInt64(0) != known.Version || reader.GetGuid(4) != known.LastId)))
                {
                    return null;
                }

                TState state = known is null ? decider.Initial : (TState)known.State;
                bool isPersonal = false;
                bool isMore = known is null || await reader.ReadAsync(token);
                (long version, Guid lastId) = (known?.Version ?? 0, known?.LastId ?? default);
                for (; isMore; isMore = await reader.ReadAsync(token))
                {
                    (version, lastId) = (reader.GetInt64(0), reader.GetGuid(4));
                    string alias = reader.GetString(1);
                    isPersonal |= catalogue.Find(alias) is { Personal.Count: > 0 };
                    byte[] data = personal.Open(alias, lastId, reader.GetFieldValue<byte[]>(2), reader.GetInt64(3));
                    // Facts of types that only a newer program knows leave the state as it is.
                    if (Body.Read(catalogue, alias, data, reader.GetInt64(3)) is TEvent fact)
                    {
                        state = decider.Evolve(state, fact);
                    }
                }

                if (isPersonal)
                {
                    remembered.Forget(streamId);
                }
                else
                {
                    remembered.Keep(streamId, new RememberedState(decider, state!, version, lastId));
                }

                return (state, version);
            },
            cancellationToken);
}
