using System.ComponentModel;
using System.Reflection;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>C# types as arguments and input objects.</summary>
internal sealed class InputTypes(TypeRegistry registry)
{
    internal TypeNode Of(TypeShape shape, bool isId)
    {
        TypeNode type = shape.Item is { } item ? Syntax.List(Of(item, isId)) : Syntax.Named(isId ? "ID" : NameOf(shape.Type));
        return shape.IsNullable ? type : Syntax.NonNull(type);
    }

    internal GraphInputValue Value(string name, TypeShape shape, bool isId, object? defaultValue)
    {
        var value = new GraphInputValue(name, Of(shape, isId));
        if (defaultValue is not null)
        {
            value.DefaultLiteral = Syntax.Literal(defaultValue);
        }

        return value;
    }

    private string NameOf(Type type) => registry.LeafNameOf(type) ?? registry.NameOf(type, true, () => Define(type));

    private GraphInput Define(Type type)
    {
        if (type.IsAbstract || type.IsInterface)
        {
            throw new SchemaException(new GraphQLError(
                $"{type} cannot be an argument: an input object needs a class that can be made. Is a service missing?"));
        }

        var input = new GraphInput(Names.OfInput(type)) { IsOneOf = type.GetCustomAttribute<OneOfAttribute>() is not null };
        input.DescribeLater(() => Descriptions.OfType(type));
        registry.Later(() => Fill(input, type));
        return input;
    }

    private void Fill(GraphInput input, Type type)
    {
        ConstructorInfo? constructor =
            type.GetConstructors().OrderByDescending(one => one.GetParameters().Length).FirstOrDefault();
        Dictionary<string, ParameterInfo> parameters = (constructor?.GetParameters() ?? [])
            .ToDictionary(one => one.Name!, StringComparer.OrdinalIgnoreCase);
        var parts = new List<InputPart>();
        foreach (PropertyInfo property in Members.PropertiesOf(type))
        {
            ParameterInfo? parameter = parameters.GetValueOrDefault(property.Name);
            if (parameter is null && property.SetMethod is not { IsPublic: true })
            {
                continue;
            }

            bool isId = property.GetCustomAttribute<IDAttribute>() is not null
                || parameter?.GetCustomAttribute<IDAttribute>() is not null;
            TypeShape shape = TypeShape.OfProperty(property, isInput: true);
            object? given = parameter is { HasDefaultValue: true }
                ? parameter.DefaultValue
                : property.GetCustomAttribute<DefaultValueAttribute>()?.Value;
            GraphInputValue field = Value(Names.OfMember(property), shape, isId, given);
            field.DescribeLater(() => Descriptions.OfMember(property));
            field.DeprecationReason = Deprecation.Of(property);
            input.Fields.Add(field);
            parts.Add(new InputPart(input.Fields.Count - 1, property, parameter, InputConverter.For(shape, isId)));
        }

        input.ToRuntime = new InputMaker(type, constructor, parts).Make;
    }
}

/// <summary>A field of an input object and where it goes.</summary>
/// <param name="Parameter">Of the constructor; null when the property is set afterwards.</param>
internal sealed record InputPart(int Index, PropertyInfo Property, ParameterInfo? Parameter, Func<object?, object?> Convert);

/// <summary>Makes the C# object of an input object.</summary>
internal sealed class InputMaker
{
    private readonly Type _type;
    private readonly ConstructorInvoker? _constructor;
    private readonly object?[] _usual;
    private readonly InputPart[] _parts;

    internal InputMaker(Type type, ConstructorInfo? constructor, IReadOnlyList<InputPart> parts)
    {
        _type = type;
        _parts = [.. parts];
        ParameterInfo[] parameters = constructor?.GetParameters() ?? [];
        _constructor = constructor is null ? null : ConstructorInvoker.Create(constructor);
        _usual = [.. parameters.Select(one => one.HasDefaultValue ? one.DefaultValue : Usual(one.ParameterType))];
    }

    internal object Make(InputValues values)
    {
        object?[] arguments = [.. _usual];
        foreach (InputPart part in _parts)
        {
            if (part.Parameter is { } parameter && values.IsGiven(part.Index))
            {
                arguments[parameter.Position] = part.Convert(values[part.Index]);
            }
        }

        object made = _constructor is null ? Activator.CreateInstance(_type)! : _constructor.Invoke(arguments.AsSpan());
        foreach (InputPart part in _parts)
        {
            if (part.Parameter is null && values.IsGiven(part.Index))
            {
                part.Property.SetValue(made, part.Convert(values[part.Index]));
            }
        }

        return made;
    }

    private static object? Usual(Type type) => type.IsValueType ? Activator.CreateInstance(type) : null;
}
