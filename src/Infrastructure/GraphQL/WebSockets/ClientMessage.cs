using System.Text.Json;
using Events.GraphQL.Transports;

namespace Events.GraphQL.WebSockets;

internal enum ClientMessageType
{
    Invalid,
    ConnectionInit,
    Ping,
    Pong,
    Subscribe,
    Complete,
}

/// <summary>
/// One message of a client (graphql-transport-ws). Read strictly: what the protocol does not know is
/// <see cref="ClientMessageType.Invalid"/>, and <see cref="Flaw"/> says why. Members that it does not name are passed over.
/// </summary>
/// <param name="Id">Of <c>subscribe</c> and <c>complete</c>.</param>
/// <param name="Payload">The bytes as they came, pointing into the message; empty for none.</param>
/// <param name="Request">Of <c>subscribe</c>.</param>
internal readonly record struct ClientMessage(
    ClientMessageType Type, string? Id, ReadOnlyMemory<byte> Payload, GraphQLRequest? Request, string? Flaw)
{
    /// <summary>The message around the payload.</summary>
    private const int EnvelopeLevels = 1;

    internal static ClientMessage Read(ReadOnlyMemory<byte> message, GraphQLTransportOptions options)
    {
        int nestingMax = options.NestingMax + RequestReader.EnvelopeLevels + EnvelopeLevels;
        if (JsonText.Flaw(message.Span, nestingMax) is { } flaw)
        {
            return Invalid("The message " + flaw);
        }

        Members members = ReadMembers(message.Span, nestingMax);
        if (members.Flaw is not null)
        {
            return Invalid(members.Flaw);
        }

        ReadOnlyMemory<byte> payload = message[members.Payload];
        return members.Type switch
        {
            "connection_init" => WithMap(ClientMessageType.ConnectionInit, members, payload),
            "ping" => WithMap(ClientMessageType.Ping, members, payload),
            "pong" => WithMap(ClientMessageType.Pong, members, payload),
            "complete" => FlawOf(members.Id, options) is { } wrong
                ? Invalid(wrong)
                : new ClientMessage(ClientMessageType.Complete, members.Id, default, null, null),
            "subscribe" => Subscribe(members, payload, options),
            null => Invalid("The message has no type."),
            _ => Invalid("The type of the message is none that a client sends."),
        };
    }

    private static ClientMessage Invalid(string flaw) => new(ClientMessageType.Invalid, null, default, null, flaw);

    private static ClientMessage WithMap(ClientMessageType type, Members members, ReadOnlyMemory<byte> payload) =>
        members.PayloadType is JsonTokenType.None or JsonTokenType.StartObject
            ? new ClientMessage(type, null, payload, null, null)
            : Invalid("The payload of this message must be an object.");

    private static ClientMessage Subscribe(Members members, ReadOnlyMemory<byte> payload, GraphQLTransportOptions options)
    {
        if (FlawOf(members.Id, options) is { } wrong)
        {
            return Invalid(wrong);
        }

        if (members.PayloadType != JsonTokenType.StartObject)
        {
            return Invalid("The payload of subscribe must be an object.");
        }

        GraphQLRequest? request = RequestReader.Read(payload.Span, options.NestingMax, out Fault? fault);
        return request is null
            ? Invalid("The payload of subscribe is no request: " + fault!.Message)
            : new ClientMessage(ClientMessageType.Subscribe, members.Id, payload, request, null);
    }

    private static string? FlawOf(string? id, GraphQLTransportOptions options) =>
        string.IsNullOrEmpty(id) ? "The message needs an id, a string that is not empty."
        : id.Length > options.IdCharsMax ? $"The id is longer than {options.IdCharsMax} characters."
        : null;

    private static Members ReadMembers(ReadOnlySpan<byte> message, int nestingMax)
    {
        var reader = new Utf8JsonReader(message, new JsonReaderOptions { MaxDepth = nestingMax });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return new Members { Flaw = "The message must be an object." };
        }

        var members = new Members();
        var seen = Named.None;
        while (members.Flaw is null && reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            Named name = reader.ValueTextEquals("type"u8) ? Named.Type
                : reader.ValueTextEquals("id"u8) ? Named.Id
                : reader.ValueTextEquals("payload"u8) ? Named.Payload
                : Named.None;
            reader.Read();
            if ((seen & name) != 0)
            {
                members.Flaw = "The message has a member twice.";
            }

            seen |= name;
            members.Take(name, ref reader);
        }

        return members;
    }

    [Flags]
    private enum Named
    {
        None = 0,
        Type = 1,
        Id = 2,
        Payload = 4,
    }

    private struct Members
    {
        internal string? Type;
        internal string? Id;
        internal Range Payload;

        /// <summary><see cref="JsonTokenType.None"/> when absent or null.</summary>
        internal JsonTokenType PayloadType;
        internal string? Flaw;

        internal void Take(Named name, ref Utf8JsonReader reader)
        {
            switch (name)
            {
                case Named.Type or Named.Id when reader.TokenType != JsonTokenType.String:
                    Flaw ??= "type and id of a message must be strings.";
                    reader.Skip();
                    break;
                case Named.Type:
                    Type = reader.GetString();
                    break;
                case Named.Id:
                    Id = reader.GetString();
                    break;
                case Named.Payload when reader.TokenType != JsonTokenType.Null:
                    int start = (int)reader.TokenStartIndex;
                    PayloadType = reader.TokenType;
                    reader.Skip();
                    Payload = start..(int)reader.BytesConsumed;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }
}
