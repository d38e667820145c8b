using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Events.EventStore.Seals.Notes;

namespace Events.EventStore.Seals.Outside;

/// <summary>What a time stamp (RFC 3161) says of a head.</summary>
/// <param name="At">When the authority says that it was there.</param>
/// <param name="By">Subject of the certificate that signed.</param>
internal sealed record TimeStamp(DateTimeOffset At, string By)
{
    private const string StampingUse = "1.3.6.1.5.5.7.3.8";

    /// <param name="token">DER of the token, without the status around it.</param>
    /// <param name="roots">Whom the asker trusts; null to take any certificate, and nobody's word for it.</param>
    /// <exception cref="NoteRefusedException">It is no stamp of this note, or not by somebody trusted.</exception>
    public static TimeStamp Open(byte[] token, byte[] note, X509Certificate2Collection? roots)
    {
        try
        {
            if (!Rfc3161TimestampToken.TryDecode(token, out Rfc3161TimestampToken? stamp, out int read) || read != token.Length)
            {
                throw new NoteRefusedException("It is no time stamp.");
            }

            if (!stamp.VerifySignatureForData(note, out X509Certificate2? signer))
            {
                throw new NoteRefusedException("The time stamp is of something else than this head, or its signature is wrong.");
            }

            DateTimeOffset at = stamp.TokenInfo.Timestamp;
            if (roots is not null)
            {
                RequireTrusted(signer, stamp.AsSignedCms().Certificates, roots, at);
            }

            return new TimeStamp(at, signer.Subject);
        }
        catch (CryptographicException damaged)
        {
            throw new NoteRefusedException($"The time stamp cannot be read: {damaged.Message}");
        }
    }

    /// <exception cref="NoteRefusedException">There is no certificate in it.</exception>
    public static X509Certificate2Collection RootsIn(string pem)
    {
        X509Certificate2Collection roots = [];
        try
        {
            roots.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            // Told below.
        }

        return roots.Count > 0
            ? roots
            : throw new NoteRefusedException("There is no certificate (PEM) of a time-stamp authority.");
    }

    /// <summary>Revocation is not asked for: an audit needs no network, and years later nobody answers.</summary>
    private static void RequireTrusted(
        X509Certificate2 signer, X509Certificate2Collection sent, X509Certificate2Collection roots, DateTimeOffset at)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(StampingUse));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (!chain.Build(signer))
        {
            throw new NoteRefusedException(
                $"The time stamp is by {signer.Subject}, which none of the trusted authorities vouches for: "
                + string.Join(", ", chain.ChainStatus.Select(one => one.Status)));
        }
    }
}
