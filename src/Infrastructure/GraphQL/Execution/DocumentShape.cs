using Events.GraphQL.Language;

namespace Events.GraphQL.Execution;

/// <summary>How large an operation is once fragments are put in their places. Counts stop at a billion.</summary>
/// <param name="Nesting">Fields, inline fragments and spreads inside each other.</param>
/// <param name="Depth">Fields inside each other, without those of introspection.</param>
/// <param name="IntrospectionDepth">Fields inside each other, from <c>__schema</c> or <c>__type</c> on.</param>
/// <param name="Spreads">How often a fragment is put in its place.</param>
/// <param name="Directives">The most that one selection or definition has.</param>
internal readonly record struct OperationShape(
    int Nesting, int Depth, int IntrospectionDepth, long Fields, long Aliases, long Spreads, long RootFields, int Directives)
{
    private const long CountMax = 1_000_000_000;

    /// <summary>Both beside each other.</summary>
    internal OperationShape With(OperationShape other) =>
        new(
            Math.Max(Nesting, other.Nesting),
            Math.Max(Depth, other.Depth),
            Math.Max(IntrospectionDepth, other.IntrospectionDepth),
            Math.Min(CountMax, Fields + other.Fields),
            Math.Min(CountMax, Aliases + other.Aliases),
            Math.Min(CountMax, Spreads + other.Spreads),
            Math.Min(CountMax, RootFields + other.RootFields),
            Math.Max(Directives, other.Directives));
}

/// <summary>
/// Measures an operation in linear time: each fragment once, the innermost ones first. It recurses no deeper than the document
/// was written, whatever fragments hold of each other.
/// </summary>
internal static class DocumentShape
{
    /// <param name="fragments">Without cycles, which validation refuses.</param>
    internal static OperationShape Of(
        OperationDefinitionNode operation, IReadOnlyDictionary<string, FragmentDefinitionNode> fragments)
    {
        var shapes = new Dictionary<string, OperationShape>(StringComparer.Ordinal);
        foreach (FragmentDefinitionNode fragment in InnermostFirst(operation, fragments))
        {
            shapes[fragment.Name.Value] = OfDefinition(fragment, shapes);
        }

        return OfDefinition(operation, shapes);
    }

    private static OperationShape OfDefinition(ExecutableDefinitionNode definition, Dictionary<string, OperationShape> shapes)
    {
        OperationShape shape = OfSelections(definition.SelectionSet, shapes);
        return shape with { Directives = Math.Max(shape.Directives, definition.Directives.Length) };
    }

    private static OperationShape OfSelections(SelectionSetNode set, Dictionary<string, OperationShape> shapes)
    {
        OperationShape all = default;
        foreach (SelectionNode selection in set.Selections)
        {
            OperationShape one = selection switch
            {
                FieldNode field => OfField(field, shapes),
                InlineFragmentNode inline => OfSelections(inline.SelectionSet, shapes),
                FragmentSpreadNode spread => Counted(shapes.GetValueOrDefault(spread.Name.Value)),
                _ => default,
            };
            all = all.With(one with
            {
                Nesting = one.Nesting + 1,
                Directives = Math.Max(one.Directives, selection.Directives.Length),
            });
        }

        return all;
    }

    private static OperationShape Counted(OperationShape fragment) => fragment with { Spreads = fragment.Spreads + 1 };

    private static OperationShape OfField(FieldNode field, Dictionary<string, OperationShape> shapes)
    {
        OperationShape below = field.SelectionSet is null ? default : OfSelections(field.SelectionSet, shapes);
        bool isIntrospection = field.Name.Value is "__schema" or "__type";
        return below with
        {
            Depth = isIntrospection ? 0 : below.Depth + 1,
            IntrospectionDepth = isIntrospection ? Math.Max(below.Depth, below.IntrospectionDepth) + 1 : below.IntrospectionDepth,
            Fields = below.Fields + 1,
            Aliases = below.Aliases + (field.Alias is null ? 0 : 1),
            RootFields = 1,
        };
    }

    /// <summary>Fragments that the operation uses, each behind those that it uses itself. Without recursion.</summary>
    private static List<FragmentDefinitionNode> InnermostFirst(
        OperationDefinitionNode operation, IReadOnlyDictionary<string, FragmentDefinitionNode> fragments)
    {
        var order = new List<FragmentDefinitionNode>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<(FragmentDefinitionNode? Fragment, Queue<string> Used)>();
        open.Push((null, SpreadsIn(operation)));
        while (open.TryPeek(out var top))
        {
            if (top.Used.TryDequeue(out string? name))
            {
                if (seen.Add(name) && fragments.TryGetValue(name, out FragmentDefinitionNode? fragment))
                {
                    open.Push((fragment, SpreadsIn(fragment)));
                }

                continue;
            }

            open.Pop();
            if (top.Fragment is not null)
            {
                order.Add(top.Fragment);
            }
        }

        return order;
    }

    private static Queue<string> SpreadsIn(ExecutableDefinitionNode definition)
    {
        var finder = new SpreadFinder();
        finder.Walk(definition.SelectionSet);
        return finder.Names;
    }

    private sealed class SpreadFinder : SyntaxWalker
    {
        internal Queue<string> Names { get; } = new();

        protected override bool Enter(SyntaxNode node)
        {
            if (node is FragmentSpreadNode spread)
            {
                Names.Enqueue(spread.Name.Value);
            }

            return node is SelectionSetNode or SelectionNode;
        }
    }

    /// <returns>The first bound that the operation passes; null when it keeps all.</returns>
    internal static GraphQLError? Check(OperationDefinitionNode operation, OperationShape shape, ExecutorOptions options)
    {
        (string What, double Actual, double Maximum)[] bounds =
        [
            ("nesting", shape.Nesting, ExecutorOptions.NestingMax),
            ("depth", shape.Depth, options.DepthMax),
            ("introspectionDepth", shape.IntrospectionDepth, options.IntrospectionDepthMax),
            ("fields", shape.Fields, options.FieldsMax),
            ("rootFields", shape.RootFields, options.RootFieldsMax),
            ("aliases", shape.Aliases, options.AliasesMax),
            ("fragments", shape.Spreads, options.FragmentsMax),
            ("directives", shape.Directives, options.DirectivesMax),
        ];
        foreach ((string what, double actual, double maximum) in bounds)
        {
            if (actual > maximum)
            {
                return Limit.Error(what, Message(what, actual, maximum), actual, maximum, operation);
            }
        }

        return null;
    }

    private static string Message(string what, double actual, double maximum) =>
        what switch
        {
            "nesting" => $"The operation is nested {actual} levels deep with its fragments; at most {maximum} are allowed.",
            "depth" => $"The operation is {actual} fields deep; at most {maximum} are allowed.",
            "introspectionDepth" => $"The operation asks for introspection {actual} fields deep; at most {maximum} are allowed.",
            "fields" => $"The operation has {actual} fields with its fragments; at most {maximum} are allowed.",
            "rootFields" => $"The operation has {actual} root fields; at most {maximum} are allowed.",
            "aliases" => $"The operation has {actual} aliases with its fragments; at most {maximum} are allowed.",
            "fragments" => $"The operation uses fragments {actual} times; at most {maximum} times are allowed.",
            _ => $"A part of the operation has {actual} directives; at most {maximum} are allowed.",
        };
}
