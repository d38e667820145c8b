using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Events.EventStore.Seals.Canonical;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Tree;

namespace Events.EventStore.Seals.Bundles;

/// <summary>One check of a bundle. The independent verifier does the same with other code; both must agree.</summary>
internal sealed class BundleCheck(IReadOnlyList<string> givenKeys, IReadOnlyList<string> anchors, Action<AuditProgress> progress)
{
    /// <summary>A body may be as deep as PostgreSQL stores it; reading it takes no stack.</summary>
    private static readonly JsonDocumentOptions _anyDepth = new() { MaxDepth = int.MaxValue };

    /// <summary>More streams are counted.</summary>
    private const int NamedMax = 10;

    /// <summary>In characters.</summary>
    private const int BeginningLength = 80;

    private readonly List<string> _contradictions = [];
    private readonly List<string> _notChecked = [];
    private readonly List<Row> _rows = [];
    private readonly LeafForm _form = new();
    private long _proven;
    private long _withheld;
    private long _media;
    private string? _manifestSha256;

    public async Task<BundleReport> RunAsync(Stream stream, CancellationToken cancellationToken)
    {
        TreeHead? head = null;
        string? undecided = null;
        try
        {
            using BundleReader bundle = new(stream);
            head = await CheckAsync(bundle, cancellationToken);
        }
        catch (Exception bad) when (bad is BundleRefusedException or NoteRefusedException or InvalidDataException
            or EndOfStreamException)
        {
            _contradictions.Add(bad.Message);
        }
        catch (UndecidedException cannot)
        {
            undecided = cannot.Message;
        }
        catch (Exception bad) when (bad is JsonException or FormatException or KeyNotFoundException or InvalidOperationException
            or RefusedJsonException or OverflowException or DecoderFallbackException)
        {
            _contradictions.Add($"the bundle is not in its format: {bad.Message}");
        }

        return new BundleReport(
            head?.Origin,
            head?.Size ?? 0,
            _proven,
            _withheld,
            _media,
            _contradictions,
            _notChecked,
            undecided,
            _manifestSha256);
    }

    private async Task<TreeHead> CheckAsync(BundleReader bundle, CancellationToken cancellationToken)
    {
        byte[] bytes = bundle.Read(BundleManifest.Name);
        _manifestSha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (!new CanonicalJson(isNulRefused: true).Form(bytes).SequenceEqual(bytes))
        {
            throw new BundleRefusedException("the manifest is not in canonical form");
        }

        using JsonDocument document = JsonDocument.Parse(bytes);
        JsonElement manifest = document.RootElement;
        if (manifest.GetProperty("format").GetString() is not BundleManifest.Format)
        {
            throw new UndecidedException($"a bundle of another format: {manifest.GetProperty("format")}");
        }

        await CheckFilesAsync(bundle, manifest, cancellationToken);
        BundleKeys keys = BundleKeys.Follow(bundle, Keys(bundle), _form);
        byte[] note = bundle.Read("checkpoint");
        TreeHead head = TreeHead.Open(note, keys.Newest);
        if (head.Origin != manifest.GetProperty("origin").GetString() || head.Size != manifest.GetProperty("treeSize").GetInt64())
        {
            throw new BundleRefusedException("the head is not the one that the manifest names");
        }

        CheckRows(bundle, manifest, note, head);
        CheckScope(manifest, head);
        await CheckMediaAsync(bundle, manifest, cancellationToken);
        CheckAnchors(bundle, head, note, keys.All);
        return head;
    }

    private async Task CheckFilesAsync(BundleReader bundle, JsonElement manifest, CancellationToken cancellationToken)
    {
        Dictionary<string, JsonElement> listed = new(StringComparer.Ordinal);
        foreach (JsonElement file in manifest.GetProperty("files").EnumerateArray())
        {
            if (!listed.TryAdd(RowText.Required(file, "path"), file))
            {
                throw new BundleRefusedException("the manifest lists one file twice");
            }
        }

        foreach (string name in bundle.Names.Where(name => name != BundleManifest.Name && !listed.ContainsKey(name)).Order())
        {
            _contradictions.Add($"{name} is in no manifest");
        }

        foreach ((string name, JsonElement file) in listed)
        {
            if (!bundle.Has(name))
            {
                _contradictions.Add($"{name} is missing");
            }
            else if (bundle.LengthOf(name) != file.GetProperty("length").GetInt64()
                || await bundle.HashAsync(name, cancellationToken) != file.GetProperty("sha256").GetString())
            {
                _contradictions.Add($"{name} is not the file that the manifest names");
            }
        }

        if (_contradictions.Count > 0)
        {
            throw new BundleRefusedException("the bundle is not whole");
        }
    }

    private List<NoteKey> Keys(BundleReader bundle)
    {
        if (givenKeys.Count > 0)
        {
            return GivenKeys();
        }

        string[] texts = [.. LinesOf(bundle, "keys.txt").Where(line => line[0] != '#').Distinct()];
        _notChecked.Add(
            "whose key it is: the public key was taken from the bundle itself. Compare it with the one you hold: "
            + string.Join(", ", texts));
        return texts.Length > 0 ? [.. texts.Select(NoteKey.Parse)] : throw new UndecidedException("no public key is known");
    }

    /// <summary>A slip of the asker's own says nothing against the bundle.</summary>
    private List<NoteKey> GivenKeys()
    {
        try
        {
            return [.. givenKeys.Distinct().Select(NoteKey.Parse)];
        }
        catch (NoteRefusedException refused)
        {
            throw new UndecidedException($"the key that was given is none: {refused.Message}");
        }
    }

    private void CheckRows(BundleReader bundle, JsonElement manifest, byte[] note, TreeHead head)
    {
        Row? before = null;
        long all = manifest.GetProperty("factCount").GetInt64();
        foreach (string line in LinesOf(bundle, "events.jsonl"))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement fact = document.RootElement;
            if (!RowText.IsFact(fact))
            {
                throw new BundleRefusedException("a row with other members than a fact has");
            }

            Row row = RowOf(fact);
            string place = $"fact {row.Seq} (index {row.Index}, stream {row.Stream ?? "none"}, version {row.Version})";
            Prove(bundle, row.Index, () => RowText.HashOf(fact, _form), place, note, head, ref _proven);
            if (before is not null && (before.Index >= row.Index || before.Seq >= row.Seq))
            {
                _contradictions.Add($"{place} is out of order");
            }

            before = row;
            _rows.Add(row);
            progress(new AuditProgress(_rows.Count, Math.Max(all, _rows.Count)));
        }

        foreach (string line in LinesOf(bundle, "hidden.jsonl"))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            if (!RowText.Has(document.RootElement, "index", "leaf"))
            {
                throw new BundleRefusedException("a withheld fact with other members than its index and its leaf");
            }

            long index = document.RootElement.GetProperty("index").GetInt64();
            string hex = RowText.Required(document.RootElement, "leaf");
            Prove(bundle, index, () => HashOf(hex), $"withheld fact at index {index}", note, head, ref _withheld);
            _rows.Add(new Row(index, 0, null, 0, null, IsHidden: true));
        }
    }

    private static TreeHash HashOf(string hex) =>
        RowText.Bytes(hex) is { Length: TreeHash.Length } bytes
            ? new TreeHash(bytes) : throw new FormatException("No hash.");

    private void Prove(
        BundleReader bundle, long index, Func<TreeHash> leafOf, string place, byte[] note, TreeHead head, ref long count)
    {
        try
        {
            InclusionFile proof = InclusionFile.Parse(
                bundle.Read(string.Create(CultureInfo.InvariantCulture, $"proofs/{index}.tlog-proof")));
            TreeHash leaf = leafOf();
            if (!proof.Note.AsSpan().SequenceEqual(note))
            {
                _contradictions.Add($"{place}: its proof is for another head");
            }
            else if (proof.Index != index || !ProofCheck.IsIncluded(leaf, index, head.Size, proof.Proof, head.Root))
            {
                _contradictions.Add($"{place}: it is not what was sealed: the leaf {leaf} does not lead to the signed root");
            }
            else
            {
                count++;
            }
        }
        catch (Exception bad) when (bad is BundleRefusedException or NoteRefusedException or RefusedJsonException
            or FormatException)
        {
            _contradictions.Add($"{place}: {bad.Message}");
        }
    }

    private void CheckScope(JsonElement manifest, TreeHead head)
    {
        JsonElement scope = manifest.GetProperty("scope");
        bool isRange = scope.GetProperty("kind").GetString() switch
        {
            "range" => true,
            "streams" => false,
            _ => throw new BundleRefusedException("a scope of another kind"),
        };
        long[] indexes = [.. _rows.Select(row => row.Index).Order()];
        long told = manifest.GetProperty("factCount").GetInt64() + manifest.GetProperty("hiddenCount").GetInt64();
        if (indexes.Length != told)
        {
            _contradictions.Add($"there are {indexes.Length} facts, the manifest says {told}");
        }

        if (!isRange)
        {
            _notChecked.Add(
                "whether more was written later: what lies behind the last fact of a stream is not in this bundle");
        }
        else if (indexes.Length > 0
            && (indexes[^1] - indexes[0] != indexes.Length - 1 || indexes.Distinct().Count() != indexes.Length))
        {
            _contradictions.Add("the range has holes: facts were left out");
        }
        else if (indexes.Length > 0 && indexes[0] != scope.GetProperty("allFrom").GetInt64())
        {
            _contradictions.Add("the range does not begin where the manifest says");
        }

        foreach (IGrouping<string, Row> stream in _rows.Where(row => row.Stream is not null).GroupBy(row => row.Stream!))
        {
            long[] versions = [.. stream.Select(row => row.Version)];
            long first = isRange ? versions[0] : 1;
            if (versions.Where((version, i) => version != first + i).Any())
            {
                _contradictions.Add($"the stream {stream.Key} has holes: facts were left out");
            }
        }

        if (!isRange || scope.TryGetProperty("streams", out _))
        {
            CheckStreams(scope.GetProperty("streams"));
        }

        if (isRange)
        {
            CheckEnds(scope, head);
        }
    }

    /// <summary>Facts of other streams than those that were asked for, and streams that were asked for and have none.</summary>
    private void CheckStreams(JsonElement streams)
    {
        HashSet<string> asked =
        [
            .. streams.EnumerateArray().Select(one => one.GetString() ?? throw new FormatException("A stream without a name.")),
        ];
        foreach (Row row in _rows.Where(row => !row.IsHidden && (row.Stream is null || !asked.Contains(row.Stream))))
        {
            _contradictions.Add(
                $"fact {row.Seq} is of the stream {row.Stream ?? "none"}, which the manifest does not name");
        }

        asked.ExceptWith(_rows.Select(row => row.Stream).OfType<string>());
        if (asked.Count > 0)
        {
            string names = string.Join(", ", asked.Order(StringComparer.Ordinal).Take(NamedMax));
            string more = asked.Count > NamedMax ? ", ..." : string.Empty;
            _notChecked.Add($"{asked.Count} streams that were asked for and have no fact in the bundle: {names}{more}");
        }
    }

    /// <summary>Facts outside of the range; and whether it was cut off at its ends, manifest and all.</summary>
    private void CheckEnds(JsonElement scope, TreeHead head)
    {
        long from = RowText.PositionOf(scope, "from");
        long to = RowText.PositionOf(scope, "to");
        foreach (Row row in _rows.Where(row => !row.IsHidden && (row.Seq < from || row.Seq > to)))
        {
            _contradictions.Add($"fact {row.Seq} lies outside of the range from position {from} to {to}");
        }

        // Positions rise by at least one from fact to fact, so one that is shown bounds those of the withheld ones beside it.
        long low = _rows.Count > 0 ? _rows.Min(row => row.Index) : -1;
        long high = _rows.Count > 0 ? _rows.Max(row => row.Index) : -1;
        Row? first = _rows.Find(row => !row.IsHidden);
        Row? last = _rows.FindLast(row => !row.IsHidden);
        if (low != 0 && (first is null || first.Seq - (first.Index - low) > from))
        {
            _notChecked.Add(
                $"whether the range begins where it was asked to, at position {from}: nothing shows that the fact before its "
                + "first one lies before that");
        }

        if ((_rows.Count == 0 || high != head.Size - 1) && (last is null || last.Seq + (high - last.Index) < to))
        {
            _notChecked.Add(
                $"whether the range ends where it was asked to, at position {to}: nothing shows that the fact behind its last "
                + "one lies behind that");
        }
    }

    private async Task CheckMediaAsync(BundleReader bundle, JsonElement manifest, CancellationToken cancellationToken)
    {
        Dictionary<long, Row> facts =
            _rows.Where(row => !row.IsHidden).DistinctBy(row => row.Index).ToDictionary(row => row.Index);
        HashSet<string> named = [];
        HashSet<long> described = [];
        long left = 0;
        foreach (JsonElement media in manifest.GetProperty("media").EnumerateArray())
        {
            string path = RowText.Required(media, "path");
            named.Add(path);
            string? sha256 = media.GetProperty("sha256").GetString();
            long index = media.GetProperty("index").GetInt64();
            described.Add(index);
            if (facts.GetValueOrDefault(index)?.Sha256 is not { } told || told != sha256)
            {
                _contradictions.Add($"{path}: no fact in the bundle describes it");
            }
            else if (!media.GetProperty("included").GetBoolean())
            {
                left++;
            }
            else if (await bundle.HashAsync(path, cancellationToken) != told)
            {
                _contradictions.Add($"{path} is not the file that its fact describes");
            }
            else
            {
                _media++;
            }
        }

        if (left > 0)
        {
            _notChecked.Add($"{left} files of recordings and pictures: they are not in the bundle");
        }

        if (facts.Values.Count(row => row.Sha256 is not null && !described.Contains(row.Index)) is > 0 and int unnamed)
        {
            _notChecked.Add(
                $"{unnamed} files that facts describe and the manifest does not name: they were deleted before the export, or "
                + "taken out of the bundle");
        }

        foreach (string name in bundle.Names.Where(
            name => name.StartsWith("media/", StringComparison.Ordinal) && !named.Contains(name)))
        {
            _contradictions.Add($"{name} belongs to no fact");
        }
    }

    private void CheckAnchors(BundleReader bundle, TreeHead head, byte[] note, IReadOnlyCollection<NoteKey> keys)
    {
        bool isHeld = false;
        Dictionary<string, int> strangers = new(StringComparer.Ordinal);
        foreach (byte[] kept in anchors.Select(StrictText.Encode))
        {
            if (SignedNote.OriginOf(kept) is not { } origin)
            {
                _notChecked.Add(
                    $"what was kept elsewhere and is no signed head, beginning \"{Beginning(kept)}\": a part of one that a full "
                    + "disk or a power cut left, or another text");
                continue;
            }

            try
            {
                isHeld |= CheckAnchor(bundle, TreeHead.Open(kept, keys), head, note);
            }
            catch (NoteRefusedException refused) when (origin == head.Origin || keys.Any(key => key.Name == origin))
            {
                _contradictions.Add($"what was kept elsewhere as a head of {origin} is none: {refused.Message}");
            }
            catch (NoteRefusedException)
            {
                // Whoever keeps heads may keep those of other logs, too.
                strangers[origin] = strangers.GetValueOrDefault(origin) + 1;
            }
        }

        foreach ((string origin, int count) in strangers.OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            _notChecked.Add($"{count} heads of another log, {origin}, that were kept elsewhere");
        }

        if (anchors.Count == 0)
        {
            _notChecked.Add("whether this is the only history: no head was given that was kept elsewhere");
        }
        else if (!isHeld)
        {
            _notChecked.Add("whether this is the only history: no head that was kept elsewhere could be held against it");
        }
    }

    /// <returns>Whether the bundle could be held against it.</returns>
    private bool CheckAnchor(BundleReader bundle, TreeHead kept, TreeHead head, byte[] note)
    {
        string words = $"the head of {kept.Size} facts that was kept elsewhere";
        string name = string.Create(CultureInfo.InvariantCulture, $"consistency/{kept.Size}-{head.Size}.txt");
        if (kept.Origin != head.Origin)
        {
            _notChecked.Add($"{words} is of another log, {kept.Origin}");
            return false;
        }

        if (kept.Size > head.Size)
        {
            _notChecked.Add($"{words} is newer than the bundle");
            return false;
        }

        if (kept.Size < head.Size && !bundle.Has(name))
        {
            _notChecked.Add($"{words}: the bundle has no {name}");
            return false;
        }

        if (kept.Size == head.Size && kept.Root != head.Root)
        {
            _contradictions.Add($"{words} has another root: two histories were signed. Keep both");
        }
        else if (kept.Size < head.Size && !GoesOn(bundle.Read(name), kept, head, note))
        {
            _contradictions.Add($"{words}: the log does not go on from it. It was written anew or set back");
        }

        return true;
    }

    private static string Beginning(byte[] text)
    {
        string line = Encoding.UTF8.GetString(text).Split('\n', 2)[0];
        return line[..Math.Min(line.Length, BeginningLength)];
    }

    private static bool GoesOn(byte[] bytes, TreeHead kept, TreeHead head, byte[] note)
    {
        try
        {
            ExtensionFile file = ExtensionFile.Parse(bytes);
            return file.OldSize == kept.Size
                && file.Note.AsSpan().SequenceEqual(note)
                && ProofCheck.IsExtension(kept.Size, kept.Root, head.Size, head.Root, file.Proof);
        }
        catch (NoteRefusedException)
        {
            // A proof of the bundle's own that is none shows nothing; the head that was kept is a good one.
            return false;
        }
    }

    private static Row RowOf(JsonElement fact) => new(
        fact.GetProperty("index").GetInt64(),
        long.Parse(RowText.Required(fact, "seq_id"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        fact.GetProperty("stream_id").GetString(),
        long.Parse(RowText.Required(fact, "version"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        FileHashOf(fact.GetProperty("data").GetString()));

    /// <summary>
    /// The SHA-256 of the file that a body describes; null if it describes none. Of what is no JSON its leaf tells.
    /// </summary>
    private static string? FileHashOf(string? data)
    {
        try
        {
            using JsonDocument body = JsonDocument.Parse(data ?? "null", _anyDepth);
            return body.RootElement.ValueKind == JsonValueKind.Object
                && body.RootElement.TryGetProperty("sha256", out JsonElement hash) && hash.ValueKind == JsonValueKind.String
                    ? hash.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<string> LinesOf(BundleReader bundle, string name) =>
        bundle.Has(name) ? StrictText.Decode(bundle.Read(name)).Split('\n').Where(line => line.Length > 0) : [];

    /// <param name="Sha256">Of the file that the fact describes; null if it describes none.</param>
    private sealed record Row(long Index, long Seq, string? Stream, long Version, string? Sha256, bool IsHidden = false);

    private sealed class UndecidedException(string message) : Exception(message);
}
