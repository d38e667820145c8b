using System.Collections;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>Fields and their values (specification, section 6.4).</summary>
internal sealed partial class Run
{
    private FieldContext? _spare;

    private void ExecuteFields(ObjectNode node, int first, int count, object? source)
    {
        Count(count);
        node.LateBefore = _late;
        for (int i = first; i < first + count && !node.IsDiscarded && _stopped is null; i++)
        {
            ExecuteField(node, i, source);
        }

        node.LateBefore = -1;
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

        FieldContext context = _spare ?? new FieldContext(this);
        _spare = null;
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

        if (!task.IsCompleted)
        {
            _pending++;
            _late++;
            _ = AnswerLaterAsync(task, context);
        }
        else if (!task.IsCompletedSuccessfully)
        {
            Complete(node, index, field.Definition.Type, FailureOf(task), context);
        }
        else
        {
            Complete(node, index, field.Definition.Type, task.Result, context);
            if (field.IsLeaf)
            {
                _spare = context;
            }
        }
    }

    private static Exception FailureOf(ValueTask<object?> task)
    {
        Task failed = task.AsTask();
        return failed.Exception?.InnerException ?? new TaskCanceledException(failed);
    }

    /// <summary>Never fails; <see cref="_pending"/> counts it.</summary>
    private async Task AnswerLaterAsync(ValueTask<object?> task, FieldContext context)
    {
        object? value;
        try
        {
            value = await task;
        }
        catch (Exception failure)
        {
            value = failure;
        }

        Arrive(new Arrival(context.Node, context.Index, context.Field.Type, value, context));
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
        ExecuteFields(child, 0, child.Fields.Length, value);
    }

    private void CompleteList(ResultNode node, int index, GraphType of, object value, FieldContext context)
    {
        if (value is IEnumerable items and not string)
        {
            CompleteItems(node, index, of, ItemsOf(items), context);
        }
        else if (AsyncItems.Of(value) is { } later)
        {
            _pending++;
            _late++;
            _ = GatherLaterAsync(node, index, of.List, later, context);
        }
        else
        {
            throw new GraphQLException(
                $"Expected Iterable, but did not find one for field \"{context.ParentType}.{context.Field.Name}\".");
        }
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
        if (items is not IList list)
        {
            // One too many is enough to be told of; a list without an end would fill the memory.
            return [.. items.Cast<object?>().Take((int)Math.Min(int.MaxValue, _settings.Options.ValuesMax + 1L))];
        }

        var copy = new object?[list.Count];
        for (int i = 0; i < copy.Length; i++)
        {
            copy[i] = list[i];
        }

        return copy;
    }

    /// <summary>Never fails; <see cref="_pending"/> counts it.</summary>
    private async Task GatherLaterAsync(
        ResultNode node, int index, GraphList type, IAsyncEnumerable<object?> items, FieldContext context)
    {
        object value;
        try
        {
            var gathered = new List<object?>();
            await foreach (object? item in items.WithCancellation(Token))
            {
                gathered.Add(item);
                if (gathered.Count > _settings.Options.ValuesMax)
                {
                    break;
                }
            }

            value = gathered;
        }
        catch (Exception failure)
        {
            value = failure;
        }

        Arrive(new Arrival(node, index, type, value, context));
    }
}
