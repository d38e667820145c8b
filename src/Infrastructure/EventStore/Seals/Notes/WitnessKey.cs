using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Events.EventStore.Seals.Notes;

/// <summary>
/// A witness's public key: C2SP tlog-cosignature, version 1, type 0x04, Ed25519. What a witness signs is that it saw this head at
/// this time, and that it goes on from all heads of this log that it saw before.
/// </summary>
internal sealed class WitnessKey
{
    public const byte CosignatureType = 4;

    private const int TimeBytes = sizeof(ulong);

    private readonly byte[] _key;

    private WitnessKey(string name, byte[] key)
    {
        (Name, _key) = (name, key);
        byte[] named = [.. StrictText.Encode(name), (byte)'\n', CosignatureType, .. key];
        Id = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(named));
    }

    public string Name { get; }

    /// <summary>Other than of a log's key, the name has a part in it.</summary>
    public uint Id { get; }

    /// <exception cref="NoteRefusedException">The name cannot be a key's, or this is no Ed25519 key.</exception>
    public static WitnessKey Of(string name, byte[] key) =>
        NoteKey.IsName(name) && key.Length == Ed25519.PublicKeySize && Ed25519.ValidatePublicKeyFull(key, 0)
            ? new WitnessKey(name, key)
            : throw new NoteRefusedException("That is no witness's name and Ed25519 key.");

    /// <exception cref="NoteRefusedException">It is no vkey of this type, or its id is another key's.</exception>
    public static WitnessKey Parse(string vkey)
    {
        string[] parts = vkey.Split('+', 3);
        return parts.Length == 3 && StrictText.TryBase64(parts[2], out byte[] bytes) && bytes is [CosignatureType, .. byte[] key]
            && Of(parts[0], key) is var found && found.IdText() == parts[1]
                ? found
                : throw new NoteRefusedException("That is no witness's key as name+id+base64 (Ed25519, cosignature/v1).");
    }

    /// <summary>When this witness cosigned the note.</summary>
    /// <returns>Null when no line is of this key.</returns>
    /// <exception cref="NoteRefusedException">A line claims to be, and is not.</exception>
    public DateTimeOffset? TimeOn(SignedNote note)
    {
        DateTimeOffset? newest = null;
        foreach (NoteSignature line in note.Signatures.Where(one => one.KeyName == Name && one.KeyId == Id))
        {
            if (line.Bytes.Length != TimeBytes + Ed25519.SignatureSize)
            {
                throw new NoteRefusedException($"The cosignature of {Name} has another length than such have.");
            }

            ulong time = BinaryPrimitives.ReadUInt64BigEndian(line.Bytes);
            byte[] text = TextOf(note.Text, time);
            if (time > (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                || !Ed25519.Verify(line.Bytes, TimeBytes, _key, 0, text, 0, text.Length))
            {
                throw new NoteRefusedException($"The cosignature of {Name} is wrong.");
            }

            DateTimeOffset at = DateTimeOffset.FromUnixTimeSeconds((long)time);
            newest = newest > at ? newest : at;
        }

        return newest;
    }

    /// <summary>The vkey.</summary>
    public override string ToString() => $"{Name}+{IdText()}+{Convert.ToBase64String([CosignatureType, .. _key])}";

    /// <summary>A signature line over this text at this time.</summary>
    internal NoteSignature Sign(string text, DateTimeOffset now, Ed25519PrivateKeyParameters key)
    {
        byte[] bytes = new byte[TimeBytes + Ed25519.SignatureSize];
        ulong time = (ulong)now.ToUnixTimeSeconds();
        BinaryPrimitives.WriteUInt64BigEndian(bytes, time);
        byte[] signed = TextOf(text, time);
        key.Sign(Ed25519.Algorithm.Ed25519, null, signed, 0, signed.Length, bytes, TimeBytes);
        return new NoteSignature(Name, Id, bytes);
    }

    private static byte[] TextOf(string text, ulong time) =>
        StrictText.Encode(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {time}\n{text}"));

    private string IdText() => Id.ToString("x8", CultureInfo.InvariantCulture);
}
