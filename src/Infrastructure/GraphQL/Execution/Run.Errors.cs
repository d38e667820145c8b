namespace Events.GraphQL.Execution;

/// <summary>Errors of fields (specification, section 6.4.4).</summary>
internal sealed partial class Run
{
    /// <summary>Merged fields have a place each; a client needs to find one of them.</summary>
    private const int LocationsMax = 20;

    private List<GraphQLError>? _errors;
    private Queue<(ResultNode Node, GraphQLError Error)>? _postponed;
    private bool _isRootNulled;

    internal void Report(GraphQLError error, ObjectNode node, int index, PlannedField field) =>
        Add(Located(error, node, index, field));

    private void Fail(ResultNode node, int index, PlannedField field, Exception failure) =>
        Fail(node, index, field, Faults.Told(failure, field, _settings, isExpected: _stopped is not null || IsCancelled));

    private void Fail(ResultNode node, int index, PlannedField field, GraphQLError error) =>
        Propagate(node, index, Located(error, node, index, field));

    /// <summary>
    /// Puts null in the place of a value that failed or, where that may not be null, in the nearest place around it that may; a
    /// place that is null by an error already needs no other. An object that still waits for some of its fields is left until
    /// they have answered: then what is told does not depend on who answers first.
    /// </summary>
    private void Propagate(ResultNode node, int index, GraphQLError error)
    {
        while (!node.IsNullable(index))
        {
            if (node is ObjectNode waiting && Postpone(waiting, error))
            {
                return;
            }

            node.IsDiscarded = true;

            if (node.Parent is null)
            {
                NullRoot(error);
                return;
            }

            index = node.Index;
            node = node.Parent;
        }

        if (node.Values[index] != ResultNode.Nulled)
        {
            node.Values[index] = ResultNode.Nulled;
            Add(error);
        }
    }

    /// <returns>Whether its end is decided, by this error or one before, and only has to wait.</returns>
    private bool Postpone(ObjectNode node, GraphQLError error)
    {
        if (node.IsPostponed)
        {
            return true;
        }

        if (node.LateBefore < 0 || node.LateBefore == _late)
        {
            return false;
        }

        node.IsDiscarded = true;
        node.IsPostponed = true;
        (_postponed ??= []).Enqueue((node, error));
        return true;
    }

    /// <summary>Does what had to wait until every resolver has answered.</summary>
    private void PropagatePostponed()
    {
        while (_postponed is not null && _postponed.TryDequeue(out (ResultNode Node, GraphQLError Error) one))
        {
            if (one.Node.Parent is null)
            {
                NullRoot(one.Error);
            }
            else
            {
                Propagate(one.Node.Parent, one.Node.Index, one.Error);
            }
        }
    }

    private void NullRoot(GraphQLError error)
    {
        if (!_isRootNulled)
        {
            _isRootNulled = true;
            Add(error);
        }
    }

    private bool IsLost(ResultNode node) => _isRootNulled || node.IsLost();

    /// <summary>From any thread: resolvers may report at any time.</summary>
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
