using System.Collections;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>Fields and their values (specification, section 6.4).</summary>
internal sealed partial class Run
{
    private void ExecuteFields(ObjectNode node, object? source)
    {
        Count(node.Fields.Length);
        for (int i = 0; i < node.Fields.Length && !node.IsDiscarded && _stopped is null; i++)
        {
            ExecuteField(node, i, source);
        }
    }

    private void ExecuteField(ObjectNode node, int index, object? source)
    {
        PlannedField field = node.Fields[index];
        if (field.TypeName is not null)
        {
            node.Values[index] = field.TypeName;
            return;
        }

        if (field.Coerce(_variables, out InputValues arguments) is { } error)
        {
            Fail(node, index, field, error);
            return;
        }

        FieldContext context = Interlocked.Exchange(ref _spare, null) ?? new FieldContext(this);
        context.Set(node, index, source, arguments);
        ValueTask<object?> task;
        try
        {
            task = field.Definition.Resolve!(context);
        }
        catch (Exception failure)
        {
            Fail(node, index, field, failure);
            return;
        }

        if (!task.IsCompletedSuccessfully)
        {
            _ = CompleteLaterAsync(task, context);
            return;
        }

        Complete(node, index, field.Definition.Type, task.Result, context);
        if (field.IsLeaf)
        {
            _spare = context;
        }
    }

    /// <summary>Never fails; <see cref="_pending"/> counts it.</summary>
    private async Task CompleteLaterAsync(ValueTask<object?> task, FieldContext context)
    {
        Interlocked.Increment(ref _pending);
        object? value;
        try
        {
            value = await task;
        }
        catch (Exception failure)
        {
            value = failure;
        }

        CompleteLate(context.Node, context.Index, context.Field.Type, value, context);
        Answered();
    }

    private void CompleteLate(ResultNode node, int index, GraphType type, object? value, FieldContext context)
    {
        Enter();
        if (!_isOver && _stopped is null && (value is Exception || !node.IsLost()))
        {
            Complete(node, index, type, value, context);
        }

        Leave();
    }

    /// <summary>
    /// Turns a resolver's value into one of the result (specification, section 6.4.3, <c>CompleteValue</c>). Never fails.
    /// </summary>
    private void Complete(ResultNode node, int index, GraphType type, object? value, FieldContext context)
    {
        try
        {
            switch (value)
            {
                case null when type.Kind == TypeKind.NonNull:
                    Fail(node, index, context.Planned, NullWhereNone(context));
                    break;
                case null:
                    break;
                case Exception failure:
                    Fail(node, index, context.Planned, failure);
                    break;
                case GraphQLError error:
                    Fail(node, index, context.Planned, error);
                    break;
                default:
                    CompleteThere(node, index, type.Nullable, value, context);
                    break;
            }
        }
        catch (Exception failure)
        {
            Fail(node, index, context.Planned, failure);
        }
    }

    private void CompleteThere(ResultNode node, int index, GraphType type, object value, FieldContext context)
    {
        switch (type.Kind)
        {
            case TypeKind.Scalar or TypeKind.Enum:
                node.Values[index] = Leaf.Of((IGraphLeaf)type, value);
                break;
            case TypeKind.List:
                CompleteList(node, index, ((GraphList)type).Of, value, context);
                break;
            case TypeKind.Object:
                CompleteObject(node, index, (GraphObject)type, value, context);
                break;
            default:
                CompleteObject(node, index, ObjectTypes.Of((GraphNamedType)type, value, context), value, context);
                break;
        }
    }

    private void CompleteObject(ResultNode node, int index, GraphObject type, object value, FieldContext context)
    {
        if (type.IsTypeOf is { } isTypeOf && !isTypeOf(value))
        {
            throw new GraphQLException($"Expected value of type \"{type}\" but got: {Inspect.Of(value)}.");
        }

        var child = new ObjectNode(node, index, context.Planned.SelectionsOn(type));
        node.Values[index] = child;
        ExecuteFields(child, value);
    }

    private void CompleteList(ResultNode node, int index, GraphType of, object value, FieldContext context)
    {
        if (value is string || value is not IEnumerable items)
        {
            IAsyncEnumerable<object?> later = AsyncItems.Of(value) ?? throw new GraphQLException(
                $"Expected Iterable, but did not find one for field \"{context.ParentType}.{context.Field.Name}\".");
            _ = CompleteListLaterAsync(node, index, of, later, context);
            return;
        }

        CompleteItems(node, index, of, ItemsOf(items), context);
    }

    /// <param name="items">A list of our own: each item gives way to its completed value.</param>
    private void CompleteItems(ResultNode node, int index, GraphType of, object?[] items, FieldContext context)
    {
        Count(items.Length);
        var list = new ListNode(node, index, of, items);
        node.Values[index] = list;
        for (int i = 0; i < items.Length && !list.IsDiscarded && _stopped is null; i++)
        {
            object? item = items[i];
            items[i] = null;
            Complete(list, i, of, item, context);
        }
    }

    private object?[] ItemsOf(IEnumerable items)
    {
        if (items is IList list)
        {
            var copy = new object?[list.Count];
            for (int i = 0; i < copy.Length; i++)
            {
                copy[i] = list[i];
            }

            return copy;
        }

        var gathered = new List<object?>();
        foreach (object? item in items)
        {
            Gather(gathered, item);
        }

        return [.. gathered];
    }

    /// <summary>Never fails; <see cref="_pending"/> counts it.</summary>
    private async Task CompleteListLaterAsync(
        ResultNode node, int index, GraphType of, IAsyncEnumerable<object?> items, FieldContext context)
    {
        Interlocked.Increment(ref _pending);
        var gathered = new List<object?>();
        Exception? failure = null;
        try
        {
            await foreach (object? item in items.WithCancellation(Token))
            {
                Gather(gathered, item);
            }
        }
        catch (Exception caught)
        {
            failure = caught;
        }

        Enter();
        if (failure is not null)
        {
            Fail(node, index, context.Planned, failure);
        }
        else if (!_isOver && _stopped is null && !node.IsLost())
        {
            CompleteItems(node, index, of, [.. gathered], context);
        }

        Leave();
        Answered();
    }

    /// <summary>A list without an end would fill the memory before it could be counted.</summary>
    private void Gather(List<object?> gathered, object? item)
    {
        gathered.Add(item);
        if (gathered.Count > _settings.Options.ValuesMax || _stopped is not null)
        {
            Count(gathered.Count);
            throw new OperationCanceledException();
        }
    }
}
