using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Events.GraphQL.Transports;

/// <summary>A "no" of a transport: the request did not reach the engine, or what the engine gave could not be used.</summary>
/// <param name="Code">For programs: it stays when the message changes. Stands in the error's <c>extensions</c>.</param>
/// <param name="Message">For people. Never the text of an exception.</param>
/// <param name="Status">Over HTTP.</param>
/// <param name="IsWellFormed">
/// The request was a GraphQL request all the same; clients that take <c>application/json</c> then get 200 (GraphQL over HTTP,
/// section 6.4.1).
/// </param>
internal sealed record Fault(string Code, string Message, int Status = 400, bool IsWellFormed = false)
{
    /// <summary>How long the client should wait before it asks again; null when waiting does not help.</summary>
    internal TimeSpan? RetryAfter { get; init; }

    internal static readonly Fault NotAcceptable =
        new("NOT_ACCEPTABLE", "Accept application/graphql-response+json, application/json or text/event-stream.", 406);

    internal static readonly Fault MethodNotAllowed = new("METHOD_NOT_ALLOWED", "Use GET or POST.", 405);

    internal static readonly Fault UnsupportedMediaType = new(
        "UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json in UTF-8, without a content encoding.", 415);

    internal static readonly Fault BatchNotSupported =
        new("BATCHING_NOT_SUPPORTED", "Batches are not supported. Send one request at a time.");

    internal static readonly Fault BodyTooSlow = new("BODY_TOO_SLOW", "The body took too long to come in.", 408);

    internal static readonly Fault PreflightRequired = new(
        "PREFLIGHT_REQUIRED", "Send a GraphQL-Require-Preflight header with any value, so that no other site's form can ask.");

    internal static readonly Fault Timeout =
        new("TIMEOUT", "The request took too long and was given up.", 503, IsWellFormed: true);

    internal static readonly Fault ResultTooLarge =
        new("RESULT_TOO_LARGE", "The result is too large. Ask for less, or in pages.", 500, IsWellFormed: true);

    internal static readonly Fault TooManyForPrincipal = new(
        "TOO_MANY_OPERATIONS", "You have too many operations and subscriptions running. End some and ask again.", 429);

    internal static readonly Fault SlowConsumer = new(
        "SLOW_CONSUMER", "The subscription has ended, since its results were not read in time. Read faster and subscribe again.");

    internal static readonly Fault AdmissionEnded =
        new("ACCESS_EXPIRED", "Your access has expired. Sign in and ask again.", 401);

    internal static readonly Fault Stopping = new("SERVER_STOPPING", "The server is stopping. Ask again.", 503);

    internal static Fault BadRequest(string message) => new("BAD_REQUEST", message);

    internal static Fault BodyTooLarge(int bytesMax) =>
        new("BODY_TOO_LARGE", $"The body may have at most {bytesMax} bytes.", 413);

    internal static Fault Denied(string reason) => new("UNAUTHENTICATED", reason, 401);

    internal static Fault Unexpected(string requestId) =>
        new("INTERNAL_ERROR", $"Something went wrong. It was noted as {requestId}.", 500);

    /// <param name="wait">Until when there may be room again, if the client asks no oftener.</param>
    internal static Fault RateLimited(TimeSpan wait) =>
        new("RATE_LIMITED", "You ask too often. Wait a little.", 429) { RetryAfter = wait };

    internal static Fault TooManyForConnection(int operationsMax) => new(
        "TOO_MANY_OPERATIONS", $"This connection has {operationsMax} operations running, the most that is allowed.", 429);

    /// <summary>Writes <c>{"errors":[...]}</c>.</summary>
    internal void WriteTo(IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output, Writing);
        writer.WriteStartObject();
        writer.WritePropertyName("errors"u8);
        WriteErrors(writer, null);
        writer.WriteEndObject();
    }

    /// <summary>Writes the list of errors alone, as an <c>error</c> message carries it.</summary>
    /// <param name="position">Where a client may resume; null when that is not known.</param>
    internal void WriteErrorsTo(IBufferWriter<byte> output, string? position = null)
    {
        using var writer = new Utf8JsonWriter(output, Writing);
        WriteErrors(writer, position);
    }

    internal static readonly JsonWriterOptions Writing = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private void WriteErrors(Utf8JsonWriter writer, string? position)
    {
        writer.WriteStartArray();
        writer.WriteStartObject();
        writer.WriteString("message"u8, Message);
        writer.WriteStartObject("extensions"u8);
        writer.WriteString("code"u8, Code);
        if (RetryAfter is { } wait)
        {
            writer.WriteNumber("retryAfterMs"u8, Math.Max(1, (long)Math.Ceiling(wait.TotalMilliseconds)));
        }

        if (position is not null)
        {
            writer.WriteString("lastPosition"u8, position);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }
}
