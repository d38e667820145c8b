namespace Events.GraphQL;

/// <summary>An item of a source stream that stands somewhere in a log.</summary>
public interface IPositioned
{
    /// <summary>Where, as clients name it to resume behind it. Whoever is ended as too slow is told the last one.</summary>
    string Position { get; }
}
