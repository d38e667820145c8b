using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;

namespace Events.EventStore.Seals.Outside;

/// <summary>
/// Has an authority stamp the newest head (RFC 3161 over HTTP). The stamp is of the whole note, so it also dates the signature.
/// </summary>
/// <param name="roots">Certificates that the authority's must lead to, as PEM; null to take any.</param>
/// <param name="folder">Where stamps and their heads are written to, beside the heads shown there; null for nowhere.</param>
internal sealed class StampSink(AnchorHttp http, Uri authority, TimeSpan interval, string? roots, string? folder) : IAnchorSink
{
    private const int NonceBytes = 8;

    public string Name => AnchorRows.Stamps;

    public TimeSpan Interval => interval;

    public async Task<byte[]?> ShowAsync(StoredHead head, CancellationToken cancellationToken)
    {
        byte[] note = StrictText.Encode(head.Note);
        Rfc3161TimestampRequest request = Rfc3161TimestampRequest.CreateFromData(
            note,
            HashAlgorithmName.SHA256,
            nonce: RandomNumberGenerator.GetBytes(NonceBytes),
            requestSignerCertificates: true);
        AnchorAnswer answer = await http.PostAsync(
            authority, request.Encode(), "application/timestamp-query", _ => { }, cancellationToken);
        if (!answer.IsGood)
        {
            throw new AnchorFailedException($"The time-stamp authority answered {(int)answer.Status}.");
        }

        byte[] token = Checked(request, answer.Body, note);
        try
        {
            Keep(head.Size, note, token);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new AnchorFailedException(failed.Message);
        }

        return StampReceipt.Of(note, token);
    }

    private byte[] Checked(Rfc3161TimestampRequest request, byte[] answer, byte[] note)
    {
        try
        {
            byte[] token = request.ProcessResponse(answer, out _).AsSignedCms().Encode();
            X509Certificate2Collection? trusted = roots is null ? null : TimeStamp.RootsIn(roots);
            TimeStamp.Open(token, note, trusted);
            return token;
        }
        catch (Exception bad) when (bad is CryptographicException or NoteRefusedException)
        {
            throw new AnchorFailedException($"What the time-stamp authority answered is no stamp of this head. {bad.Message}");
        }
    }

    private void Keep(long size, byte[] note, byte[] token)
    {
        if (folder is null)
        {
            return;
        }

        Directory.CreateDirectory(folder);
        string name = string.Create(CultureInfo.InvariantCulture, $"{StampReceipt.Prefix}{size}");
        DurableFile.Replace(folder, name + StampReceipt.NoteEnding, note);
        DurableFile.Replace(folder, name + StampReceipt.TokenEnding, token);
    }
}

/// <summary>A stamp and what it is of, as one row keeps it: the note, a zero byte, the token.</summary>
internal static class StampReceipt
{
    public const string Prefix = "stamp-";
    public const string NoteEnding = ".note";
    public const string TokenEnding = ".tst";

    public static byte[] Of(byte[] note, byte[] token) => [.. note, 0, .. token];

    /// <returns>Null when it is none.</returns>
    public static (byte[] Note, byte[] Token)? Split(byte[] receipt) =>
        Array.IndexOf(receipt, (byte)0) is > 0 and int at ? (receipt[..at], receipt[(at + 1)..]) : null;
}
