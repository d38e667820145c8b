using System.Text.Json;

namespace Events.GraphQL;

/// <summary>One request for an operation, as a transport read it.</summary>
/// <param name="Query">The document's text. Null while a persisted one is only named; transports put its text there.</param>
/// <param name="OperationName">Which operation of the document; null when it has one only.</param>
/// <param name="Variables">A JSON object, not coerced yet; null for none.</param>
/// <param name="Extensions">A JSON object; null for none.</param>
/// <param name="DocumentId">Names a document that the server knows; null when there is none.</param>
public sealed record GraphQLRequest(
    string? Query,
    string? OperationName = null,
    JsonElement? Variables = null,
    JsonElement? Extensions = null,
    string? DocumentId = null);
