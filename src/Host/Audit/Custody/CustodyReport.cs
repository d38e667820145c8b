using Events.EventStore.Seals;

namespace Events.Host.Audit.Custody;

/// <summary>One thing that happened to a recording.</summary>
/// <param name="Who">The account; <c>system</c> for the program itself.</param>
/// <param name="Way">The way in; empty if it is not known.</param>
/// <param name="Proof">Null for a fact that no head proves yet.</param>
internal sealed record CustodyEntry(long Position, DateTimeOffset At, string Who, string Way, string What, ProvedFact? Proof);

/// <summary>A file that a fact describes, and what is on disk now.</summary>
/// <param name="Sha256">As the fact says it.</param>
/// <param name="Found">whole, missing, changed, unreadable or deleted.</param>
internal sealed record CustodyFile(long Position, string Path, long SizeBytes, string Sha256, string Found);

/// <summary>What became of one recording, from its request until now.</summary>
/// <param name="Keys">Public keys as vkeys.</param>
/// <param name="Anchors">Where heads were shown outside.</param>
internal sealed record CustodyReport(
    string Name,
    string RecordingId,
    string Camera,
    DateTimeOffset MadeAt,
    string MadeBy,
    string Reason,
    string Program,
    IReadOnlyList<CustodyEntry> Entries,
    IReadOnlyList<CustodyFile> Files,
    ProvedFacts Head,
    IReadOnlyList<string> Keys,
    IReadOnlyList<AnchorStatus> Anchors);

/// <param name="FilesUnread">Files that could not be read.</param>
/// <param name="Position">Of the fact that notes it.</param>
internal sealed record CustodyRow(
    string File,
    string Recording,
    int Facts,
    int Proved,
    int Files,
    int FilesWhole,
    int FilesUnread,
    long TreeSize,
    string Sha256,
    long Position);
