using System.Text.Json;

namespace Events.GraphQL.Transports;

/// <summary>
/// Reads the parameters of a request from a JSON object (GraphQL over HTTP, section 5.4.1; graphql-transport-ws,
/// <c>Subscribe</c>). A parameter that is given twice makes the request ambiguous, so it is refused; other members are
/// passed over.
/// </summary>
internal static class RequestReader
{
    /// <summary>The object around the variables.</summary>
    internal const int EnvelopeLevels = 1;

    private static readonly string[] Names = ["query", "operationName", "variables", "extensions", "documentId"];

    /// <param name="json">JSON, as <see cref="JsonText.Flaw"/> has found.</param>
    /// <param name="fault">Why it is no request; null when it is one.</param>
    internal static GraphQLRequest? Read(ReadOnlySpan<byte> json, int nestingMax, out Fault? fault)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = nestingMax + EnvelopeLevels });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            fault = reader.TokenType == JsonTokenType.StartArray
                ? Fault.BatchNotSupported
                : Fault.BadRequest("A request is a JSON object.");
            return null;
        }

        var request = new GraphQLRequest(null);
        int seen = 0;
        fault = null;
        while (fault is null && reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            int parameter = ParameterOf(ref reader);
            reader.Read();
            if (parameter < 0)
            {
                reader.Skip();
            }
            else if ((seen & (1 << parameter)) != 0)
            {
                fault = Fault.BadRequest($"{Names[parameter]} is given twice.");
            }
            else
            {
                seen |= 1 << parameter;
                request = With(request, parameter, ref reader, json, nestingMax, out fault);
            }
        }

        fault ??= Missing(request);
        return fault is null ? request : null;
    }

    /// <summary>A request needs a document, or something that names one.</summary>
    internal static Fault? Missing(GraphQLRequest request)
    {
        if (request is { Query: not null, DocumentId: not null })
        {
            return Fault.BadRequest("Give query or documentId, not both.");
        }

        return request.Query is not null || request.DocumentId is not null || PersistedOperations.IsNamedBy(request)
            ? null
            : Fault.BadRequest("query is missing: the text of a GraphQL document.");
    }

    /// <param name="json">JSON, as <see cref="JsonText.Flaw"/> has found.</param>
    /// <param name="flaw">Why it cannot be taken; null when it can.</param>
    internal static JsonElement? ReadMap(ReadOnlySpan<byte> json, int nestingMax, out string? flaw)
    {
        flaw = null;
        try
        {
            return JsonElement.Parse(json, new JsonDocumentOptions
            {
                MaxDepth = nestingMax + EnvelopeLevels,
                AllowDuplicateProperties = false,
            });
        }
        catch (JsonException)
        {
            // It is JSON and not too deep, so it can only be this.
            flaw = "has a name that is given twice in one object.";
            return null;
        }
    }

    private static int ParameterOf(ref Utf8JsonReader reader)
    {
        for (int i = 0; i < Names.Length; i++)
        {
            if (reader.ValueTextEquals(Names[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static GraphQLRequest With(
        GraphQLRequest request,
        int parameter,
        ref Utf8JsonReader reader,
        ReadOnlySpan<byte> json,
        int nestingMax,
        out Fault? fault)
    {
        fault = null;
        if (reader.TokenType == JsonTokenType.Null)
        {
            return request;
        }

        string name = Names[parameter];
        bool isMap = name is "variables" or "extensions";
        if (reader.TokenType != (isMap ? JsonTokenType.StartObject : JsonTokenType.String))
        {
            fault = Fault.BadRequest($"{name} must be {(isMap ? "an object" : "a string")}.");
            reader.Skip();
            return request;
        }

        if (!isMap)
        {
            string text = reader.GetString()!;
            return name switch
            {
                "query" => request with { Query = text },
                "operationName" => request with { OperationName = text },
                _ => request with { DocumentId = text },
            };
        }

        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        JsonElement? map = ReadMap(json[start..(int)reader.BytesConsumed], nestingMax, out string? flaw);
        fault = flaw is null ? null : Fault.BadRequest($"{name} {flaw}");
        return name == "variables" ? request with { Variables = map } : request with { Extensions = map };
    }
}
