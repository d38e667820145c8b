using System.Reflection;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>
/// The arguments <c>where</c> and <c>order</c>: their types from the properties of a C# type, their values as trees.
/// </summary>
internal sealed class Filtering(TypeRegistry registry)
{
    private static readonly string[] Equality = ["eq", "neq"];
    private static readonly string[] Membership = ["eq", "neq", "in", "nin"];
    private static readonly string[] Text =
        ["eq", "neq", "contains", "ncontains", "in", "nin", "startsWith", "nstartsWith", "endsWith", "nendsWith"];

    private static readonly string[] Comparison =
        ["eq", "neq", "in", "nin", "gt", "ngt", "gte", "ngte", "lt", "nlt", "lte", "nlte"];

    /// <summary>
    /// How often and, or may stand inside each other, and how many conditions a filter may have: it becomes SQL.
    /// </summary>
    private const int PartsMax = 100;

    internal Func<ResolverContext, object?> SourceOf(MethodInfo method, Type item, GraphField field)
    {
        UseFilteringAttribute asked =
            method.GetCustomAttribute<UseFilteringAttribute>() ?? throw Missing(method, "UseFiltering");
        Type type = asked.Type ?? item;
        TypeNode where = registry.Shared($"{Names.OfOutput(type)}FilterInput", () => FilterOf(type));
        field.Arguments.Add(new GraphInputValue("where", where));
        Dictionary<string, PropertyInfo> properties = PropertiesOf(type);
        return context =>
        {
            if (context.Arguments["where"] is not InputValues given)
            {
                return null;
            }

            int left = PartsMax;
            return Read(given, properties, ref left);
        };
    }

    internal Func<ResolverContext, object?> OrderOf(MethodInfo method, Type item, GraphField field)
    {
        UseSortingAttribute asked = method.GetCustomAttribute<UseSortingAttribute>() ?? throw Missing(method, "UseSorting");
        Type type = asked.Type ?? item;
        TypeNode sort = registry.Shared($"{Names.OfOutput(type)}SortInput", () => SortOf(type));
        field.Arguments.Add(new GraphInputValue("order", Syntax.List(Syntax.NonNull(sort))));
        Dictionary<string, PropertyInfo> properties = PropertiesOf(type);
        return context => context.Arguments["order"] is object?[] given
            ? new SortOrder([.. given.Cast<InputValues>().SelectMany(one => one.Given())
                .Where(one => one.Value is not null)
                .Select(one => new SortField(properties[one.Definition.Name].Name, (string)one.Value! == "DESC"))])
            : SortOrder.None;
    }

    private static SchemaException Missing(MethodInfo method, string attribute) =>
        new(new GraphQLError($"{method.DeclaringType}.{method.Name} takes what [{attribute}] gives, but does not have it."));

    private static Dictionary<string, PropertyInfo> PropertiesOf(Type type) =>
        Members.PropertiesOf(type)
            .Where(one => ClrScalars.IsKnown(ScalarOf(one)) || ScalarOf(one).IsEnum)
            .ToDictionary(Names.OfMember, StringComparer.Ordinal);

    private static Type ScalarOf(PropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    private GraphInput FilterOf(Type type)
    {
        var made = new GraphInput($"{Names.OfOutput(type)}FilterInput");
        TypeNode self = Syntax.List(Syntax.NonNull(Syntax.Named(made.Name)));
        made.Fields.Add(new GraphInputValue("and", self));
        made.Fields.Add(new GraphInputValue("or", self));
        foreach ((string name, PropertyInfo property) in PropertiesOf(type))
        {
            var field = new GraphInputValue(name, OperationsOf(property));
            field.DescribeLater(() => Descriptions.OfMember(property));
            made.Fields.Add(field);
        }

        return made;
    }

    private GraphInput SortOf(Type type)
    {
        var made = new GraphInput($"{Names.OfOutput(type)}SortInput");
        TypeNode direction = registry.Shared("SortEnumType", static () =>
        {
            var values = new GraphEnum("SortEnumType");
            values.Values.Add(new GraphEnumValue("ASC"));
            values.Values.Add(new GraphEnumValue("DESC"));
            return values;
        });
        foreach ((string name, _) in PropertiesOf(type))
        {
            made.Fields.Add(new GraphInputValue(name, direction));
        }

        return made;
    }

    private TypeNode OperationsOf(PropertyInfo property)
    {
        Type type = ScalarOf(property);
        bool isId = property.GetCustomAttribute<IDAttribute>() is not null;
        string leaf = isId ? "ID" : registry.LeafNameOf(type)!;
        string[] operations =
            type == typeof(bool) ? Equality
            : isId || type.IsEnum || type == typeof(Guid) || type == typeof(Uri) ? Membership
            : type == typeof(string) ? Text
            : Comparison;
        string name = leaf.All(char.IsUpper) ? leaf[0] + leaf[1..].ToLowerInvariant() : leaf;
        return registry.Shared($"{name}OperationFilterInput", () => Operations($"{name}OperationFilterInput", leaf, operations));
    }

    private static GraphInput Operations(string name, string leaf, string[] operations)
    {
        var made = new GraphInput(name);
        if (operations == Text)
        {
            TypeNode self = Syntax.List(Syntax.NonNull(Syntax.Named(name)));
            made.Fields.Add(new GraphInputValue("and", self));
            made.Fields.Add(new GraphInputValue("or", self));
        }

        foreach (string operation in operations)
        {
            TypeNode type = Syntax.Named(leaf);
            made.Fields.Add(new GraphInputValue(operation, operation is "in" or "nin" ? Syntax.List(type) : type));
        }

        return made;
    }

    private static Filter Read(InputValues given, Dictionary<string, PropertyInfo> properties, ref int left)
    {
        var parts = new List<Filter>();
        foreach ((GraphInputValue field, object? value) in given.Given())
        {
            if (value is object?[] inner)
            {
                List<Filter> below = [];
                foreach (object? one in inner)
                {
                    below.Add(Read((InputValues)one!, properties, ref left));
                }

                parts.Add(field.Name == "or" ? new Filter.Or(below) : new Filter.And(below));
            }
            else if (value is InputValues operations)
            {
                parts.Add(Operations(operations, properties[field.Name], ref left));
            }

            Count(ref left);
        }

        return parts.Count == 1 ? parts[0] : new Filter.And(parts);
    }

    private static Filter Operations(InputValues given, PropertyInfo property, ref int left)
    {
        bool isId = property.GetCustomAttribute<IDAttribute>() is not null;
        Func<object?, object?> convert = InputConverter.For(new TypeShape(ScalarOf(property), true, null), isId);
        var parts = new List<Filter>();
        foreach ((GraphInputValue field, object? value) in given.Given())
        {
            Count(ref left);
            if (field.Name is "and" or "or")
            {
                List<Filter> below = [];
                foreach (object? one in value as object?[] ?? [])
                {
                    below.Add(Operations((InputValues)one!, property, ref left));
                }

                parts.Add(field.Name == "or" ? new Filter.Or(below) : new Filter.And(below));
                continue;
            }

            var operation = Enum.Parse<FilterOperation>(Names.Pascal(field.Name));
            object? held = value is object?[] items ? items.Select(convert).ToList() : convert(value);
            parts.Add(new Filter.Compare(property.Name, operation, held));
        }

        return parts.Count == 1 ? parts[0] : new Filter.And(parts);
    }

    private static void Count(ref int left)
    {
        if (--left < 0)
        {
            throw new GraphQLException(new GraphQLError($"A filter has at most {PartsMax} conditions.")
            {
                Extensions = new Dictionary<string, object?> { ["code"] = "FILTER_TOO_LARGE" },
            });
        }
    }
}
