using System.Reflection;
using Events.GraphQL.Language;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>
/// The convention for mutations: one argument <c>input</c> that holds the method's parameters, and a payload that holds its
/// result or the errors that it is declared to have.
/// </summary>
internal sealed class Mutations(TypeRegistry registry, OutputTypes outputs, FieldBinder fields)
{
    private const string PayloadSuffix = "Payload";

    internal GraphField Make(MethodInfo method, Func<ResolverContext, object?> target)
    {
        string name = Names.OfMember(method);
        Type[] errors = [.. method.GetCustomAttributes()
            .Select(one => one.GetType())
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ErrorAttribute<>))
            .Select(type => type.GenericTypeArguments[0])];
        var field = new GraphField(name, Syntax.NonNull(Syntax.Named(PayloadOf(name, method, errors))));
        IReadOnlyList<Func<ResolverContext, object?>> bound = BindInput(name, method, field);
        FieldResolver resolve = Invocation.Call(method, target, bound);
        field.Resolve = context => RunAsync(resolve, context, errors);
        return FieldBinder.Finish(field, method);
    }

    private static async ValueTask<object?> RunAsync(FieldResolver resolve, ResolverContext context, Type[] errors)
    {
        try
        {
            object? given = await resolve(context);
            return given is IFieldResult result
                ? new MutationPayload(result.Value, result.Errors is { } told ? [.. told.Select(Wrapped)] : null)
                : new MutationPayload(given, null);
        }
        catch (Exception e) when (errors.Any(type => type.IsInstanceOfType(e)))
        {
            return new MutationPayload(null, [Wrapped(e)]);
        }
    }

    private static object Wrapped(object error) => error is Exception thrown ? new ThrownError(thrown) : error;

    private IReadOnlyList<Func<ResolverContext, object?>> BindInput(string name, MethodInfo method, GraphField field)
    {
        var given = fields.Parameters.ArgumentsOf(method).ToList();
        if (given.Count == 0)
        {
            return fields.Parameters.Bind(method, field);
        }

        var input = new GraphInput($"{Names.Pascal(name)}Input");
        registry.Add(input);
        field.Arguments.Add(new GraphInputValue("input", Syntax.NonNull(Syntax.Named(input.Name))));
        return fields.Parameters.Bind(method, field, parameter =>
        {
            if (!given.Contains(parameter))
            {
                return null;
            }

            (GraphInputValue value, Func<object?, object?> convert) = fields.Parameters.Describe(parameter);
            input.Fields.Add(value);
            object? usual = Parameters.UsualOf(parameter);
            return context =>
                ((InputValues)context.Arguments["input"]!).TryGet(value.Name, out object? one) ? convert(one) : usual;
        });
    }

    private string PayloadOf(string name, MethodInfo method, Type[] errors)
    {
        TypeShape shape = Unwrapped(TypeShape.OfResult(method));
        bool isOwnPayload = shape.Item is null && shape.Type.Name.EndsWith(PayloadSuffix, StringComparison.Ordinal);
        string payloadName = isOwnPayload ? Names.OfOutput(shape.Type) : Names.Pascal(name) + PayloadSuffix;
        var payload = new GraphObject(payloadName);
        registry.Add(payload);
        registry.Later(() =>
        {
            if (isOwnPayload)
            {
                AddOwn(payload, shape.Type);
            }
            else
            {
                TypeNode type = Syntax.Nullable(outputs.Of(shape, isId: false));
                payload.Fields.Add(new GraphField(Names.Camel(outputs.NameOf(shape.Named)), type)
                {
                    Resolve = static context => new(((MutationPayload)context.Parent!).Value),
                });
            }

            if (errors.Length > 0)
            {
                AddErrors(payload, Names.Pascal(name), errors);
            }
        });
        return payloadName;
    }

    /// <summary>The properties of a payload class, each null when there are errors.</summary>
    private void AddOwn(GraphObject payload, Type type)
    {
        foreach (PropertyInfo property in Members.PropertiesOf(type))
        {
            GraphField own = FieldBinder.OfProperty(property, outputs);
            MethodInfo getter = property.GetMethod!;
            MethodInvoker read = MethodInvoker.Create(getter);
            FieldResolver resolve = context =>
                new(((MutationPayload)context.Parent!).Value is { } value ? read.Invoke(value) : null);
            payload.Fields.Add(FieldBinder.Finish(
                new GraphField(own.Name, Syntax.Nullable(own.TypeSyntax)) { Resolve = resolve }, property));
        }
    }

    private void AddErrors(GraphObject payload, string name, Type[] errors)
    {
        var union = new GraphUnion($"{name}Error");
        foreach (Type error in errors)
        {
            union.MemberNames.Add(registry.NameOf(error, false, () => ErrorType(error)));
        }

        registry.Add(union);
        payload.Fields.Add(new GraphField("errors", Syntax.List(Syntax.NonNull(Syntax.Named(union.Name))))
        {
            Resolve = static context => new(((MutationPayload)context.Parent!).Errors),
        });
    }

    private GraphObject ErrorType(Type type)
    {
        string given = Names.OfOutput(type);
        string name = given.EndsWith("Exception", StringComparison.Ordinal) ? given[..^"Exception".Length] + "Error" : given;
        var made = new GraphObject(name)
        {
            IsTypeOf = value => type.IsInstanceOfType(value is ThrownError thrown ? thrown.Exception : value),
        };
        made.DescribeLater(() => Descriptions.OfType(type));
        registry.Shared("Error", ErrorInterface);
        made.InterfaceNames.Add("Error");
        registry.Later(() =>
        {
            foreach (PropertyInfo property in Members.PropertiesOf(type))
            {
                bool isOfEveryException =
                    property.DeclaringType == typeof(Exception) && property.Name != nameof(Exception.Message);
                if (!isOfEveryException)
                {
                    made.Fields.Add(Unwrapping(FieldBinder.OfProperty(property, outputs), property));
                }
            }
        });
        return made;
    }

    /// <summary>Reads a property also when the error is an exception.</summary>
    private static GraphField Unwrapping(GraphField field, PropertyInfo property)
    {
        MethodInvoker read = MethodInvoker.Create(property.GetMethod!);
        FieldResolver plain = field.Resolve!;
        field.Resolve = context => context.Parent is ThrownError thrown ? new(read.Invoke(thrown.Exception)) : plain(context);
        return field;
    }

    private static GraphInterface ErrorInterface()
    {
        var made = new GraphInterface("Error");
        made.Fields.Add(new GraphField("message", Syntax.NonNull(Syntax.Named("String"))));
        return made;
    }

    private static TypeShape Unwrapped(TypeShape shape) =>
        shape.Type.IsGenericType && shape.Type.GetGenericTypeDefinition() == typeof(FieldResult<>)
            ? new TypeShape(shape.Type.GenericTypeArguments[0], true, null)
            : shape;
}

/// <summary>What a mutation answers with.</summary>
/// <param name="Errors">Null when it succeeded.</param>
internal sealed record MutationPayload(object? Value, IReadOnlyList<object>? Errors);

/// <summary>An exception that is an answer. As a bare value the executor would take it for a failure.</summary>
internal sealed record ThrownError(Exception Exception);
