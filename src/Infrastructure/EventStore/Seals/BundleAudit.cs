using Events.EventStore.Seals.Bundles;

namespace Events.EventStore.Seals;

/// <summary>What a bundle proves.</summary>
/// <param name="Proven">Facts that are under the signed head as they are in the bundle.</param>
/// <param name="Withheld">Facts of which only the hash is there, and is right.</param>
/// <param name="Media">Files that are those of their facts.</param>
/// <param name="Contradictions">In words.</param>
/// <param name="NotChecked">In words.</param>
/// <param name="Undecided">Why there is no verdict; null if there is one.</param>
/// <param name="ManifestSha256">
/// Lower-case hex, to be held against what the exporter told by another way: no signature covers the manifest. Null if there is
/// none.
/// </param>
public sealed record BundleReport(
    string? Origin,
    long TreeSize,
    long Proven,
    long Withheld,
    long Media,
    IReadOnlyList<string> Contradictions,
    IReadOnlyList<string> NotChecked,
    string? Undecided,
    string? ManifestSha256);

/// <summary>Checks a bundle, without any database.</summary>
public static class BundleAudit
{
    /// <param name="bundle">A zip archive; seekable.</param>
    /// <param name="keys">Public keys as vkeys; empty for those in the bundle, and that is said.</param>
    /// <param name="anchors">Signed heads that the asker kept.</param>
    public static Task<BundleReport> RunAsync(
        Stream bundle,
        IReadOnlyList<string> keys,
        IReadOnlyList<string> anchors,
        Action<AuditProgress> progress,
        CancellationToken cancellationToken) =>
        new BundleCheck(keys, anchors, progress).RunAsync(bundle, cancellationToken);
}
