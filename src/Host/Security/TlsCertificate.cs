using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Events.Host.Operations;

namespace Events.Host.Security;

/// <summary>
/// The certificate that clients are shown, from two PEM files. When they are written anew, as tools for certificates do every
/// some weeks, the next connection gets the new one; a pair that does not fit leaves the old one in use.
/// </summary>
internal sealed partial class TlsCertificate(
    string certificateFile, string keyFile, TimeProvider time, ILogger<TlsCertificate> logger)
{
    /// <summary>A look at two files is cheap, but not for each of a thousand connections that come at once.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private SslStreamCertificateContext? _context;
    private (DateTime Certificate, DateTime Key) _written;
    private long _lookedAt;

    /// <summary>Reads both files; called once before anything listens.</summary>
    /// <exception cref="StartRefusedException">They are not there, do not fit, or others may read the key.</exception>
    public void Load()
    {
        foreach ((string path, string key) in new[] { (certificateFile, "Tls.CertificateFile"), (keyFile, "Tls.KeyFile") })
        {
            if (!File.Exists(path))
            {
                throw new StartRefusedException($"{key}: there is no file {path}.");
            }
        }

        KeyFiles.ReadOwnerOnly(keyFile);
        try
        {
            _written = Written();
            _context = Read();
        }
        catch (Exception failure) when (IsUnusable(failure))
        {
            throw new StartRefusedException(
                $"Tls.CertificateFile and Tls.KeyFile: {failure.Message} Give a certificate with its chain and the key that "
                + "belongs to it, both as PEM, the key without a password.",
                failure);
        }
    }

    /// <summary>For the next connection, which may change what it gets: Kestrel adds the protocols that it speaks.</summary>
    public SslServerAuthenticationOptions Current()
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_lookedAt) >= LookEvery)
            {
                _lookedAt = time.GetTimestamp();
                LookAgain();
            }

            return new SslServerAuthenticationOptions
            {
                ServerCertificateContext = _context,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            };
        }
    }

    private void LookAgain()
    {
        try
        {
            var written = Written();
            if (written == _written)
            {
                return;
            }

            if (KeyFiles.IsOpenToOthers(keyFile))
            {
                // As at the start. It is looked at again: another mode is no later time.
                LogBad($"Others may read the key file {keyFile}. Run: chmod 600 {keyFile}");
                return;
            }

            _context = Read();
            _written = written;
            LogNew(_context.TargetCertificate.NotAfter);
        }
        catch (Exception failure) when (IsUnusable(failure) || failure is IOException or UnauthorizedAccessException)
        {
            // Half a pair, between the writing of one file and of the other: the next look finds both.
            LogBad(failure.Message);
        }
    }

    /// <summary>No PEM, or a key of another certificate, which is an <see cref="ArgumentException"/>.</summary>
    private static bool IsUnusable(Exception failure) => failure is CryptographicException or ArgumentException;

    private (DateTime Certificate, DateTime Key) Written() =>
        (File.GetLastWriteTimeUtc(certificateFile), File.GetLastWriteTimeUtc(keyFile));

    private SslStreamCertificateContext Read()
    {
        X509Certificate2 own = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        X509Certificate2Collection chain = [];
        chain.ImportFromPemFile(certificateFile);

        // Offline: what clients need of the chain is in the file, and nobody is asked for more.
        return SslStreamCertificateContext.Create(own, chain, offline: true);
    }

    [LoggerMessage(2951, LogLevel.Information, "TLS: a new certificate is in use, good until {NotAfter:u}")]
    private partial void LogNew(DateTime notAfter);

    [LoggerMessage(2952, LogLevel.Warning,
        "TLS: the certificate files have changed and cannot be used yet; the old one stays: {Why}")]
    private partial void LogBad(string why);
}
