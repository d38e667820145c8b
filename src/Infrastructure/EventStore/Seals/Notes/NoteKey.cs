using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Events.EventStore.Seals.Notes;

/// <summary>
/// A public key that may sign notes: C2SP signed-note, type 0x02, ECDSA on P-256 with SHA-256. Its text is a vkey:
/// <c>name+id+base64</c>.
/// </summary>
internal sealed class NoteKey : IDisposable
{
    public const byte EcdsaType = 2;

    private const string P256 = "1.2.840.10045.3.1.7";

    private readonly ECDsa _key;

    private NoteKey(string name, byte[] subjectPublicKeyInfo, ECDsa key)
    {
        Name = name;
        SubjectPublicKeyInfo = subjectPublicKeyInfo;
        Id = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(subjectPublicKeyInfo));
        _key = key;
    }

    public string Name { get; }

    /// <summary>The first four bytes of the SHA-256 of <see cref="SubjectPublicKeyInfo"/>; the name has no part in it.</summary>
    public uint Id { get; }

    /// <summary>DER.</summary>
    public byte[] SubjectPublicKeyInfo { get; }

    /// <exception cref="NoteRefusedException">
    /// The name cannot be a key's, or these are not the DER bytes of a P-256 key.
    /// </exception>
    public static NoteKey Of(string name, byte[] subjectPublicKeyInfo)
    {
        if (!IsName(name))
        {
            throw new NoteRefusedException("A key's name must have neither blanks nor a plus sign.");
        }

        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
            bool isP256 = key.ExportParameters(false).Curve.Oid.Value == P256;
            if (isP256 && key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(subjectPublicKeyInfo))
            {
                return new NoteKey(name, subjectPublicKeyInfo, key);
            }
        }
        catch (Exception bad) when (bad is CryptographicException or PlatformNotSupportedException)
        {
            // Whatever was wrong with it, a curve that nobody has included, it is refused below.
        }

        key.Dispose();
        throw new NoteRefusedException($"The key of {name} is no P-256 key.");
    }

    /// <exception cref="NoteRefusedException">It is no vkey of this type, or its id is another key's.</exception>
    public static NoteKey Parse(string vkey)
    {
        string[] parts = vkey.Split('+', 3);
        if (parts.Length == 3 && StrictText.TryBase64(parts[2], out byte[] bytes) && bytes is [EcdsaType, .. byte[] info])
        {
            NoteKey key = Of(parts[0], info);
            if (key.IdText() == parts[1])
            {
                return key;
            }

            key.Dispose();
        }

        throw new NoteRefusedException("That is no ECDSA P-256 key as name+id+base64.");
    }

    public static bool IsName(string name) =>
        name.Length > 0 && !name.Any(letter => char.IsWhiteSpace(letter) || letter is '+' or < ' ');

    /// <summary>The vkey.</summary>
    public override string ToString() =>
        $"{Name}+{IdText()}+{Convert.ToBase64String([EcdsaType, .. SubjectPublicKeyInfo])}";

    /// <summary>Only DER with the shortest numbers is a signature, so that nobody can make a second spelling of one.</summary>
    public bool HasSigned(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        IsShortestDer(signature)
        && _key.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void Dispose() => _key.Dispose();

    private string IdText() => Id.ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>A sequence of two positive numbers of at most 33 bytes; all its lengths are then of one byte.</summary>
    private static bool IsShortestDer(ReadOnlySpan<byte> signature)
    {
        if (signature.Length < 2 || signature[0] != 0x30 || signature[1] != signature.Length - 2)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = signature[2..];
        return IsNumber(ref rest) && IsNumber(ref rest) && rest.IsEmpty;

        static bool IsNumber(ref ReadOnlySpan<byte> rest)
        {
            if (rest.Length < 3 || rest[0] != 2 || rest[1] is 0 or > 33 || rest.Length < 2 + rest[1])
            {
                return false;
            }

            ReadOnlySpan<byte> number = rest.Slice(2, rest[1]);
            rest = rest[(2 + number.Length)..];
            bool isNegative = number[0] >= 0x80;
            bool isPadded = number is [0, < 0x80, ..] or [0];
            return !isNegative && !isPadded;
        }
    }
}
