using System.Reflection;
using Events.GraphQL.Execution;
using Events.GraphQL.Types;
using Microsoft.Extensions.DependencyInjection;

namespace Events.GraphQL.Binding;

/// <summary>Makes a field of a C# member, with whatever its attributes ask for.</summary>
internal sealed class FieldBinder(TypeRegistry registry, Parameters parameters, Authorization authorization)
{
    private readonly Filtering _filtering = new(registry);
    private readonly Paging _paging = new(registry);

    internal Authorization Authorization => authorization;

    internal Parameters Parameters => parameters;

    internal static GraphField OfProperty(PropertyInfo property, OutputTypes outputs)
    {
        bool isId = property.GetCustomAttribute<IDAttribute>() is not null;
        TypeShape shape = TypeShape.OfProperty(property, isInput: false);
        var field = new GraphField(Names.OfMember(property), outputs.Of(shape, isId))
        {
            Resolve = isId ? AsId(Invocation.OfProperty(property)) : Invocation.OfProperty(property),
        };
        return Finish(field, property);
    }

    /// <param name="target">The object to call the method on.</param>
    internal GraphField OfMethod(MethodInfo method, Func<ResolverContext, object?> target, OutputTypes outputs)
    {
        string name = Names.OfMember(method);
        TypeShape shape = TypeShape.OfResult(method);
        bool isId = method.GetCustomAttribute<IDAttribute>() is not null;
        var paging = method.GetCustomAttribute<UsePagingAttribute>();
        Type item = paging is null ? shape.Named : Paging.ItemOf(shape).Type;
        var field = new GraphField(
            name, paging is null ? outputs.Of(shape, isId) : _paging.TypeOf(name, Paging.ItemOf(shape), paging, outputs));
        if (paging is not null)
        {
            Paging.AddArguments(field, paging);
        }

        IReadOnlyList<Func<ResolverContext, object?>> bound = parameters.Bind(method, field, parameter =>
            parameter.ParameterType == typeof(PagingArguments) ? context => Paging.Read(context, paging)
            : parameter.ParameterType == typeof(Filter) ? _filtering.SourceOf(method, item, field)
            : parameter.ParameterType == typeof(SortOrder) ? _filtering.OrderOf(method, item, field)
            : null);
        FieldResolver resolve = Invocation.Call(method, target, bound);
        field.Resolve = paging is not null ? Paging.Around(resolve, paging) : isId ? AsId(resolve) : resolve;
        return Finish(field, method);
    }

    /// <summary>Classes with resolvers: a service of the request, else one object for all requests.</summary>
    internal static Func<ResolverContext, object?> TargetOf(Type resolvers)
    {
        if (resolvers is { IsAbstract: true, IsSealed: true })
        {
            return static _ => null;
        }

        var single = new Lazy<object>(() => Activator.CreateInstance(resolvers)!);
        bool canBeMade = resolvers.GetConstructor(Type.EmptyTypes) is not null;
        return context => context.Services.GetService(resolvers)
            ?? (canBeMade ? single.Value : ActivatorUtilities.CreateInstance(context.Services, resolvers));
    }

    internal static GraphField Finish(GraphField field, MemberInfo member)
    {
        field.DescribeLater(() => Descriptions.OfMember(member));
        field.DeprecationReason = Deprecation.Of(member);
        var weight = member.GetCustomAttribute<CostAttribute>();
        var size = member.GetCustomAttribute<ListSizeAttribute>();
        if (weight is not null || size is not null)
        {
            FieldCost usual = field.Get<FieldCost>() ?? new FieldCost { SlicingArguments = ["first", "last", "limit"] };
            field.Set(usual with
            {
                Weight = weight?.Weight ?? usual.Weight,
                AssumedSize = size is { AssumedSize: > 0 } ? size.AssumedSize : usual.AssumedSize,
                SlicingArguments = size is { SlicingArguments.Length: > 0 } ? size.SlicingArguments : usual.SlicingArguments,
            });
        }

        return field;
    }

    /// <summary>Identities are text on the wire, whatever they are here.</summary>
    private static FieldResolver AsId(FieldResolver resolve) =>
        context =>
        {
            ValueTask<object?> task = resolve(context);
            return task.IsCompletedSuccessfully ? new(Text(task.Result)) : WaitAsync(task);
        };

    private static async ValueTask<object?> WaitAsync(ValueTask<object?> task) => Text(await task);

    private static object? Text(object? value) =>
        value switch
        {
            null or string or int => value,
            System.Collections.IEnumerable items => items.Cast<object?>().Select(Text).ToList(),
            IFormattable formattable => formattable.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
            _ => value.ToString(),
        };
}
