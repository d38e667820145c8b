using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Events.GraphQL.Language;

namespace Events.GraphQL.Execution;

/// <summary>A response map (specification, section 7.1), written straight to UTF-8 whenever it is asked for.</summary>
internal sealed class ResponseContent
{
    private static readonly JsonWriterOptions Writing = new()
    {
        // The answer is JSON and says so; nobody is to read it as HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,

        // Nesting is bounded where values come from: lists of lists at each level, and a leaf at the end.
        MaxDepth = ExecutorOptions.NestingMax * 20,
    };

    private static readonly ArrayBufferWriter<byte> Nowhere = new();

    [ThreadStatic]
    private static Utf8JsonWriter? t_writer;

    private readonly bool _hasData;
    private readonly ObjectNode? _data;
    private readonly IReadOnlyList<GraphQLError> _errors;
    private readonly bool _showsHints;
    private readonly IReadOnlyDictionary<string, object?>? _extensions;

    private ResponseContent(
        bool hasData,
        ObjectNode? data,
        IReadOnlyList<GraphQLError> errors,
        bool showsHints,
        IReadOnlyDictionary<string, object?>? extensions)
    {
        _hasData = hasData;
        _data = data;
        _errors = errors;
        _showsHints = showsHints;
        _extensions = extensions;
    }

    /// <summary>Nothing was executed.</summary>
    /// <param name="showsHints">Whether the client may be told which names it may have meant.</param>
    internal static GraphQLResult Refused(GraphQLPhase phase, IReadOnlyList<GraphQLError> errors, bool showsHints) =>
        new(phase, true, new ResponseContent(false, null, errors, showsHints, null).WriteTo);

    internal static GraphQLResult Executed(
        ExecutedOperation executed,
        bool showsHints,
        IReadOnlyDictionary<string, object?>? extensions,
        string? position = null)
    {
        var content = new ResponseContent(true, executed.Data, executed.Errors, showsHints, extensions);
        return new GraphQLResult(GraphQLPhase.Execute, executed.Errors.Count > 0, content.WriteTo) { Position = position };
    }

    private void WriteTo(IBufferWriter<byte> output)
    {
        Utf8JsonWriter writer = t_writer ?? new Utf8JsonWriter(Nowhere, Writing);
        t_writer = null;
        writer.Reset(output);
        writer.WriteStartObject();
        if (_errors.Count > 0)
        {
            WriteErrors(writer);
        }

        if (_hasData)
        {
            writer.WritePropertyName("data"u8);
            WriteValue(writer, _data);
        }

        if (_extensions is not null)
        {
            writer.WritePropertyName("extensions"u8);
            JsonValues.Write(writer, _extensions);
        }

        writer.WriteEndObject();
        writer.Flush();
        writer.Reset(Nowhere);
        t_writer = writer;
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case ObjectNode node:
                writer.WriteStartObject();
                for (int i = 0; i < node.Fields.Length; i++)
                {
                    writer.WritePropertyName(node.Fields[i].Name);
                    WriteValue(writer, node.Values[i]);
                }

                writer.WriteEndObject();
                break;
            case ListNode list:
                writer.WriteStartArray();
                foreach (object? item in list.Values)
                {
                    WriteValue(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                JsonValues.Write(writer, value == ResultNode.Nulled ? null : value);
                break;
        }
    }

    private void WriteErrors(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("errors"u8);
        foreach (GraphQLError error in _errors)
        {
            writer.WriteStartObject();
            writer.WriteString("message"u8, _showsHints ? error.Message + error.Hint : error.Message);
            WriteLocations(writer, error.Locations);
            if (error.Path is not null)
            {
                writer.WritePropertyName("path"u8);
                JsonValues.Write(writer, error.Path);
            }

            if (error.Extensions is not null)
            {
                writer.WritePropertyName("extensions"u8);
                JsonValues.Write(writer, error.Extensions);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteLocations(Utf8JsonWriter writer, IReadOnlyList<Location> locations)
    {
        if (locations.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("locations"u8);
        foreach (Location location in locations)
        {
            writer.WriteStartObject();
            writer.WriteNumber("line"u8, location.Line);
            writer.WriteNumber("column"u8, location.Column);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
