using System.Globalization;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Execution;

/// <summary>
/// What an operation costs with the variables that it is given: for each field its weight times how many values it could have,
/// all lists above it taken into account. Linear in the document, since what a fragment costs is found out once. What
/// selections on different types cost is added up, though an object is of one type only; introspection costs nothing.
/// </summary>
internal sealed class CostAnalysis
{
    /// <summary>Beyond, a sum is no exact number any more, or none at all.</summary>
    private const double TellableMax = 1e15;

    private readonly GraphSchema _schema;
    private readonly PreparedOperation _operation;
    private readonly IReadOnlyDictionary<string, object?> _variables;
    private readonly int _sizeAssumed;
    private readonly Dictionary<(FragmentDefinitionNode Fragment, FieldCost? SizedBy), Cost> _fragments = [];
    private bool _usesVariables;

    private CostAnalysis(
        GraphSchema schema, PreparedOperation operation, IReadOnlyDictionary<string, object?> variables, ExecutorOptions options)
    {
        _schema = schema;
        _operation = operation;
        _variables = variables;
        _sizeAssumed = options.ListSizeAssumed;
    }

    internal static double Of(
        GraphSchema schema, PreparedOperation operation, IReadOnlyDictionary<string, object?> variables, ExecutorOptions options)
    {
        if (operation.ConstantCost is { } known)
        {
            return known;
        }

        var analysis = new CostAnalysis(schema, operation, variables, options);
        double sum = analysis.OfSelections(operation.Node.SelectionSet, operation.Root!, null).Fixed;
        double cost = sum < TellableMax ? sum : TellableMax;
        if (!analysis._usesVariables)
        {
            operation.ConstantCost = cost;
        }

        return cost;
    }

    /// <returns>Null when it is not too much.</returns>
    internal static GraphQLError? Check(double cost, ExecutorOptions options) =>
        cost <= options.CostMax
            ? null
            : new GraphQLError(string.Create(
                CultureInfo.InvariantCulture,
                $"The operation costs {cost}; at most {options.CostMax} is allowed. Ask for fewer items or fewer nested lists."))
            {
                Extensions = new Dictionary<string, object?>
                {
                    ["code"] = Limit.CostExceeded,
                    ["cost"] = Report(cost, options),
                },
            };

    internal static Dictionary<string, object?> Report(double cost, ExecutorOptions options) =>
        new() { ["fieldCost"] = cost, ["maxFieldCost"] = options.CostMax };

    /// <param name="sizedBy">The field directly above, when it says how long fields of this set are.</param>
    private Cost OfSelections(SelectionSetNode set, GraphNamedType type, FieldCost? sizedBy)
    {
        Cost all = default;
        foreach (SelectionNode selection in set.Selections)
        {
            if (!IsIncluded(selection))
            {
                continue;
            }

            all += selection switch
            {
                FieldNode field => OfField(field, type, sizedBy),
                InlineFragmentNode inline => OfSelections(inline.SelectionSet, TypeOf(inline.TypeCondition) ?? type, sizedBy),
                FragmentSpreadNode spread => OfFragment(spread.Name.Value, sizedBy),
                _ => default,
            };
        }

        return all;
    }

    private Cost OfFragment(string name, FieldCost? sizedBy)
    {
        if (!_operation.Fragments.TryGetValue(name, out FragmentDefinitionNode? fragment)
            || TypeOf(fragment.TypeCondition) is not { } type)
        {
            return default;
        }

        if (!_fragments.TryGetValue((fragment, sizedBy), out Cost cost))
        {
            cost = OfSelections(fragment.SelectionSet, type, sizedBy);
            _fragments[(fragment, sizedBy)] = cost;
        }

        return cost;
    }

    private Cost OfField(FieldNode node, GraphNamedType type, FieldCost? sizedBy)
    {
        if (node.Name.Value.StartsWith("__", StringComparison.Ordinal) || _schema.Field(type, node.Name.Value) is not { } field)
        {
            return default;
        }

        FieldCost rule = FieldCost.Of(field);
        bool isSized = sizedBy is not null && sizedBy.SizedFields.Contains(field.Name, StringComparer.Ordinal);
        bool sizesBelow = rule.SizedFields.Count > 0;
        double size = SizeOf(node, field, rule);
        Cost below = node.SelectionSet is null
            ? default
            : OfSelections(node.SelectionSet, field.Type.Named, sizesBelow ? rule : null);
        double items = sizesBelow || isSized ? 1 : size;
        double cost = items * (rule.Weight + below.Fixed + (sizesBelow ? size * below.PerItem : 0));
        return isSized ? new Cost(0, cost) : new Cost(cost, 0);
    }

    private double SizeOf(FieldNode node, GraphField field, FieldCost rule)
    {
        if (field.Type.Nullable.Kind != TypeKind.List && rule.SizedFields.Count == 0)
        {
            return 1;
        }

        double? asked = null;
        foreach (string name in rule.SlicingArguments)
        {
            if (field.Arguments.TryGet(name, out GraphInputValue? argument) && NumberOf(node, argument) is { } number)
            {
                asked = Math.Max(asked ?? 0, number);
            }
        }

        return asked ?? rule.AssumedSize ?? _sizeAssumed;
    }

    private double? NumberOf(FieldNode node, GraphInputValue argument)
    {
        ValueNode? literal = node.Arguments.FirstOrDefault(one => one.Name.Value == argument.Name)?.Value;
        if (literal is VariableNode variable)
        {
            _usesVariables = true;
            if (_variables.TryGetValue(variable.Name.Value, out object? value))
            {
                return value is not null && Numbers.TryStrict(value, out double number) ? number : null;
            }

            literal = null;
        }

        return (literal ?? argument.DefaultLiteral) is IntValueNode whole
            ? double.Parse(whole.Text, CultureInfo.InvariantCulture)
            : null;
    }

    private bool IsIncluded(SelectionNode selection)
    {
        if (selection.Directives.IsEmpty)
        {
            return true;
        }

        _usesVariables |= _operation.IsConditional;
        try
        {
            return Conditions.IsIncluded(selection.Directives, _schema, _variables);
        }
        catch (GraphQLException)
        {
            // Executing it will tell.
            return false;
        }
    }

    private GraphNamedType? TypeOf(NamedTypeNode? condition) =>
        condition is null ? null : _schema.Types.Find(condition.Name.Value);

    /// <param name="PerItem">Of fields whose number the field above says: for one of each.</param>
    private readonly record struct Cost(double Fixed, double PerItem)
    {
        public static Cost operator +(Cost a, Cost b) => new(a.Fixed + b.Fixed, a.PerItem + b.PerItem);
    }
}
