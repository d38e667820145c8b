using System.Reflection;
using System.Text;

namespace Events.GraphQL.Binding;

/// <summary>Names on the wire, as they follow from C#.</summary>
internal static class Names
{
    /// <summary><c>GetCameraAsync</c> is <c>camera</c>, <c>IPAddress</c> is <c>ipAddress</c>.</summary>
    internal static string OfMember(MemberInfo member)
    {
        if (member.GetCustomAttribute<GraphQLNameAttribute>() is { } given)
        {
            return given.Name;
        }

        string name = member.Name;
        if (member is MethodInfo method)
        {
            if (name.StartsWith("Get", StringComparison.Ordinal) && name.Length > 3 && char.IsUpper(name[3]))
            {
                name = name[3..];
            }

            if (name.EndsWith("Async", StringComparison.Ordinal) && name.Length > 5 && IsAsynchronous(method.ReturnType))
            {
                name = name[..^5];
            }
        }

        return Camel(name);
    }

    internal static string OfParameter(ParameterInfo parameter) =>
        parameter.GetCustomAttribute<GraphQLNameAttribute>()?.Name ?? Camel(parameter.Name!);

    internal static string OfEnumValue(FieldInfo value) =>
        value.GetCustomAttribute<GraphQLNameAttribute>()?.Name ?? UpperSnake(value.Name);

    internal static string OfOutput(Type type)
    {
        string? given = type.GetCustomAttribute<GraphQLNameAttribute>()?.Name
            ?? type.GetCustomAttribute<ObjectTypeAttribute>()?.Name
            ?? type.GetCustomAttribute<InterfaceTypeAttribute>()?.Name
            ?? type.GetCustomAttribute<UnionTypeAttribute>()?.Name;
        return given ?? Plain(type);
    }

    /// <summary><c>Camera</c> is <c>CameraInput</c> as an argument.</summary>
    internal static string OfInput(Type type)
    {
        string name = type.GetCustomAttribute<GraphQLNameAttribute>()?.Name ?? Plain(type);
        return name.EndsWith("Input", StringComparison.Ordinal) ? name : name + "Input";
    }

    internal static string Pascal(string name) => char.ToUpperInvariant(name[0]) + name[1..];

    /// <summary>Lower case up to the last capital of those at the start: <c>HLSUrl</c> is <c>hlsUrl</c>.</summary>
    internal static string Camel(string name)
    {
        int capitals = 0;
        while (capitals < name.Length && char.IsUpper(name[capitals]))
        {
            capitals++;
        }

        // The last capital begins the next word, unless nothing follows it.
        int lowered = capitals > 1 && capitals < name.Length && char.IsLower(name[capitals]) ? capitals - 1 : capitals;
        return string.Concat(name[..lowered].ToLowerInvariant(), name.AsSpan(lowered));
    }

    internal static string UpperSnake(string name)
    {
        var text = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            bool isWordStart = i > 0 && char.IsUpper(name[i])
                && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1]))) && name[i - 1] != '_';
            if (isWordStart)
            {
                text.Append('_');
            }

            text.Append(char.ToUpperInvariant(name[i]));
        }

        return text.ToString();
    }

    private static string Plain(Type type)
    {
        string name = type.Name;
        if (type.IsGenericType)
        {
            string arguments = string.Join("And", type.GetGenericArguments().Select(Plain));
            name = $"{name[..name.IndexOf('`', StringComparison.Ordinal)]}Of{arguments}";
        }

        bool isInterface = type.IsInterface && name.Length > 1 && name[0] == 'I' && char.IsUpper(name[1]);
        return isInterface ? name[1..] : name;
    }

    private static bool IsAsynchronous(Type type) =>
        type == typeof(Task) || type == typeof(ValueTask)
        || (type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>)
            || type.GetGenericTypeDefinition() == typeof(ValueTask<>)
            || type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>)));
}
