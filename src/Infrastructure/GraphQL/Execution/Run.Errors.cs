namespace Events.GraphQL.Execution;

/// <summary>Errors of fields (specification, section 6.4.4).</summary>
internal sealed partial class Run
{
    /// <summary>Merged fields have a place each; a client needs to find one of them.</summary>
    private const int LocationsMax = 20;

    private List<GraphQLError>? _errors;
    private int _isRootNulled;

    internal void Report(GraphQLError error, ObjectNode node, int index, PlannedField field) =>
        Add(Located(error, node, index, field));

    private void Fail(ResultNode node, int index, PlannedField field, Exception failure) =>
        Fail(node, index, field, Faults.Told(failure, field, _settings, isExpected: _stopped is not null || IsCancelled));

    /// <summary>
    /// Puts null in the place of a value that failed, or where that may not be null, in the nearest place around it that may. A
    /// place that is null by an error already needs no other.
    /// </summary>
    private void Fail(ResultNode node, int index, PlannedField field, GraphQLError error)
    {
        ResultNode at = node;
        int place = index;
        while (!at.IsNullable(place))
        {
            at.IsDiscarded = true;
            if (at.Parent is null)
            {
                if (Interlocked.Exchange(ref _isRootNulled, 1) == 0)
                {
                    Add(Located(error, node, index, field));
                }

                return;
            }

            place = at.Index;
            at = at.Parent;
        }

        if (Interlocked.Exchange(ref at.Values[place], ResultNode.Nulled) != ResultNode.Nulled)
        {
            Add(Located(error, node, index, field));
        }
    }

    private bool IsCancelled => _caller.IsCancellationRequested || _source is { IsCancellationRequested: true };

    private void Add(GraphQLError error)
    {
        lock (_lock)
        {
            int max = _settings.Options.ErrorsMax;
            _errors ??= [];
            if (_errors.Count < max)
            {
                _errors.Add(error);
            }
            else if (_errors.Count == max)
            {
                _errors.Add(Limit.Error("errors", $"There are more than {max} errors; the others are left out.", max + 1, max));
            }
        }
    }

    private static GraphQLError NullWhereNone(FieldContext context) =>
        new($"Cannot return null for non-nullable field {context.ParentType}.{context.Field.Name}.");

    private static GraphQLError Located(GraphQLError error, ResultNode node, int index, PlannedField field) =>
        error with
        {
            Path = error.Path ?? node.PathTo(index),
            Locations = error.Locations.Count > 0
                ? error.Locations
                : [.. field.Nodes.Take(LocationsMax).Select(one => one.Location)],
        };
}
