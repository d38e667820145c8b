using System.Reflection;
using Events.GraphQL.DataLoaders;
using Events.GraphQL.Types;
using Microsoft.Extensions.DependencyInjection;

namespace Events.GraphQL.Binding;

/// <summary>Data loaders that are made of methods (<see cref="DataLoaderAttribute"/>), and those that are classes.</summary>
internal sealed class LoaderMethods
{
    private static readonly MethodInfo MakeMethod =
        typeof(LoaderMethods).GetMethod(nameof(Make), BindingFlags.NonPublic | BindingFlags.Static)!;

    private readonly List<(string Name, Type Interface, Func<ResolverContext, object?> Source)> _known = [];

    internal void Add(Type type)
    {
        foreach (MethodInfo method in type.GetMethods(BindingFlags.Public | BindingFlags.Static))
        {
            if (method.GetCustomAttribute<DataLoaderAttribute>() is not null)
            {
                Add(method);
            }
        }
    }

    /// <exception cref="SchemaException">No loader is of that type, or several and none has the parameter's name.</exception>
    internal Func<ResolverContext, object?> SourceOf(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        if (!type.IsInterface)
        {
            return context => context.Loaders.Get(type);
        }

        var fitting = _known.Where(one => one.Interface == type).ToList();
        var named = fitting.Where(one => one.Name == parameter.Name).ToList();
        return (fitting.Count, named.Count) switch
        {
            (1, _) => fitting[0].Source,
            (_, 1) => named[0].Source,
            _ => throw new SchemaException(new GraphQLError(
                $"The data loader {parameter.Name} of {parameter.Member.DeclaringType}.{parameter.Member.Name} is not known. "
                + "Name the parameter as the method that has [DataLoader], without Get and Async.")),
        };
    }

    private void Add(MethodInfo method)
    {
        ParameterInfo[] parameters = method.GetParameters();
        Type? result = method.ReturnType.GenericTypeArguments.FirstOrDefault();
        bool isLoader = parameters.Length > 0
            && parameters[0].ParameterType is { IsGenericType: true } keys
            && keys.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)
            && result is { IsGenericType: true } && result.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)
            && method.ReturnType.GetGenericTypeDefinition() == typeof(Task<>);
        if (!isLoader)
        {
            throw new SchemaException(new GraphQLError(
                $"{method.DeclaringType}.{method.Name} is no data loader: it takes IReadOnlyList<TKey>, services and a "
                + "CancellationToken, and gives Task<IReadOnlyDictionary<TKey, TValue>>."));
        }

        Type[] types = result!.GenericTypeArguments;
        var source = (Func<ResolverContext, object?>)MakeMethod.MakeGenericMethod(types).Invoke(null, [method])!;
        _known.Add((Names.OfMember(method), typeof(IDataLoader<,>).MakeGenericType(types), source));
    }

    private static Func<ResolverContext, object?> Make<TKey, TValue>(MethodInfo method)
        where TKey : notnull
    {
        MethodInvoker invoker = MethodInvoker.Create(method);
        ParameterInfo[] parameters = method.GetParameters();
        return context => context.Loaders.GetOrAdd(method, scheduler =>
        {
            IServiceProvider services = context.Services;
            return new FunctionDataLoader<TKey, TValue>(scheduler, (keys, cancellationToken) =>
            {
                object?[] arguments = [.. parameters.Select(one =>
                    one.Position == 0 ? keys
                    : one.ParameterType == typeof(CancellationToken) ? cancellationToken
                    : services.GetRequiredService(one.ParameterType))];
                return (Task<IReadOnlyDictionary<TKey, TValue>>)invoker.Invoke(null, arguments.AsSpan())!;
            });
        });
    }
}
