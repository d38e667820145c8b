using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Sealing;

namespace Events.EventStore.Seals.Bundles;

/// <summary>What a bundle says of itself: what it holds, of which log, for whom, and the hash of each of its files.</summary>
internal static class BundleManifest
{
    public const string Name = "manifest.json";

    public const string Format = "events-bundle/1";

    /// <summary>For people who find the archive and know nothing of it.</summary>
    public const string ReadMe =
        """
        Facts out of a log, with proofs that they are in it as they were written.

        How to check it, without trusting whoever sent it:
        1. Get the log's public key from somewhere else than this archive: a contract, an earlier audit, your own notes.
        2. Get a copy of verify.py from somewhere else, too, or read this one: one file, needs Python 3 and the program openssl.
        3. python3 verify.py THIS-FILE.zip --key 'THE KEY' [--anchor FILE-OF-HEADS-THAT-YOU-KEPT]

        What it can show: these facts were under the signed head (checkpoint) exactly so, and a stream's facts are here without
        a hole up to the last one that is here.
        What it cannot show: that a fact was true when it was written, and that nothing was written behind the last one, unless
        the archive holds a whole range of the log (then what was withheld is there as a hash).

        manifest.json    what is here, who took it out, when and why; length and SHA-256 of every file
        checkpoint       the signed tree head: C2SP signed note, ECDSA P-256 with SHA-256
        events.jsonl     a fact a line, every column as it is stored
        proofs/          for each fact a C2SP tlog-proof, RFC 9162
        hidden.jsonl     hashes of withheld facts, if any
        consistency/     that the log goes on from older heads, if any were given
        media/           files of recordings and pictures, if they were asked for
        keys.txt         public keys, for convenience: compare them

        """;

    /// <summary>In canonical form, so that its own hash means something.</summary>
    public static byte[] Of(
        ExportQuestion question,
        StoredHead head,
        int facts,
        int hidden,
        long first,
        IReadOnlyList<BundleFile> files,
        IEnumerable<(ExportMedia Media, long Index)> media)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("format", Format);
            writer.WriteString("origin", head.Note.Split('\n', 2)[0]);
            writer.WriteNumber("treeSize", head.Size);
            writer.WriteNumber("factCount", facts);
            writer.WriteNumber("hiddenCount", hidden);
            writer.WriteString("by", question.By);
            writer.WriteString("reason", question.Reason);
            writer.WriteString("at", question.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            writer.WriteString("program", question.Program);
            WriteScope(writer, question, first);
            writer.WriteStartArray("files");
            foreach (BundleFile file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
            {
                writer.WriteStartObject();
                writer.WriteString("path", file.Path);
                writer.WriteNumber("length", file.Length);
                writer.WriteString("sha256", file.Sha256);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("media");
            foreach ((ExportMedia one, long index) in media)
            {
                writer.WriteStartObject();
                writer.WriteString("path", $"media/{one.Path}");
                writer.WriteNumber("index", index);
                writer.WriteString("sha256", one.Sha256);
                writer.WriteBoolean("included", one.Open is not null);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return new CanonicalJson(isNulRefused: true).Form(buffer.WrittenSpan).ToArray();
    }

    private static void WriteScope(Utf8JsonWriter writer, ExportQuestion question, long first)
    {
        writer.WriteStartObject("scope");
        writer.WriteString("kind", question.IsRange ? "range" : "streams");
        if (question.IsRange)
        {
            writer.WriteNumber("allFrom", first);
            writer.WriteString("from", question.From.ToString(CultureInfo.InvariantCulture));
            writer.WriteString("to", question.To.ToString(CultureInfo.InvariantCulture));
        }

        if (question.Streams is { } streams)
        {
            writer.WriteStartArray("streams");
            foreach (string stream in streams)
            {
                writer.WriteStringValue(stream);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
