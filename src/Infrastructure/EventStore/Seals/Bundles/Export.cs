using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Checking;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Events.EventStore.Seals.Tree;
using Npgsql;

namespace Events.EventStore.Seals.Bundles;

/// <summary>One export: rows, then the proofs of each, then what goes with them, and the manifest over all of it.</summary>
internal sealed class Export : IAsyncDisposable
{
    /// <summary>In facts. What is in memory at a time.</summary>
    private const int PageFacts = 2_000;

    /// <summary>In characters, of what is no head.</summary>
    private const int BeginningLength = 80;

    private readonly NpgsqlConnection _connection;
    private readonly ExportQuestion _question;
    private readonly Action<AuditProgress> _progress;
    private readonly StoredHead _head;
    private readonly StoredTiles _tiles;
    private readonly Adoptions _adopted;
    private readonly FactIndex _index;
    private readonly BundleWriter _bundle;
    private readonly StoredRows _rows = new();
    private readonly LeafForm _form = new();
    private readonly List<Taken> _shown = [];
    private readonly List<Taken> _hidden = [];
    private readonly Dictionary<long, long> _indexes = [];
    private readonly List<long> _contradicted = [];
    private readonly List<string> _notices = [];
    private readonly List<string> _changed = [];

    private Export(
        NpgsqlConnection connection,
        ExportQuestion question,
        Stream to,
        Action<AuditProgress> progress,
        StoredHead head,
        GrowingTree tree,
        Adoptions adopted)
    {
        (_connection, _question, _progress, _head) = (connection, question, progress, head);
        _tiles = new StoredTiles(connection, tree, head.Size);
        _adopted = adopted;
        _index = new FactIndex(connection, adopted);
        _bundle = new BundleWriter(to);
    }

    /// <exception cref="ExportRefusedException">The log has no head yet.</exception>
    /// <exception cref="SealRefusedException">The newest head is not that of the facts.</exception>
    public static async Task<Export> BeginAsync(
        NpgsqlConnection connection,
        ExportQuestion question,
        Stream to,
        Action<AuditProgress> progress,
        CancellationToken cancellationToken)
    {
        StoredHead head = await new SealTables(connection).NewestHeadAsync(cancellationToken)
            ?? throw new ExportRefusedException("The log has no signed head yet, so nothing can be proved. Try again in 10 s.");
        GrowingTree tree = await GrowingTree.LoadAsync(connection, head, cancellationToken);
        Adoptions adopted = await Adoptions.ReadAsync(connection, cancellationToken);
        return new Export(connection, question, to, progress, head, tree, adopted);
    }

    public async Task<ExportReport> RunAsync(CancellationToken cancellationToken)
    {
        await WriteRowsAsync(cancellationToken);
        if (_shown.Count == 0)
        {
            throw new ExportRefusedException(
                $"There is no such fact under the newest head, which reaches to position {_head.LastSeq}. What is younger is "
                + "sealed within 10 s.");
        }

        await WriteHiddenAsync(cancellationToken);
        await WriteProofsAsync(cancellationToken);
        await WriteMediaAsync(cancellationToken);
        await WriteConsistencyAsync(cancellationToken);
        _contradicted.AddRange(await new RotationWriter(_connection, _bundle, _head).WriteAsync(cancellationToken));
        await WriteRestAsync(cancellationToken);
        byte[] manifest = BundleManifest.Of(
            _question,
            _head,
            _shown.Count,
            _hidden.Count,
            _shown.Concat(_hidden).Min(one => one.Index),
            _bundle.Files,
            Media);
        await _bundle.AddAsync(BundleManifest.Name, manifest, cancellationToken);
        return new ExportReport(
            _shown.Count,
            _hidden.Count,
            Media.Count(one => one.Media.Open is not null),
            _head.Size,
            Convert.ToHexStringLower(SHA256.HashData(manifest)))
        {
            Contradicted = [.. _contradicted.Distinct().Order()],
            Notices = _notices,
            Changed = _changed,
            Left = [.. Media.Where(one => one.Media.Open is null).Select(one => one.Media.Path)],
        };
    }

    public async ValueTask DisposeAsync() => await _bundle.DisposeAsync();

    /// <summary>Files of the facts that are taken out, with the index of the fact that describes each.</summary>
    private IEnumerable<(ExportMedia Media, long Index)> Media =>
        _question.Media.Where(one => _indexes.ContainsKey(one.Position)).Select(one => (one, _indexes[one.Position]))
            .OrderBy(one => one.Item2);

    private Task WriteRowsAsync(CancellationToken cancellationToken) =>
        _bundle.AddAsync(
            "events.jsonl",
            async write =>
            {
                long after = _question.From - 1;
                long upTo = Math.Min(_question.To, _head.LastSeq);
                List<(long Seq, byte[] Text, TreeHash Leaf)> page = [];
                HashSet<long> described = [.. _question.Media.Select(one => one.Position)];
                do
                {
                    page.Clear();
                    await _rows.ReadAsync(
                        _connection,
                        after,
                        upTo,
                        PageFacts,
                        _question.Streams,
                        (in LeafRow row) => page.Add((row.SeqId, RowText.Of(row), FactLane.HashOf(_form, row))),
                        cancellationToken);
                    foreach ((long seq, byte[] text, TreeHash leaf) in page)
                    {
                        RefuseAdopted(seq);
                        long index = await _index.OfAsync(seq, cancellationToken);
                        _shown.Add(new Taken(index, seq, leaf));
                        RequireRoom();
                        if (described.Contains(seq))
                        {
                            _indexes.Add(seq, index);
                        }

                        await write(RowText.Beginning(index));
                        await write(text);
                        await write("\n"u8.ToArray());
                        after = seq;
                    }
                }
                while (page.Count == PageFacts);
            },
            cancellationToken);

    /// <summary>What lies between in a range is shown by its hash alone.</summary>
    private async Task WriteHiddenAsync(CancellationToken cancellationToken)
    {
        if (_question is not { IsRange: true, Streams: { } streams })
        {
            return;
        }

        long after = _question.From - 1;
        List<(long Seq, TreeHash Leaf)> page = [];
        do
        {
            page.Clear();
            await _rows.ReadAsync(
                _connection,
                after,
                Math.Min(_question.To, _head.LastSeq),
                PageFacts,
                (in LeafRow row) => page.Add((row.SeqId, FactLane.HashOf(_form, row))),
                cancellationToken);
            foreach ((long seq, TreeHash leaf) in page)
            {
                after = seq;
                if (_adopted.Holds(seq))
                {
                    // It has no place in the tree that could be shown as withheld.
                    continue;
                }

                _hidden.Add(new Taken(await _index.OfAsync(seq, cancellationToken), seq, leaf));
                RequireRoom();
            }
        }
        while (page.Count == PageFacts);

        HashSet<long> shown = [.. _shown.Select(one => one.Index)];
        _hidden.RemoveAll(one => shown.Contains(one.Index));
        string text = string.Concat(_hidden.Select(one => string.Create(
            CultureInfo.InvariantCulture, $"{{\"index\":{one.Index},\"leaf\":\"{one.Leaf}\"}}\n")));
        await _bundle.AddAsync("hidden.jsonl", Encoding.ASCII.GetBytes(text), cancellationToken);
    }

    /// <summary>A bundle without it would seem to have left it out, and nothing could prove it in one.</summary>
    private void RefuseAdopted(long position)
    {
        if (_adopted.Of(position) is { } adoption)
        {
            throw new ExportRefusedException(
                $"The row at position {position} is in no tree: it appeared below what was sealed, and the fact at "
                + $"position {adoption.By} adopted it. Nothing proves it, so no bundle can hold it. Export what lies before and "
                + "behind it, with --from and --to, and the fact that adopted it, which has its hash.");
        }
    }

    private void RequireRoom()
    {
        if (_shown.Count > _question.Room || _hidden.Count > _question.Room)
        {
            throw new ExportRefusedException(
                $"These are more than {_question.Room} facts. Export them in parts, with --from and --to.");
        }
    }

    /// <summary>
    /// A fact that is not what was sealed goes into the bundle as it is: it shows what became of the log. Whoever exports it is
    /// told at once, and not by whoever gets it.
    /// </summary>
    private async Task WriteProofsAsync(CancellationToken cancellationToken)
    {
        byte[] note = StrictText.Encode(_head.Note);
        TreeHead signed = TreeHead.Parse(SignedNote.Parse(note).Text);
        int done = 0;
        Taken[] all = [.. _shown.Concat(_hidden).OrderBy(one => one.Index)];
        foreach (Taken one in all)
        {
            List<TreeHash> proof = await _tiles.InclusionAsync(one.Index, cancellationToken);
            if (!ProofCheck.IsIncluded(one.Leaf, one.Index, signed.Size, proof, signed.Root))
            {
                _contradicted.Add(one.Position);
            }

            await _bundle.AddAsync(
                string.Create(CultureInfo.InvariantCulture, $"proofs/{one.Index}.tlog-proof"),
                StrictText.Encode(new InclusionFile(one.Index, proof, note).ToString()),
                cancellationToken);
            _progress(new AuditProgress(++done, all.Length));
        }
    }

    /// <summary>What is in a file's place goes into the bundle as it is, for it shows what became of the file.</summary>
    private async Task WriteMediaAsync(CancellationToken cancellationToken)
    {
        foreach ((ExportMedia media, _) in Media.Where(one => one.Media.Open is not null))
        {
            BundleFile file = await _bundle.CopyAsync($"media/{media.Path}", media.Open!, cancellationToken);
            if (file.Sha256 != media.Sha256)
            {
                _changed.Add(media.Path);
            }
        }
    }

    private async Task WriteConsistencyAsync(CancellationToken cancellationToken)
    {
        if (_question.Anchors.Count == 0)
        {
            return;
        }

        NoteKey[] keys = [.. (await new SealTables(_connection).KeysAsync(cancellationToken)).Select(NoteKey.Parse)];
        (string Note, TreeHead? Head)[] kept = [.. _question.Anchors.Select(note => (note, AnchorFolder.Open(note, keys)))];
        foreach (IGrouping<string, string> others in kept.Where(one => one.Head is null).Select(one => FirstLine(one.Note))
            .GroupBy(line => line, StringComparer.Ordinal))
        {
            // Whoever keeps heads may keep those of other logs, and parts of some, too.
            _notices.Add(
                $"No key of this log has signed what was kept outside and begins with \"{others.Key}\" ({others.Count()} of "
                + "that): the bundle has no proof for it.");
        }

        foreach (long size in kept.Select(one => one.Head?.Size ?? 0).Where(size => size > 0 && size < _head.Size).Distinct())
        {
            ExtensionFile file = new(
                size, await _tiles.ConsistencyAsync(size, cancellationToken), StrictText.Encode(_head.Note));
            await _bundle.AddAsync(
                string.Create(CultureInfo.InvariantCulture, $"consistency/{size}-{_head.Size}.txt"),
                StrictText.Encode(file.ToString()),
                cancellationToken);
        }
    }

    private static string FirstLine(string note) => new([.. note.Split('\n', 2)[0].Take(BeginningLength)]);

    private async Task WriteRestAsync(CancellationToken cancellationToken)
    {
        await _bundle.AddAsync("checkpoint", StrictText.Encode(_head.Note), cancellationToken);
        IReadOnlyList<string> keys = await new SealTables(_connection).KeysAsync(cancellationToken);
        await _bundle.AddAsync(
            "keys.txt",
            StrictText.Encode(
                "# For convenience only. Compare with the key that you already hold.\n"
                + string.Concat(keys.Select(key => key + "\n"))),
            cancellationToken);
        await _bundle.AddAsync("READ-ME-FIRST.txt", StrictText.Encode(BundleManifest.ReadMe), cancellationToken);
        await using Stream program = typeof(Export).Assembly.GetManifestResourceStream("verify_bundle.py")!;
        using MemoryStream copy = new();
        await program.CopyToAsync(copy, cancellationToken);
        await _bundle.AddAsync("verify.py", copy.ToArray(), cancellationToken);
    }

    /// <summary>A fact that goes into the bundle.</summary>
    /// <param name="Leaf">Of what is stored of it now.</param>
    private readonly record struct Taken(long Index, long Position, TreeHash Leaf);
}
