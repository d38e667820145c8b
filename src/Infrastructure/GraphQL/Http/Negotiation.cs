using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Events.GraphQL.Http;

/// <summary>What an answer is written as.</summary>
internal enum Form
{
    None,
    Json,
    GraphQLResponse,
    EventStream,
    Html,
}

/// <summary>What a client can read (RFC 9110, section 12.5.1; GraphQL over HTTP, section 6.1).</summary>
/// <param name="Best">What it likes best of what there is; <see cref="Form.None"/> when nothing fits.</param>
/// <param name="Single">How a single result is sent to it: an event stream only when it likes that best.</param>
/// <param name="TakesStreams">Whether it can read an event stream, so that it may subscribe.</param>
internal readonly record struct Accepted(Form Best, Form Single, bool TakesStreams);

internal static class Negotiation
{
    /// <summary>Media ranges of one header that are looked at; browsers send six.</summary>
    private const int RangesMax = 64;

    /// <summary>In the order in which they are taken when the client has no opinion.</summary>
    private static readonly (Form Form, string Type, string Subtype)[] Offers =
    [
        (Form.Json, "application", "json"),
        (Form.GraphQLResponse, "application", "graphql-response+json"),
        (Form.EventStream, "text", "event-stream"),
        (Form.Html, "text", "html"),
    ];

    internal static Accepted Of(HttpRequest request, bool offersHtml)
    {
        StringValues accept = request.Headers.Accept;
        if (StringValues.IsNullOrEmpty(accept))
        {
            return new Accepted(Form.Json, Form.Json, false);
        }

        if (!MediaTypeHeaderValue.TryParseList(accept, out IList<MediaTypeHeaderValue>? ranges) || ranges.Count > RangesMax)
        {
            return default;
        }

        Rank best = default;
        Rank bestJson = default;
        Rank stream = default;
        foreach ((Form form, string type, string subtype) in Offers)
        {
            Rank rank = RankOf(form, type, subtype, ranges);
            if (rank.Quality == 0 || (form == Form.Html && !offersHtml))
            {
                continue;
            }

            best = rank.IsBetterThan(best) ? rank : best;
            if (form is Form.Json or Form.GraphQLResponse)
            {
                bestJson = rank.IsBetterThan(bestJson) ? rank : bestJson;
            }

            stream = form == Form.EventStream ? rank : stream;
        }

        Form single = best.Form == Form.EventStream || bestJson.Quality == 0 ? best.Form : bestJson.Form;
        return new Accepted(best.Form, single, stream.Quality > 0);
    }

    /// <summary>The most specific range that fits decides; among equal ones the first.</summary>
    private static Rank RankOf(Form form, string type, string subtype, IList<MediaTypeHeaderValue> ranges)
    {
        Rank rank = default;
        for (int i = 0; i < ranges.Count; i++)
        {
            MediaTypeHeaderValue range = ranges[i];
            int precision = range.MatchesAllTypes ? 1
                : !range.Type.Equals(type, StringComparison.OrdinalIgnoreCase) ? 0
                : range.MatchesAllSubTypes ? 2
                : range.SubType.Equals(subtype, StringComparison.OrdinalIgnoreCase) ? 3 : 0;

            // Whoever takes anything wants an answer, not a page or a stream without end.
            bool isMeant = precision == 3 || form is Form.Json or Form.GraphQLResponse;
            if (precision > rank.Precision && isMeant && IsUtf8(range))
            {
                rank = new Rank(form, range.Quality ?? 1, precision, i);
            }
        }

        return rank;
    }

    private static bool IsUtf8(MediaTypeHeaderValue range) =>
        !range.Charset.HasValue
        || HeaderUtilities.RemoveQuotes(range.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase);

    /// <param name="Precision">0: no range fits.</param>
    /// <param name="Place">Of the range in the header.</param>
    private readonly record struct Rank(Form Form, double Quality, int Precision, int Place)
    {
        internal bool IsBetterThan(Rank other) =>
            Quality != other.Quality ? Quality > other.Quality
            : (Precision == 3) != (other.Precision == 3) ? Precision == 3
            : Precision == 3 && Place < other.Place;
    }
}
