namespace Events.GraphQL.Execution;

/// <summary>The source of a subscription (specification, section 6.2.3.1, <c>CreateSourceEventStream</c>).</summary>
internal sealed partial class Run
{
    /// <summary>The field that is subscribed to. Null when conditions leave none.</summary>
    internal PlannedField? SourceField => _root?.Fields.FirstOrDefault();

    /// <returns>A source, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    internal async ValueTask<(IAsyncEnumerable<object?>? Source, GraphQLError? Error)> OpenSourceAsync()
    {
        if (!TryCollectRoot())
        {
            return (null, _errors![0]);
        }

        if (SourceField is not { } field)
        {
            return (null, GraphQLError.At("The subscription selects no field.", _operation.Node));
        }

        try
        {
            if (field.Coerce(_variables, out var arguments) is { } unfit)
            {
                return (null, Located(unfit, _root!, 0, field));
            }

            var context = new FieldContext(this);
            context.Set(_root!, 0, null, arguments);
            Task<IAsyncEnumerable<object?>> opening = Open(field, context);
            return (await opening.WaitAsync(_settings.Options.Timeout, _caller), null);
        }
        catch (OperationCanceledException) when (_caller.IsCancellationRequested)
        {
            throw;
        }
        catch (TimeoutException)
        {
            Stop(TimedOut);
            return (null, Located(TimedOut, _root!, 0, field));
        }
        catch (Exception failure)
        {
            return (null, Located(Faults.SourceFailed(failure, field, _settings), _root!, 0, field));
        }
    }

    private Task<IAsyncEnumerable<object?>> Open(PlannedField field, FieldContext context)
    {
        Enter();
        try
        {
            return field.Definition.Subscribe!(context).AsTask();
        }
        finally
        {
            Leave();
        }
    }
}
