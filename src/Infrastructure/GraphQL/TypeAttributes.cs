namespace Events.GraphQL;

// Names and meanings are HotChocolate 16's, so that types move between the two engines. What an attribute cannot say here is
// said by the C# types themselves: nullability, defaults, XML documentation, [Obsolete].

/// <summary>The members of this class are fields of the query type. Several classes may bear it.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class QueryTypeAttribute : Attribute;

/// <summary>The methods of this class are mutations. Several classes may bear it.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class MutationTypeAttribute : Attribute;

/// <summary>The methods of this class are subscriptions; each has <see cref="SubscribeAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SubscriptionTypeAttribute : Attribute;

/// <summary>The class is an object type.</summary>
/// <param name="name">Null for the class's own.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class ObjectTypeAttribute(string? name = null) : Attribute
{
    public string? Name => name;
}

/// <summary>The members of this class are fields of the object type that <typeparamref name="T"/> is.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ObjectTypeAttribute<T> : Attribute;

/// <summary>The members of this class are more fields of a type that is defined elsewhere.</summary>
/// <param name="extendsType">The C# type behind it.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ExtendObjectTypeAttribute(Type extendsType) : Attribute
{
    public Type ExtendsType => extendsType;
}

/// <summary>As <see cref="ExtendObjectTypeAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ExtendObjectTypeAttribute<T> : Attribute;

/// <summary>The interface or abstract class is a GraphQL interface; registered types that are of it implement it.</summary>
/// <param name="name">Null for the type's own, without the I of a C# interface.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class InterfaceTypeAttribute(string? name = null) : Attribute
{
    public string? Name => name;
}

/// <summary>The interface or abstract class is a union of the registered types that are of it.</summary>
/// <param name="name">Null for the type's own, without the I of a C# interface.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class UnionTypeAttribute(string? name = null) : Attribute
{
    public string? Name => name;
}

/// <summary>Of this input object exactly one field must be given (specification, section 3.10.1).</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public sealed class OneOfAttribute : Attribute;

/// <summary>A name on the wire other than the one that follows from C#.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class GraphQLNameAttribute(string name) : Attribute
{
    public string Name => name;
}

/// <summary>A description other than that of the XML documentation.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class GraphQLDescriptionAttribute(string description) : Attribute
{
    public string Description => description;
}

/// <summary>Deprecated on the wire, but not in C#, for which there is <see cref="ObsoleteAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class GraphQLDeprecatedAttribute(string reason) : Attribute
{
    public string Reason => reason;
}

/// <summary>Not on the wire.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class GraphQLIgnoreAttribute : Attribute;

/// <summary>Who may read the field, or any field of the type. Without roles: whoever is signed in.</summary>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Method | AttributeTargets.Property, AllowMultiple = true)]
public sealed class AuthorizeAttribute : Attribute
{
    /// <summary>One of them is enough. Whether a greater role includes a smaller one is the host's matter.</summary>
    public string[] Roles { get; set; } = [];

    /// <summary>A named rule of the host; null for none.</summary>
    public string? Policy { get; set; }
}
