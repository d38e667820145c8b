using System.Text.Json;

namespace Events.JsonRpc;

internal enum EnvelopeShape
{
    /// <summary>Not JSON, or nested too deeply.</summary>
    Broken,
    Single,
    Batch,
    BatchEmptyOrTooLong,
}

/// <summary>One member of a message. Slices point into the message.</summary>
/// <param name="Method">Null: not a valid request, <paramref name="Fault"/> says why.</param>
/// <param name="Id">The bytes of the id as they came; empty when absent, null, or of no use.</param>
/// <param name="HasId">False for a notification. An id of null counts as none, as it did in the older servers.</param>
/// <param name="Params">Empty when absent or null.</param>
/// <param name="Refusal">Set for what is no member at all: the whole message is refused with it.</param>
internal readonly record struct Request(
    string? Method,
    ReadOnlyMemory<byte> Id,
    bool HasId,
    ReadOnlyMemory<byte> Params,
    bool ParamsIsArray,
    string? Fault,
    JsonRpcAnswer? Refusal = null)
{
    internal static Request Bad(JsonRpcAnswer refusal) => new(null, default, false, default, false, null, refusal);
}

/// <summary>
/// Reads the request object and the batch (JSON-RPC 2.0, sections 4 and 6) in one pass over the bytes. A member of the
/// envelope given twice makes a request invalid; unknown members are passed over.
/// </summary>
internal static class Envelope
{
    /// <summary>Finds out what the message is, and that all of it is JSON, before anything in it is run.</summary>
    /// <param name="members">Where the members of a batch lie; null for everything else.</param>
    internal static EnvelopeShape Read(
        ReadOnlyMemory<byte> message, int nestingMax, int membersMax, out Request single, out List<Range>? members)
    {
        single = default;
        members = null;
        try
        {
            var reader = new Utf8JsonReader(message.Span, new JsonReaderOptions { MaxDepth = nestingMax });
            if (!reader.Read())
            {
                return EnvelopeShape.Broken;
            }

            if (reader.TokenType != JsonTokenType.StartArray)
            {
                single = ReadMember(message, ref reader);
                RequireEnd(ref reader);
                return EnvelopeShape.Single;
            }

            members = [];
            int count = 0;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (++count <= membersMax)
                {
                    members.Add(start..(int)reader.BytesConsumed);
                }
            }

            RequireEnd(ref reader);
            return count == 0 || count > membersMax ? EnvelopeShape.BatchEmptyOrTooLong : EnvelopeShape.Batch;
        }
        catch (JsonException)
        {
            return EnvelopeShape.Broken;
        }
    }

    /// <param name="member">Text that <see cref="Read"/> has found to be JSON.</param>
    internal static Request ReadMember(ReadOnlyMemory<byte> member, int nestingMax)
    {
        var reader = new Utf8JsonReader(member.Span, new JsonReaderOptions { MaxDepth = nestingMax });
        reader.Read();
        return ReadMember(member, ref reader);
    }

    private static void RequireEnd(ref Utf8JsonReader reader)
    {
        if (reader.Read())
        {
            throw new JsonException("More than one value.");
        }
    }

    private static Request ReadMember(ReadOnlyMemory<byte> text, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return new Request(null, default, false, default, false, "A request is an object.");
        }

        var fields = new Fields();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Field field = Fields.Which(ref reader);
            reader.Read();
            fields.Take(field, text, ref reader);
        }

        return fields.Judge();
    }

    [Flags]
    private enum Field
    {
        None = 0,
        Version = 1,
        Id = 2,
        Method = 4,
        Params = 8,
    }

    /// <summary>What has been seen of one request object.</summary>
    private struct Fields
    {
        private Field _seen;
        private bool _versionRight;
        private string? _method;
        private ReadOnlyMemory<byte> _id;
        private bool _idPresent;
        private ReadOnlyMemory<byte> _params;
        private bool _paramsIsArray;
        private string? _fault;

        internal static Field Which(ref Utf8JsonReader reader)
        {
            try
            {
                return reader.ValueTextEquals("method"u8) ? Field.Method
                    : reader.ValueTextEquals("id"u8) ? Field.Id
                    : reader.ValueTextEquals("params"u8) ? Field.Params
                    : reader.ValueTextEquals("jsonrpc"u8) ? Field.Version
                    : Field.None;
            }
            catch (InvalidOperationException)
            {
                // A name with half a surrogate pair is JSON by its grammar, but none of ours.
                return Field.None;
            }
        }

        internal void Take(Field field, ReadOnlyMemory<byte> text, ref Utf8JsonReader reader)
        {
            if (field != Field.None && (_seen & field) != 0)
            {
                _fault ??= "A member is given twice.";
                if (field == Field.Id)
                {
                    _id = default;
                }

                reader.Skip();
                return;
            }

            _seen |= field;
            JsonTokenType type = reader.TokenType;
            int start = (int)reader.TokenStartIndex;
            if (field is Field.Version or Field.Method && type == JsonTokenType.String)
            {
                TakeText(field, ref reader);
            }

            reader.Skip();
            ReadOnlyMemory<byte> value = text[start..(int)reader.BytesConsumed];
            if (field == Field.Id)
            {
                TakeId(type, value);
            }
            else if (field == Field.Params)
            {
                TakeParams(type, value);
            }
        }

        private void TakeText(Field field, ref Utf8JsonReader reader)
        {
            try
            {
                if (field == Field.Version)
                {
                    _versionRight = reader.ValueTextEquals("2.0"u8);
                }
                else
                {
                    _method = reader.GetString();
                }
            }
            catch (InvalidOperationException)
            {
                _fault ??= "Text is not valid Unicode.";
            }
        }

        private void TakeId(JsonTokenType type, ReadOnlyMemory<byte> value)
        {
            if (type is JsonTokenType.String or JsonTokenType.Number)
            {
                _id = value;
                _idPresent = true;
            }
            else if (type != JsonTokenType.Null)
            {
                _fault ??= "An id is a string or a number.";
            }
        }

        private void TakeParams(JsonTokenType type, ReadOnlyMemory<byte> value)
        {
            if (type is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                _params = value;
                _paramsIsArray = type == JsonTokenType.StartArray;
            }
            else if (type != JsonTokenType.Null)
            {
                _fault ??= "Parameters are an object.";
            }
        }

        internal readonly Request Judge()
        {
            string? fault = _fault
                ?? (_versionRight ? null : "The member jsonrpc must be \"2.0\".")
                ?? (_method is null ? "The member method must be a string." : null);
            return new Request(fault is null ? _method : null, _id, _idPresent, _params, _paramsIsArray, fault);
        }
    }
}
