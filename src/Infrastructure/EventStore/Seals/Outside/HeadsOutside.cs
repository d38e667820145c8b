using System.Net;
using System.Text;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Events.EventStore.Seals.Outside;

/// <summary>
/// Reads back what was shown outside: heads and stamps in <c>Anchors.Folder</c>, receipts in the database, and what the witness
/// remembers. A webhook and a syslog receiver cannot be asked; an auditor holds the log against their files.
/// </summary>
internal sealed partial class HeadsOutside(SealOptions options, AnchorSinks sinks, ILogger<HeadsOutside> logger) : IHeadsOutside
{
    /// <summary>
    /// Appends wait meanwhile, at most <see cref="SealGate.LookTimeMax"/>. A witness answers out of its memory; one that is away
    /// is asked again, with the next head, by whoever shows it.
    /// </summary>
    private static readonly TimeSpan WitnessTimeMax = TimeSpan.FromSeconds(3);

    public async Task<IReadOnlyList<ShownHead>> KeptAsync(
        NpgsqlConnection connection, string origin, IReadOnlyCollection<NoteKey> keys, CancellationToken cancellationToken)
    {
        List<ShownHead> kept = [];
        Add("Anchors.Folder", options.Anchors.Folder is { } folder ? new AnchorFolder(folder).Newest(origin, keys) : null);
        IReadOnlyList<(string Sink, byte[] Receipt)> receipts = await AnchorRows.ReceiptsAsync(connection, cancellationToken);
        Add(
            "A receipt in the database",
            receipts.Select(one => AnchorFolder.Open(NoteIn(one), keys)).OfType<TreeHead>()
                .Where(head => head.Origin == origin).MaxBy(head => head.Size));
        return kept;

        void Add(string place, TreeHead? newest)
        {
            if (newest is not null)
            {
                kept.Add(new ShownHead(place, newest.Size, newest.Root.ToBase64()));
            }
        }
    }

    public async Task<ShownHead?> WitnessedAsync(string note, CancellationToken cancellationToken)
    {
        if (options.Anchors.Witness is not { } witness)
        {
            return null;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(WitnessTimeMax);
        string name = WitnessKey.Parse(witness.Key).Name;
        try
        {
            // A witness that knows any head of this log refuses one that is said to go on from nothing, and tells what it knows.
            ExtensionFile body = new(0, [], StrictText.Encode(note));
            AnchorAnswer answer = await sinks.Http.PostAsync(
                WitnessSink.AddressOf(witness.Prefix),
                StrictText.Encode(body.ToString()),
                "text/plain; charset=utf-8",
                _ => { },
                limit.Token);
            switch (answer.Status)
            {
                case HttpStatusCode.OK:
                    return null;
                case HttpStatusCode.Conflict
                    when StrictText.TryNumber(Encoding.ASCII.GetString(answer.Body).TrimEnd('\n'), out long size):
                    return new ShownHead($"The witness {name}", size, null);
                default:
                    LogUnasked(name, $"It answered {(int)answer.Status} {answer.Words}".TrimEnd());
                    return null;
            }
        }
        catch (AnchorFailedException away)
        {
            LogUnasked(name, away.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnasked(name, $"No answer within {WitnessTimeMax.TotalSeconds} s.");
        }

        Measures.AnchorsFailed.Add(1);
        return null;
    }

    private static string NoteIn((string Sink, byte[] Receipt) one)
    {
        byte[] note = one.Sink == AnchorRows.Stamps && StampReceipt.Split(one.Receipt) is { } stamp ? stamp.Note : one.Receipt;
        return Encoding.UTF8.GetString(note);
    }

    [LoggerMessage(
        EventId = 4507,
        Level = LogLevel.Warning,
        Message = "{Witness} could not be asked at the start which head it knows: {Why}")]
    private partial void LogUnasked(string witness, string why);
}
