using System.Diagnostics.CodeAnalysis;

namespace Events.GraphQL;

/// <summary>
/// What came of a mutation: a value, or errors that it is declared to have with <see cref="ErrorAttribute{T}"/>.
/// </summary>
public sealed class FieldResult<T> : IFieldResult
{
    private readonly T? _value;

    public FieldResult(T value) => _value = value;

    /// <param name="errors">At least one.</param>
    public FieldResult(IReadOnlyList<object> errors)
    {
        ArgumentOutOfRangeException.ThrowIfZero(errors.Count, nameof(errors));
        Errors = errors;
    }

    /// <summary>Null when it succeeded.</summary>
    public IReadOnlyList<object>? Errors { get; }

    object? IFieldResult.Value => _value;

    [SuppressMessage("Usage", "CA2225", Justification = "The constructor is the alternative.")]
    public static implicit operator FieldResult<T>(T value) => new(value);
}

/// <summary>A result, whatever its value is.</summary>
internal interface IFieldResult
{
    object? Value { get; }

    IReadOnlyList<object>? Errors { get; }
}
