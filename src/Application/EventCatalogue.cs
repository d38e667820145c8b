using System.Text.Json.Serialization.Metadata;
using Events.Application.Contracts;

namespace Events.Application;

/// <summary>
/// One type of fact as it is stored. Aliases are written out and never derived: renaming a class must not touch the disk.
/// </summary>
/// <param name="Alias">The <c>type</c> column, e.g. <c>camera_registered</c>.</param>
/// <param name="Json">How its body is written: camelCase, enums as text.</param>
public sealed record EventType(string Alias, Type FactType, JsonTypeInfo Json)
{
    /// <summary>What in the body is about people. Empty for nearly all.</summary>
    public IReadOnlyList<PersonalMember> Personal { get; init; } = [];

    /// <summary>The <c>mt_dotnet_type</c> column: namespace, type and assembly without a version.</summary>
    public string DotNetType { get; } = $"{FactType.FullName}, {FactType.Assembly.GetName().Name}";
}

/// <summary>Every type of fact that this program can write and read.</summary>
public sealed class EventCatalogue
{
    private readonly Dictionary<string, EventType> _byAlias;
    private readonly Dictionary<Type, EventType> _byType;

    public EventCatalogue(IEnumerable<EventType> types)
    {
        Types = [.. types];
        _byAlias = Types.ToDictionary(type => type.Alias, StringComparer.Ordinal);
        _byType = Types.ToDictionary(type => type.FactType);
    }

    public IReadOnlyList<EventType> Types { get; }

    /// <returns>Null for a type that a newer program wrote.</returns>
    public EventType? Find(string alias) => _byAlias.GetValueOrDefault(alias);

    /// <exception cref="InvalidOperationException">The fact's type is not in the catalogue.</exception>
    public EventType Of(object fact) =>
        _byType.TryGetValue(fact.GetType(), out EventType? type)
            ? type
            : throw new InvalidOperationException($"{fact.GetType()} is not in the event catalogue. Add it to EventTypes.");
}
