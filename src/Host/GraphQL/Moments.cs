using System.Globalization;
using Events.Application.Contracts;
using Events.GraphQL;

namespace Events.Host.GraphQL;

/// <summary>A moment of the log: give one of the two.</summary>
/// <param name="Position">A fact's position, as text.</param>
/// <param name="Time">What was recorded up to this moment.</param>
[OneOf]
internal sealed record AsOf(string? Position, DateTimeOffset? Time);

/// <summary>Positions as clients name them.</summary>
internal sealed class Moments(IFacts facts, TimeProvider time)
{
    /// <exception cref="GraphQLException">The text is no position.</exception>
    public static long Read(string position) =>
        long.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new GraphQLException(GraphQLDoor.Coded(
                "A position is the text of a whole number, as answers carry it.", "BAD_POSITION"));

    public static string Write(long position) => position.ToString(CultureInfo.InvariantCulture);

    public async Task<long> PositionOfAsync(AsOf asOf, CancellationToken cancellationToken) =>
        asOf.Position is { } position ? Read(position) : await facts.PositionAtAsync(asOf.Time!.Value, cancellationToken);

    /// <summary>When that was, at the latest now; of a position, when the newest fact up to it was recorded.</summary>
    public async Task<DateTimeOffset> TimeOfAsync(AsOf asOf, CancellationToken cancellationToken)
    {
        if (asOf.Position is not { } text)
        {
            DateTimeOffset now = time.GetUtcNow();
            return asOf.Time!.Value < now ? asOf.Time.Value : now;
        }

        long position = Read(text);
        FactsFound newest = await facts.FindAsync(
            new FactQuery(Before: position == long.MaxValue ? position : position + 1, Count: 1, IsFromEnd: true),
            cancellationToken);
        return newest.Facts is [{ } fact] ? fact.RecordedAt : DateTimeOffset.MinValue;
    }
}
