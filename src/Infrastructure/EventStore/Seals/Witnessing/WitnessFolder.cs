using System.Security.Cryptography;
using System.Text;
using Events.EventStore.Seals.Notes;
using Events.EventStore.Seals.Sealing;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;

namespace Events.EventStore.Seals.Witnessing;

/// <param name="Note">With its cosignature.</param>
internal sealed record KeptHead(TreeHead Head, string Note);

/// <summary>A witness's private key with the name under which it signs.</summary>
internal sealed record WitnessSigner(WitnessKey Key, Ed25519PrivateKeyParameters Secret)
{
    public NoteSignature Sign(string text, DateTimeOffset now) => Key.Sign(text, now, Secret);
}

/// <summary>
/// What a witness knows: its key, and the newest head that it cosigned of each log. Outside the database, so that no restore of
/// that makes it forget what it signed.
/// </summary>
internal sealed class WitnessFolder(string path, string name)
{
    private const string KeyName = "witness-key.pem";
    private const UnixFileMode OwnFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private WitnessSigner? _signer;

    /// <summary>The key, made at the first call in the life of the folder.</summary>
    /// <exception cref="IOException">It is damaged, or the folder is away.</exception>
    public WitnessSigner Signer()
    {
        if (_signer is { } known)
        {
            return known;
        }

        string file = Path.Combine(path, KeyName);
        if (!File.Exists(file))
        {
            if (Directory.Exists(path) && Directory.EnumerateFiles(path, "log-*.txt").Any())
            {
                throw new IOException($"The witness's key {file} is missing, and it has signed before. Restore it.");
            }

            Directory.CreateDirectory(path, OwnFolder);
            Ed25519PrivateKeyParameters made = new(new SecureRandom());
            byte[] der = PrivateKeyInfoFactory.CreatePrivateKeyInfo(made).GetDerEncoded();
            DurableFile.Replace(path, KeyName, Encoding.ASCII.GetBytes(PemEncoding.WriteString("PRIVATE KEY", der) + "\n"));
        }

        return _signer = ReadKey(file);
    }

    /// <returns>Null for a log of which none was cosigned.</returns>
    /// <exception cref="IOException">It is damaged: then nothing may be signed of that log.</exception>
    public KeptHead? Read(string origin)
    {
        string file = FileOf(origin);
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            byte[] note = File.ReadAllBytes(file);
            SignedNote signed = SignedNote.Parse(note);
            TreeHead head = TreeHead.Parse(signed.Text);
            return head.Origin == origin && Signer().Key.TimeOn(signed) is not null
                ? new KeptHead(head, StrictText.Decode(note))
                : throw new NoteRefusedException("This witness did not sign it.");
        }
        catch (NoteRefusedException damaged)
        {
            throw new IOException($"What was last cosigned, {file}, is damaged. Restore it. {damaged.Message}");
        }
    }

    public void Write(string origin, byte[] note) => DurableFile.Replace(path, Path.GetFileName(FileOf(origin)), note);

    private WitnessSigner ReadKey(string file)
    {
        try
        {
            string pem = File.ReadAllText(file);
            byte[] der = Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);
            return PrivateKeyFactory.CreateKey(der) is Ed25519PrivateKeyParameters secret
                ? new WitnessSigner(WitnessKey.Of(name, secret.GeneratePublicKey().GetEncoded()), secret)
                : throw new IOException($"The witness's key {file} is no Ed25519 key.");
        }
        catch (Exception damaged) when (damaged is ArgumentException or FormatException or NoteRefusedException)
        {
            throw new IOException($"The witness's key {file} is damaged. Restore it.");
        }
    }

    /// <summary>An origin may have letters that no file name has.</summary>
    private string FileOf(string origin) =>
        Path.Combine(path, $"log-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin)))[..32]}.txt");
}
