using System.Reflection;
using System.Runtime.ExceptionServices;
using Events.GraphQL.Types;

namespace Events.GraphQL.Binding;

/// <summary>
/// Makes resolvers of C# members. What can be found out once is found out here; at run time delegates are called.
/// </summary>
internal static class Invocation
{
    private static readonly MethodInfo GetterMethod = Own(nameof(Getter));
    private static readonly MethodInfo OfTaskMethod = Own(nameof(OfTask));
    private static readonly MethodInfo OfValueTaskMethod = Own(nameof(OfValueTask));

    internal static FieldResolver OfProperty(PropertyInfo property)
    {
        MethodInfo getter = property.GetMethod!;
        Type owner = getter.DeclaringType!;
        if (owner.IsValueType || Result(property.PropertyType) is not null)
        {
            return Call(getter, static context => context.Parent, []);
        }

        return (FieldResolver)GetterMethod.MakeGenericMethod(owner, property.PropertyType).Invoke(null, [getter])!;
    }

    /// <param name="target">The object to call the method on; null for static methods.</param>
    internal static FieldResolver Call(
        MethodInfo method, Func<ResolverContext, object?> target, IReadOnlyList<Func<ResolverContext, object?>> parameters)
    {
        MethodInvoker invoker = MethodInvoker.Create(method);
        Func<ResolverContext, object?>[] read = [.. parameters];
        Func<object, ValueTask<object?>>? result = Result(method.ReturnType);
        return context =>
        {
            object?[] arguments = read.Length == 0 ? [] : new object?[read.Length];
            for (int i = 0; i < read.Length; i++)
            {
                arguments[i] = read[i](context);
            }

            object? given = Invoke(invoker, target(context), arguments);
            return result is null || given is null ? new(given) : result(given);
        };
    }

    /// <summary>What the method throws is thrown, not something around it.</summary>
    private static object? Invoke(MethodInvoker invoker, object? target, object?[] arguments)
    {
        try
        {
            return invoker.Invoke(target, arguments.AsSpan());
        }
        catch (TargetInvocationException e) when (e.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
            throw;
        }
    }

    /// <returns>How to wait for it; null for a type that is there at once.</returns>
    private static Func<object, ValueTask<object?>>? Result(Type type)
    {
        if (!type.IsGenericType)
        {
            return null;
        }

        Type definition = type.GetGenericTypeDefinition();
        MethodInfo? wait =
            definition == typeof(Task<>) ? OfTaskMethod : definition == typeof(ValueTask<>) ? OfValueTaskMethod : null;
        return wait?.MakeGenericMethod(type.GenericTypeArguments[0]).CreateDelegate<Func<object, ValueTask<object?>>>();
    }

    private static FieldResolver Getter<TOwner, TValue>(MethodInfo getter)
        where TOwner : class
    {
        Func<TOwner, TValue> get = getter.CreateDelegate<Func<TOwner, TValue>>();
        return context => new((object?)get((TOwner)context.Parent!));
    }

    private static ValueTask<object?> OfTask<T>(object task)
    {
        var typed = (Task<T>)task;
        return typed.IsCompletedSuccessfully ? new(typed.Result) : WaitAsync(typed);

        static async ValueTask<object?> WaitAsync(Task<T> task) => await task;
    }

    private static async ValueTask<object?> OfValueTask<T>(object task) => await (ValueTask<T>)task;

    private static MethodInfo Own(string name) =>
        typeof(Invocation).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;
}
