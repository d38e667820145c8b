using System.Text;
using System.Text.Json;
using Events.GraphQL.Transports;
using Microsoft.AspNetCore.WebUtilities;

namespace Events.GraphQL.Http;

/// <summary>Reads the parameters of a request from the address of a GET (GraphQL over HTTP, section 5.3).</summary>
internal static class QueryString
{
    private static readonly string[] Names = ["query", "operationName", "variables", "extensions", "documentId"];

    /// <param name="text">With its question mark; null or empty for none.</param>
    /// <param name="fault">Why it is no request; null when it is one.</param>
    internal static GraphQLRequest? Read(string? text, int nestingMax, out Fault? fault)
    {
        string?[] values = new string?[Names.Length];
        fault = null;
        foreach (QueryStringEnumerable.EncodedNameValuePair pair in new QueryStringEnumerable(text))
        {
            int i = Array.IndexOf(Names, pair.DecodeName().ToString());
            if (i < 0)
            {
                continue;
            }

            if (values[i] is not null)
            {
                fault = Fault.BadRequest($"{Names[i]} is given twice.");
                return null;
            }

            values[i] = pair.DecodeValue().ToString();
        }

        // Empty means absent, for operationName by the specification and for the others by custom.
        string? Given(int i) => string.IsNullOrEmpty(values[i]) ? null : values[i];
        JsonElement? variables = Map(Names[2], Given(2), nestingMax, ref fault);
        JsonElement? extensions = Map(Names[3], Given(3), nestingMax, ref fault);
        var request = new GraphQLRequest(values[0], Given(1), variables, extensions, Given(4));
        fault ??= RequestReader.Missing(request);
        return fault is null ? request : null;
    }

    private static JsonElement? Map(string name, string? text, int nestingMax, ref Fault? fault)
    {
        if (text is null || fault is not null)
        {
            return null;
        }

        byte[] json = Encoding.UTF8.GetBytes(text);
        string? flaw = JsonText.Flaw(json, nestingMax);
        JsonElement? value = flaw is null ? RequestReader.ReadMap(json, nestingMax, out flaw) : null;
        if (flaw is null && value!.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
        {
            flaw = "must be a JSON object.";
        }

        fault = flaw is null ? null : Fault.BadRequest($"{name} {flaw}");
        return value?.ValueKind == JsonValueKind.Object ? value : null;
    }
}
