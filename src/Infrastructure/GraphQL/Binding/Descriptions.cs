using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Xml;

namespace Events.GraphQL.Binding;

/// <summary>
/// Descriptions from the XML documentation beside an assembly. A file is read when the first of its descriptions is wanted, which
/// is when somebody looks at the schema: a host that only executes never pays for it.
/// </summary>
internal static class Descriptions
{
    private static readonly ConcurrentDictionary<Assembly, Lazy<IReadOnlyDictionary<string, XmlNode>>> Files = [];

    internal static string? OfType(Type type) =>
        Given(type) ?? Text(type.Assembly, $"T:{NameOf(type)}", "summary");

    internal static string? OfMember(MemberInfo member)
    {
        Type owner = member.DeclaringType!;
        string? own = Given(member) ?? Text(owner.Assembly, IdOf(member), "summary");

        // A positional record's property is described by the parameter of its constructor.
        return own ?? (member is PropertyInfo ? TextOfParameter(owner, $"T:{NameOf(owner)}", member.Name) : null);
    }

    internal static string? OfParameter(ParameterInfo parameter) =>
        parameter.GetCustomAttribute<GraphQLDescriptionAttribute>()?.Description
        ?? TextOfParameter(parameter.Member.DeclaringType!, IdOf(parameter.Member), parameter.Name!);

    private static string? Given(MemberInfo member) => member.GetCustomAttribute<GraphQLDescriptionAttribute>()?.Description;

    private static string? Text(Assembly assembly, string id, string element) =>
        Read(assembly).TryGetValue(id, out XmlNode? member) ? Plain(member.SelectSingleNode(element)) : null;

    private static string? TextOfParameter(Type owner, string id, string name) =>
        Read(owner.Assembly).TryGetValue(id, out XmlNode? member)
            ? Plain(member.SelectNodes("param")!.Cast<XmlNode>().FirstOrDefault(one => one.Attributes?["name"]?.Value == name))
            : null;

    private static IReadOnlyDictionary<string, XmlNode> Read(Assembly assembly) =>
        Files.GetOrAdd(assembly, static one => new(() => ReadFile(one))).Value;

    private static Dictionary<string, XmlNode> ReadFile(Assembly assembly)
    {
        var members = new Dictionary<string, XmlNode>(StringComparer.Ordinal);
        string path = Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.xml");
        if (!File.Exists(path))
        {
            return members;
        }

        var document = new XmlDocument();
        using XmlReader reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
        document.Load(reader);
        foreach (XmlNode member in document.SelectNodes("/doc/members/member")!)
        {
            members[member.Attributes!["name"]!.Value] = member;
        }

        return members;
    }

    /// <summary>White space folded; references and code as their names in back quotes.</summary>
    private static string? Plain(XmlNode? node)
    {
        if (node is null)
        {
            return null;
        }

        var text = new StringBuilder();
        foreach (XmlNode child in node.ChildNodes)
        {
            text.Append(child.Name switch
            {
                "see" or "seealso" => child.Attributes?["langword"]?.Value ?? ShortName(child.Attributes?["cref"]?.Value),
                "paramref" or "typeparamref" => child.Attributes?["name"]?.Value,
                "c" or "code" => $"`{child.InnerText}`",
                _ => child.InnerText,
            });
        }

        string folded = string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return folded.Length == 0 ? null : folded;
    }

    private static string ShortName(string? reference) =>
        reference is null ? string.Empty : $"`{reference[(reference.LastIndexOfAny(['.', ':']) + 1)..]}`";

    private static string NameOf(Type type) =>
        (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static string IdOf(MemberInfo member)
    {
        string name = $"{NameOf(member.DeclaringType!)}.{member.Name}";
        return member switch
        {
            PropertyInfo => $"P:{name}",
            FieldInfo => $"F:{name}",
            MethodInfo method when method.GetParameters() is { Length: > 0 } parameters =>
                $"M:{name}({string.Join(',', parameters.Select(one => IdOf(one.ParameterType)))})",
            _ => $"M:{name}",
        };
    }

    /// <summary>As the compiler writes types in the identity of a method.</summary>
    private static string IdOf(Type type)
    {
        if (type.IsArray)
        {
            return IdOf(type.GetElementType()!) + "[]";
        }

        if (!type.IsGenericType)
        {
            return (type.FullName ?? type.Name).Replace('+', '.');
        }

        string name = type.GetGenericTypeDefinition().FullName!.Replace('+', '.');
        string bare = name[..name.IndexOf('`', StringComparison.Ordinal)];
        return $"{bare}{{{string.Join(',', type.GetGenericArguments().Select(IdOf))}}}";
    }
}
