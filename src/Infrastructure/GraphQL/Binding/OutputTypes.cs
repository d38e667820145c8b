using System.Reflection;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>C# types as what fields give: objects, interfaces and unions, with the fields that their members are.</summary>
internal sealed class OutputTypes(TypeRegistry registry, IReadOnlyList<Type> registered, FieldBinder fields, NodeTypes nodes)
{
    internal TypeNode Of(TypeShape shape, bool isId)
    {
        TypeNode type = shape.Item is { } item ? Syntax.List(Of(item, isId)) : Syntax.Named(isId ? "ID" : NameOf(shape.Type));
        return shape.IsNullable ? type : Syntax.NonNull(type);
    }

    internal string NameOf(Type type) => registry.LeafNameOf(type) ?? registry.NameOf(type, false, () => Define(type));

    /// <summary>The classes whose members are more fields of a type.</summary>
    internal IEnumerable<Type> ExtensionsOf(Type type) =>
        registered.Where(one => one.GetCustomAttributesData().Any(attribute => Extends(attribute, type)));

    /// <summary>Gives an object the fields of its C# type and of the classes that extend it.</summary>
    internal void Fill(GraphFieldsType made, Type type)
    {
        foreach (PropertyInfo property in Members.PropertiesOf(type))
        {
            GraphField field = FieldBinder.OfProperty(property, this);
            if (made is GraphObject && nodes.IsNode(type) && field.Name == "id")
            {
                field = NodeTypes.IdOf(made.Name, field, property);
            }

            Guard(made, field, property, type);
        }

        foreach (MethodInfo method in Members.MethodsOf(type, isResolver: false).Where(IsField))
        {
            Guard(made, fields.OfMethod(method, static context => context.Parent, this), method, type);
        }

        foreach (Type extension in ExtensionsOf(type))
        {
            AddResolvers(made, extension, type);
        }
    }

    /// <summary>Adds the members of a class of resolvers.</summary>
    internal void AddResolvers(GraphFieldsType made, Type resolvers, Type? owner)
    {
        Func<ResolverContext, object?> target = FieldBinder.TargetOf(resolvers);
        foreach (MethodInfo method in Members.MethodsOf(resolvers, isResolver: true).Where(one => owner is null || IsField(one)))
        {
            Guard(made, fields.OfMethod(method, target, this), method, resolvers, owner);
        }
    }

    private static bool IsField(MethodInfo method) => method.GetCustomAttribute<NodeResolverAttribute>() is null;

    private void Guard(GraphFieldsType made, GraphField field, params MemberInfo?[] members)
    {
        fields.Authorization.Guard(field, members);
        made.Fields.Add(field);
    }

    private static bool Extends(CustomAttributeData attribute, Type type)
    {
        Type kind = attribute.AttributeType;
        if (kind == typeof(ExtendObjectTypeAttribute))
        {
            return attribute.ConstructorArguments[0].Value as Type == type;
        }

        return kind.IsGenericType
            && (kind.GetGenericTypeDefinition() == typeof(ExtendObjectTypeAttribute<>)
                || kind.GetGenericTypeDefinition() == typeof(ObjectTypeAttribute<>))
            && kind.GenericTypeArguments[0] == type;
    }

    private GraphNamedType Define(Type type)
    {
        string name = Names.OfOutput(type);
        GraphNamedType made =
            type.IsDefined(typeof(UnionTypeAttribute)) ? Union(name, type)
            : type.IsDefined(typeof(InterfaceTypeAttribute)) ? Interface(name, type)
            : type.IsAbstract ? throw new SchemaException(new GraphQLError(
                $"{type} is abstract: give it [InterfaceType] or [UnionType], or use a class that can be made."))
            : Object(name, type);
        made.DescribeLater(() => Descriptions.OfType(type));
        return made;
    }

    private GraphObject Object(string name, Type type)
    {
        var made = new GraphObject(name) { IsTypeOf = type.IsInstanceOfType };
        foreach (Type one in registered.Where(one => one.IsDefined(typeof(InterfaceTypeAttribute)) && one.IsAssignableFrom(type)))
        {
            made.InterfaceNames.Add(NameOf(one));
        }

        if (nodes.IsNode(type))
        {
            made.InterfaceNames.Add(NodeTypes.Interface(registry));
        }

        registry.Later(() => Fill(made, type));
        return made;
    }

    private GraphInterface Interface(string name, Type type)
    {
        var made = new GraphInterface(name);
        registry.Later(() =>
        {
            Fill(made, type);
            DefinePossible(type);
        });
        return made;
    }

    private GraphUnion Union(string name, Type type)
    {
        var made = new GraphUnion(name);
        registry.Later(() =>
        {
            foreach (string member in DefinePossible(type))
            {
                made.MemberNames.Add(member);
            }
        });
        return made;
    }

    private List<string> DefinePossible(Type type) =>
        [.. registered.Where(one => one is { IsClass: true, IsAbstract: false } && type.IsAssignableFrom(one)).Select(NameOf)];
}
