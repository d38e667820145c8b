using Events.Application.Contracts;
using Events.EventStore.Postgres;
using Npgsql;

namespace Events.EventStore.Projections;

/// <param name="At">When it was asked for, by the clock's ticks; null for nothing that was read.</param>
internal sealed record PausedReading(IReadOnlySet<string> Checkpoints, long? At);

/// <summary>
/// Which views stand still because somebody said so, on whichever host: no signal tells the others. One reading is for all loops
/// of this host.
/// </summary>
internal sealed class PausedViews(Database database, TimeProvider time)
{
    /// <summary>With the pause of a loop that waits, every host has heard of it within two seconds.</summary>
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(1);

    private const string Read = "select checkpoint from events_own.view_control where is_paused";

    private volatile PausedReading _newest = new(new HashSet<string>(), null);
    private int _isReading;

    /// <summary>
    /// At most a second old, or while another loop reads, the one before: who waited for a PostgreSQL that hangs would do so in
    /// turn.
    /// </summary>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    public async ValueTask<PausedReading> ReadAsync(CancellationToken cancellationToken)
    {
        PausedReading known = _newest;
        if ((known.At is { } at && time.GetElapsedTime(at) < ReadEvery) || Interlocked.Exchange(ref _isReading, 1) == 1)
        {
            return known;
        }

        try
        {
            PausedReading read = await ReadNowAsync(cancellationToken);
            _newest = read;
            return read;
        }
        finally
        {
            Volatile.Write(ref _isReading, 0);
        }
    }

    private Task<PausedReading> ReadNowAsync(CancellationToken cancellationToken)
    {
        long at = time.GetTimestamp();
        return database.ReadAsync(
            async (connection, token) =>
            {
                await using NpgsqlCommand command = new(Read, connection);
                await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                HashSet<string> checkpoints = new(StringComparer.Ordinal);
                while (await reader.ReadAsync(token))
                {
                    checkpoints.Add(reader.GetString(0));
                }

                return new PausedReading(checkpoints, at);
            },
            cancellationToken);
    }
}
