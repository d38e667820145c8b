using System.Runtime.InteropServices;
using Events.Application.Contracts;
using Events.EventStore.Reading;
using Npgsql;

namespace Events.EventStore.Projections;

/// <summary>
/// Folds the log into one table. The same for the live view and for a rebuild beside it, which is why both give the same rows.
/// </summary>
internal sealed class ViewFolder<TRow>(View<TRow> view, ViewTable<TRow> table, FactPages pages)
    where TRow : class
{
    /// <summary>In facts. A long catch-up writes a row once in this many facts instead of once in each page.</summary>
    private const int UnsavedFactsMax = 50_000;

    private readonly RowCache<TRow> _rows = new();
    private readonly Dictionary<string, RowChange<TRow>> _unsaved = new(StringComparer.Ordinal);
    private IReadOnlySet<long> _parked = ViewControl.None.Parked;
    private Checkpoint _saved;
    private int _unsavedFacts;

    /// <summary>Every fact up to here is folded, though perhaps not saved yet.</summary>
    public long Position { get; private set; }

    /// <summary>Position of the newest fact, when the last page was read.</summary>
    public long HeadSeen { get; private set; }

    /// <summary>The checkpoint in the database; rows and it agree.</summary>
    public long SavedPosition => _saved.Position;

    /// <summary>Whether readers of the table lack something that is folded.</summary>
    public bool HasUnsavedRows => _unsaved.Count > 0;

    /// <summary>Starts from what the database holds, and forgets what was not saved.</summary>
    public async Task LoadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        _saved = await table.ReadCheckpointAsync(connection, cancellationToken) is { TableOid: > 0 } found
            ? found
            : throw new ViewFaultException($"The table or the checkpoint of {view.Name} is gone.");
        _parked = (await ViewControl.LoadAsync(connection, view.Checkpoint, cancellationToken)).Parked;
        Position = _saved.Position;
        _rows.Clear();
        _unsaved.Clear();
        _unsavedFacts = 0;
    }

    /// <summary>Folds one page, and saves when there is nothing more to read or enough to write.</summary>
    /// <returns>Whether the end of the log was reached.</returns>
    /// <exception cref="ViewFaultException">A fact cannot be read or folded. Those before it are saved.</exception>
    /// <exception cref="OtherRunnerException">
    /// Another runner moved the checkpoint. <see cref="LoadAsync"/> goes on from there.
    /// </exception>
    public Task<bool> StepAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        StepAsync(connection, long.MaxValue, StepSize.Whole, cancellationToken);

    /// <summary>The same, as if the log ended at a position.</summary>
    public async Task<bool> StepAsync(
        NpgsqlConnection connection, long upTo, StepSize size, CancellationToken cancellationToken)
    {
        FactPage page = await pages.ReadAsync(connection, Position, upTo, _parked, size, cancellationToken);
        return await TakeAsync(page, connection, size, cancellationToken);
    }

    /// <summary>What the log's end holds for this view; null when it has to be read by itself.</summary>
    public FactPage? PageOf(TailPage tail) => pages.Of(tail, Position, _parked);

    /// <summary>Moves past a page that holds nothing for this view.</summary>
    public void Pass(FactPage page)
    {
        HeadSeen = page.Head;
        Position = Math.Max(Position, page.End);
    }

    /// <summary>As <see cref="StepAsync(NpgsqlConnection, CancellationToken)"/>, with a page that was read already.</summary>
    public Task<bool> TakeAsync(FactPage page, NpgsqlConnection connection, CancellationToken cancellationToken) =>
        TakeAsync(page, connection, StepSize.Whole, cancellationToken);

    private async Task<bool> TakeAsync(
        FactPage page, NpgsqlConnection connection, StepSize size, CancellationToken cancellationToken)
    {
        HeadSeen = page.Head;
        ViewFaultException? fault = await FoldAsync(page, connection, cancellationToken);
        bool isMuch = _unsavedFacts >= UnsavedFactsMax || _unsaved.Count >= size.Rows;
        if (_unsaved.Count > 0 && (isMuch || page.IsLast || fault is not null))
        {
            await SaveAsync(connection, cancellationToken);
        }

        return fault is null ? page.IsLast : throw fault;
    }

    /// <summary>Writes rows and checkpoint. With no rows, only the checkpoint moves on, past facts of other types.</summary>
    public async Task SaveAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await table.WriteAsync(connection, _saved, Position, _unsaved.Values, cancellationToken))
        {
            throw new OtherRunnerException();
        }

        _saved = _saved with { Position = Position };
        foreach (RowChange<TRow> change in _unsaved.Values)
        {
            _rows.Put(change.Key, change.Row);
        }

        _unsaved.Clear();
        _unsavedFacts = 0;
    }

    /// <returns>Why it stopped before the page's end; null when it did not.</returns>
    private async Task<ViewFaultException?> FoldAsync(
        FactPage page, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        ViewFaultException? fault = page.Fault;
        string[] keys = new string[page.Facts.Count];
        int keyed = 0;
        try
        {
            for (; keyed < keys.Length; keyed++)
            {
                keys[keyed] = view.Fold.KeyOf(page.Facts[keyed].Fact);
            }
        }
        catch (Exception broken)
        {
            // A view's own code may throw anything; it must stop this view alone.
            fault = Fault(page.Facts[keyed], broken);
        }

        Dictionary<string, TRow?> rows = await RowsAsync(keys.AsMemory(0, keyed), connection, cancellationToken);
        int folded = 0;
        try
        {
            for (; folded < keyed; folded++)
            {
                Fold(rows, keys[folded], page.Facts[folded]);
            }
        }
        catch (Exception broken)
        {
            fault = Fault(page.Facts[folded], broken);
        }

        _unsavedFacts += folded;
        Position = Math.Max(Position, folded < keys.Length ? page.Facts[folded].Position - 1 : page.End);
        return fault;
    }

    private void Fold(Dictionary<string, TRow?> rows, string key, FoldFact next)
    {
        ref TRow? row = ref CollectionsMarshal.GetValueRefOrNullRef(rows, key);
        TRow? after = view.Fold.Project(row, next.Fact, next.Position, next.Version);
        if (!ReferenceEquals(row, after))
        {
            row = after;
            _unsaved[key] = new RowChange<TRow>(key, after, next.Position);
        }
    }

    private ViewFaultException Fault(FoldFact at, Exception broken) =>
        new($"{view.Name} cannot fold the {at.Fact.GetType().Name} at position {at.Position}: {broken.Message}", broken);

    private async Task<Dictionary<string, TRow?>> RowsAsync(
        ReadOnlyMemory<string> keys, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        Dictionary<string, TRow?> rows = new(StringComparer.Ordinal);
        List<string> missing = [];
        foreach (string key in keys.Span)
        {
            if (rows.ContainsKey(key))
            {
                continue;
            }

            if (_unsaved.TryGetValue(key, out RowChange<TRow> unsaved))
            {
                rows.Add(key, unsaved.Row);
            }
            else if (_rows.TryGet(key, out TRow? known))
            {
                rows.Add(key, known);
            }
            else
            {
                rows.Add(key, null);
                missing.Add(key);
            }
        }

        if (missing.Count > 0)
        {
            Dictionary<string, TRow> found = await table.ReadRowsAsync(connection, [.. missing], cancellationToken);
            foreach (string key in missing)
            {
                rows[key] = found.GetValueOrDefault(key);
                _rows.Put(key, rows[key]);
            }
        }

        return rows;
    }
}

/// <summary>Another runner of the same view moved its checkpoint.</summary>
internal sealed class OtherRunnerException() : Exception("Another runner moved the checkpoint.");
