using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>
/// Reads facts and hashes them, on a connection and a thread of its own, so that two lanes keep two cores busy while a third
/// hand compares.
/// </summary>
internal sealed class FactLane(string connectionString) : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection = new(connectionString);
    private readonly StoredRows _rows = new();
    private readonly LeafForm _form = new();

    /// <summary>Leaf hashes of the facts behind one position up to another. One call at a time.</summary>
    public Task<List<(long Seq, TreeHash Leaf)>> ReadAsync(
        long after, long upTo, int countMax, CancellationToken cancellationToken) =>
        Task.Run(() => ReadHereAsync(after, upTo, countMax, cancellationToken), cancellationToken);

    /// <summary>The hash of one fact; one that no sealed fact has if it cannot be hashed.</summary>
    public static TreeHash HashOf(LeafForm form, in LeafRow row)
    {
        try
        {
            return form.HashOf(row);
        }
        catch (RefusedJsonException)
        {
            // No fact that was sealed is like that, so this differs from every hash there is.
            return default;
        }
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    private async Task<List<(long Seq, TreeHash Leaf)>> ReadHereAsync(
        long after, long upTo, int countMax, CancellationToken cancellationToken)
    {
        if (_connection.State == System.Data.ConnectionState.Closed)
        {
            await _connection.OpenAsync(cancellationToken);
        }

        List<(long Seq, TreeHash Leaf)> facts = [];
        await _rows.ReadAsync(
            _connection,
            after,
            upTo,
            countMax,
            (in LeafRow row) => facts.Add((row.SeqId, HashOf(_form, row))),
            cancellationToken);
        return facts;
    }
}
