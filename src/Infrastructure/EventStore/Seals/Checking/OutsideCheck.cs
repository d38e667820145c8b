using System.Security.Cryptography.X509Certificates;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Outside;
using Events.EventStore.Seals.Sealing;
using Npgsql;

namespace Events.EventStore.Seals.Checking;

/// <summary>
/// Level anchors: heads that were shown outside. Those that somebody kept, and what came back from time-stamp authorities and
/// witnesses and lies in the database: its owner can remove that, and make none anew.
/// </summary>
internal sealed class OutsideCheck(
    NpgsqlConnection connection, AuditQuestion question, Findings findings, AuditNotes notes)
{
    /// <summary>Under which names heads were signed: a log that was set back goes on under another one.</summary>
    private const string Origins = "select distinct split_part(note, chr(10), 1) from events_own.audit_head";

    /// <summary>All heads are looked at, some millions in a year.</summary>
    private const int OriginsTimeoutSeconds = 300;

    private readonly WitnessKey[] _witnesses = [.. question.WitnessKeys.Select(WitnessKey.Parse)];
    private readonly X509Certificate2Collection? _roots =
        question.StampAuthorities is { } pem ? TimeStamp.RootsIn(pem) : null;

    private readonly List<TreeHead> _heads = [];
    private readonly Dictionary<string, Vouched> _stamps = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Vouched> _cosigned = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _strangers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _own = new(StringComparer.Ordinal);
    private bool _areOriginsRead;

    /// <summary>Why there is no verdict; null if what was asked for was there.</summary>
    public string? Undecided { get; private set; }

    /// <param name="trusted">Keys that the log was ever signed with.</param>
    /// <param name="newest">Of the log; null if it has none.</param>
    /// <param name="forked">Origins that were set back, and how many facts were left.</param>
    /// <returns>By size, those alone that the tree can be held against.</returns>
    public async Task<IReadOnlyList<TreeHead>> RunAsync(
        IReadOnlyCollection<NoteKey> trusted,
        StoredHead? newest,
        IReadOnlyDictionary<string, long> forked,
        CancellationToken cancellationToken)
    {
        _own.UnionWith(forked.Keys);
        foreach (string text in question.Anchors)
        {
            await TakeAsync(StrictText.Encode(text), trusted, cancellationToken);
        }

        foreach (KeptStamp stamp in question.Stamps)
        {
            await TakeStampAsync(StrictText.Encode(stamp.Note), stamp.Token, trusted, cancellationToken);
        }

        if (_strangers.Count > 0 && _heads.Count == 0)
        {
            // A log that was replaced by another one, under another name, looks just so.
            Undecided = "None of the heads that were kept outside is of this log.";
        }

        if (question.Levels.HasFlag(AuditLevels.Anchors))
        {
            await TakeReceiptsAsync(trusted, cancellationToken);
        }

        SayStrangers();
        SayWhoVouches();
        return [.. _heads.Where(head => IsComparable(head, newest, forked)).OrderBy(head => head.Size)];
    }

    private async Task TakeReceiptsAsync(IReadOnlyCollection<NoteKey> trusted, CancellationToken cancellationToken)
    {
        IReadOnlyList<(string Sink, byte[] Receipt)> found =
            await AnchorRows.ReceiptsAsync(connection, cancellationToken);
        if (found.GroupBy(one => one.Sink).FirstOrDefault(group => group.Count() == AnchorRows.ReceiptsMax) is { } many)
        {
            notes.NotChecked.Add(
                $"receipts of the {many.Key} that are older than the newest {AnchorRows.ReceiptsMax}, if there are any");
        }

        foreach ((string sink, byte[] receipt) in found)
        {
            if (sink == AnchorRows.Witness)
            {
                await TakeAsync(receipt, trusted, cancellationToken);
            }
            else if (StampReceipt.Split(receipt) is { } stamp)
            {
                await TakeStampAsync(stamp.Note, stamp.Token, trusted, cancellationToken);
            }
        }
    }

    /// <returns>Null when it is no head of this log; that is a finding if it claims to be one.</returns>
    private async Task<TreeHead?> TakeAsync(
        byte[] note, IReadOnlyCollection<NoteKey> trusted, CancellationToken cancellationToken)
    {
        if (SignedNote.OriginOf(note) is not { } origin)
        {
            notes.NotChecked.Add(
                $"what was kept outside and is no signed head, beginning \"{FirstLine(note)}\": a part of one that a full disk "
                + "or a power cut left, or another text");
            return null;
        }

        try
        {
            TreeHead head = TreeHead.Open(note, trusted);
            SignedNote signed = SignedNote.Parse(note);
            foreach (WitnessKey witness in _witnesses)
            {
                if (witness.TimeOn(signed) is { } at)
                {
                    Count(_cosigned, witness.ToString(), head, at);
                }
            }

            _heads.Add(head);
            return head;
        }
        catch (NoteRefusedException refused)
        {
            if (await IsOwnAsync(origin, trusted, cancellationToken))
            {
                findings.Add(
                    AuditLevels.Anchors,
                    "forged",
                    $"What was kept outside as a head of {FirstLine(note)} is none. {refused.Message}");
            }
            else
            {
                // A witness has heads of every log that it cosigns, and whoever keeps its list keeps them all.
                _strangers[origin] = _strangers.GetValueOrDefault(origin) + 1;
            }

            return null;
        }
    }

    /// <summary>Whether a name is, or was, this log's: by a key that is trusted, by a fork, or by the heads.</summary>
    private async Task<bool> IsOwnAsync(
        string origin, IReadOnlyCollection<NoteKey> trusted, CancellationToken cancellationToken)
    {
        if (!_areOriginsRead)
        {
            _own.UnionWith(trusted.Select(key => key.Name));
            await using NpgsqlCommand command = new(Origins, connection) { CommandTimeout = OriginsTimeoutSeconds };
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                _own.Add(reader.GetString(0));
            }

            _areOriginsRead = true;
        }

        return _own.Contains(origin);
    }

    private void SayStrangers()
    {
        foreach ((string origin, int count) in _strangers.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            notes.NotChecked.Add($"{count} heads of another log, {origin}, among what was kept outside");
        }
    }

    private async Task TakeStampAsync(
        byte[] note, byte[] token, IReadOnlyCollection<NoteKey> trusted, CancellationToken cancellationToken)
    {
        if (await TakeAsync(note, trusted, cancellationToken) is not { } head)
        {
            return;
        }

        try
        {
            TimeStamp stamp = TimeStamp.Open(token, note, _roots);
            Count(_stamps, stamp.By, head, stamp.At);
        }
        catch (NoteRefusedException refused)
        {
            findings.Add(
                AuditLevels.Anchors,
                "forged",
                $"The time stamp that is kept for the head of {head.Size} facts is none. {refused.Message}",
                null,
                head.Root.ToString());
        }
    }

    private static void Count(Dictionary<string, Vouched> to, string by, TreeHead head, DateTimeOffset at)
    {
        Vouched before = to.GetValueOrDefault(by) ?? new Vouched(0, 0, at);
        to[by] = head.Size >= before.Size
            ? new Vouched(before.Count + 1, head.Size, at)
            : before with { Count = before.Count + 1 };
    }

    private void SayWhoVouches()
    {
        foreach ((string by, Vouched stamps) in _stamps)
        {
            notes.Notices.Add(
                $"{stamps.Count} heads have a time stamp by {by}; the newest, of {stamps.Size} facts, was there at "
                + $"{stamps.At:u}.");
        }

        foreach (WitnessKey witness in _witnesses)
        {
            if (_cosigned.GetValueOrDefault(witness.ToString()) is { } cosigned)
            {
                notes.Notices.Add(
                    $"{cosigned.Count} heads are cosigned by {witness.Name}; the newest, of {cosigned.Size} facts, at "
                    + $"{cosigned.At:u}.");
            }
            else
            {
                Undecided = $"No head was found that the witness {witness.Name} has cosigned.";
            }
        }

        if (_stamps.Count > 0 && _roots is null)
        {
            notes.NotChecked.Add("who made the time stamps: no certificate of an authority was given (--stamp-ca)");
        }

        if (_roots is not null && _stamps.Count == 0)
        {
            Undecided = "No time stamp was found.";
        }
    }

    private bool IsComparable(TreeHead head, StoredHead? newest, IReadOnlyDictionary<string, long> forked)
    {
        if (forked.TryGetValue(head.Origin, out long left) && head.Size > left)
        {
            notes.Notices.Add($"The head of {head.Size} facts of {head.Origin} is of what was lost when the log was set back.");
            return false;
        }

        if (head.Size > (newest?.Size ?? 0))
        {
            findings.Add(
                AuditLevels.Anchors,
                "truncated",
                $"A signed head of {head.Size} facts was shown outside; the newest head here has {newest?.Size ?? 0}. "
                + "The log was set back.",
                null,
                head.Root.ToString());
            return false;
        }

        return head.Size > 0;
    }

    private static string FirstLine(byte[] note)
    {
        int end = Array.IndexOf(note, (byte)'\n');
        string line = System.Text.Encoding.UTF8.GetString(note, 0, Math.Min(end < 0 ? note.Length : end, 200));
        return new string([.. line.Where(letter => !char.IsControl(letter))]);
    }

    /// <param name="Size">Of the newest head.</param>
    /// <param name="At">When that was.</param>
    private sealed record Vouched(int Count, long Size, DateTimeOffset At);
}
