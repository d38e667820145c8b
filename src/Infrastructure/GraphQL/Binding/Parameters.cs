using System.Reflection;
using System.Security.Claims;
using Events.GraphQL.DataLoaders;
using Events.GraphQL.Types;
using Microsoft.Extensions.DependencyInjection;

namespace Events.GraphQL.Binding;

/// <summary>
/// Where each parameter of a resolver comes from: the request, the object around it, services; all others are arguments.
/// </summary>
internal sealed class Parameters(InputTypes inputs, LoaderMethods loaders, IServiceProviderIsService? services)
{
    private static readonly ClaimsPrincipal Nobody = new();

    /// <summary>Adds the parameters that are arguments to the field.</summary>
    /// <param name="others">Sources of a convention, asked first; may be null.</param>
    internal IReadOnlyList<Func<ResolverContext, object?>> Bind(
        MethodInfo method, GraphField field, Func<ParameterInfo, Func<ResolverContext, object?>?>? others = null)
    {
        var bound = new List<Func<ResolverContext, object?>>();
        foreach (ParameterInfo parameter in method.GetParameters())
        {
            bound.Add(others?.Invoke(parameter) ?? OfRequest(parameter) ?? Argument(parameter, field.Arguments));
        }

        return bound;
    }

    /// <summary>The parameters of a method that are arguments.</summary>
    internal IEnumerable<ParameterInfo> ArgumentsOf(MethodInfo method, Func<ParameterInfo, bool>? isOther = null) =>
        method.GetParameters().Where(one => isOther?.Invoke(one) != true && OfRequest(one) is null);

    internal Func<ResolverContext, object?> Argument(ParameterInfo parameter, GraphMembers<GraphInputValue> arguments)
    {
        string name = Names.OfParameter(parameter);
        (GraphInputValue argument, Func<object?, object?> convert) = Describe(parameter);
        if (!arguments.Has(name))
        {
            arguments.Add(argument);
        }

        object? usual = UsualOf(parameter);
        return context => context.Arguments.TryGet(name, out object? value) ? convert(value) : usual;
    }

    /// <returns>The argument that a parameter is, and how its values get their C# type.</returns>
    internal (GraphInputValue Value, Func<object?, object?> Convert) Describe(ParameterInfo parameter)
    {
        bool isId = parameter.GetCustomAttribute<IDAttribute>() is not null;
        TypeShape shape = TypeShape.OfParameter(parameter);
        object? given = parameter.HasDefaultValue ? Typed(parameter.DefaultValue, shape.Type) : null;
        GraphInputValue argument = inputs.Value(Names.OfParameter(parameter), shape, isId, given);
        argument.DescribeLater(() => Descriptions.OfParameter(parameter));
        argument.DeprecationReason = Deprecation.Of(parameter);
        return (argument, InputConverter.For(shape, isId));
    }

    internal static object? UsualOf(ParameterInfo parameter) =>
        parameter.HasDefaultValue
            ? Typed(parameter.DefaultValue, Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType)
            : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null;

    /// <summary>A default of an enum is a bare number in metadata.</summary>
    private static object? Typed(object? value, Type type) =>
        value is not null && type.IsEnum ? Enum.ToObject(type, value) : value;

    private Func<ResolverContext, object?>? OfRequest(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        if (type == typeof(CancellationToken))
        {
            return static context => context.CancellationToken;
        }

        if (type == typeof(ClaimsPrincipal))
        {
            return static context => context.User ?? Nobody;
        }

        if (type == typeof(IServiceProvider))
        {
            return static context => context.Services;
        }

        if (parameter.IsDefined(typeof(ParentAttribute)) || parameter.IsDefined(typeof(EventMessageAttribute)))
        {
            return static context => context.Parent;
        }

        if (typeof(IDataLoader).IsAssignableFrom(type))
        {
            return loaders.SourceOf(parameter);
        }

        bool isService = parameter.IsDefined(typeof(ServiceAttribute)) || services?.IsService(type) == true;
        return isService ? context => context.Services.GetRequiredService(type) : null;
    }
}
