using System.Reflection;

namespace Events.GraphQL.Binding;

/// <summary>Which members of a C# type are fields.</summary>
internal static class Members
{
    private const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance;

    /// <summary>Properties that can be read, those of base types first, each in the order of the source.</summary>
    internal static IEnumerable<PropertyInfo> PropertiesOf(Type type) =>
        type.GetProperties(Public)
            .Where(one => one.GetMethod is { IsPublic: true } && one.GetIndexParameters().Length == 0 && IsShown(one))
            .OrderBy(one => Depth(one.DeclaringType!))
            .ThenBy(one => one.MetadataToken)
            .DistinctBy(one => one.Name);

    /// <summary>Methods that give something and are no part of what every object has.</summary>
    internal static IEnumerable<MethodInfo> MethodsOf(Type type, bool isResolver) =>
        type.GetMethods(isResolver ? Public | BindingFlags.Static | BindingFlags.DeclaredOnly : Public)
            .Where(one => !one.IsSpecialName && !one.IsGenericMethod)
            .Where(one => IsShown(one) && !IsOfEveryObject(one) && GivesSomething(one))
            .OrderBy(one => Depth(one.DeclaringType!))
            .ThenBy(one => one.MetadataToken);

    private static bool IsShown(MemberInfo member) =>
        member.GetCustomAttribute<GraphQLIgnoreAttribute>() is null
        && member.GetCustomAttribute<DataLoaderAttribute>() is null;

    private static bool IsOfEveryObject(MethodInfo method) =>
        method.GetBaseDefinition().DeclaringType == typeof(object)
        || method.Name is "Equals" or "Deconstruct" or "CompareTo" or "<Clone>$" or "PrintMembers" or "ToString" or "GetHashCode"
            or "Dispose" or "DisposeAsync";

    private static bool GivesSomething(MethodInfo method) =>
        method.ReturnType != typeof(void) && method.ReturnType != typeof(Task) && method.ReturnType != typeof(ValueTask)
        && !method.GetParameters().Any(one => one.IsOut || one.ParameterType.IsByRef);

    private static int Depth(Type type) => type.BaseType is { } parent ? Depth(parent) + 1 : 0;
}
