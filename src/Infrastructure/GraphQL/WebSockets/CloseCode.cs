using System.Net.WebSockets;

namespace Events.GraphQL.WebSockets;

/// <summary>Why a socket is closed: the codes of graphql-transport-ws, and those of RFC 6455 that are used beside them.</summary>
internal static class CloseCode
{
    internal const WebSocketCloseStatus ServerStopping = WebSocketCloseStatus.EndpointUnavailable;
    internal const WebSocketCloseStatus MessageTooSlow = WebSocketCloseStatus.PolicyViolation;
    internal const WebSocketCloseStatus MessageTooLong = WebSocketCloseStatus.MessageTooBig;
    internal const WebSocketCloseStatus InvalidMessage = (WebSocketCloseStatus)4400;
    internal const WebSocketCloseStatus Unauthorized = (WebSocketCloseStatus)4401;
    internal const WebSocketCloseStatus Forbidden = (WebSocketCloseStatus)4403;
    internal const WebSocketCloseStatus SubprotocolNotAcceptable = (WebSocketCloseStatus)4406;
    internal const WebSocketCloseStatus InitTimeout = (WebSocketCloseStatus)4408;
    internal const WebSocketCloseStatus SubscriberExists = (WebSocketCloseStatus)4409;
    internal const WebSocketCloseStatus TooManyInits = (WebSocketCloseStatus)4429;
    internal const WebSocketCloseStatus InternalError = (WebSocketCloseStatus)4500;
}
