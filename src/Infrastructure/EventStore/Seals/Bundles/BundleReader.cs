using System.IO.Compression;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Events.EventStore.Seals.Bundles;

/// <summary>The bundle is not what it must be; says what.</summary>
internal sealed class BundleRefusedException(string message) : Exception(message);

/// <summary>A zip archive from somebody who may mean no good: everything in it is bounded before it is read.</summary>
internal sealed class BundleReader : IDisposable
{
    /// <summary>Twice the facts and their proofs that an export may have, and media.</summary>
    private const int EntriesMax = 500_000;

    /// <summary>In bytes, of a file that is read as a whole.</summary>
    private const long TextBytesMax = 1024L * 1024 * 1024;

    /// <summary>In bytes, of all files beside the media.</summary>
    private const long AllTextBytesMax = 4 * TextBytesMax;

    /// <summary>Text packs to a tenth. What unpacks to a thousand times itself was made to fill a disk.</summary>
    private const long RatioMax = 1_000;

    /// <summary>In bytes. Small files may pack well.</summary>
    private const long RatioFromBytes = 1024 * 1024;

    private const int CopyBytes = 128 * 1024;

    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    /// <exception cref="BundleRefusedException">The archive is not one that this program would write.</exception>
    /// <exception cref="InvalidDataException">It is no zip archive.</exception>
    public BundleReader(Stream stream)
    {
        _archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        if (_archive.Entries.Count > EntriesMax)
        {
            throw new BundleRefusedException($"more than {EntriesMax} files");
        }

        long text = 0;
        foreach (ZipArchiveEntry entry in _archive.Entries)
        {
            string name = entry.FullName;
            if (name.AsSpan().IndexOfAny('\\', ':') >= 0 || name.Split('/').Any(part => part is ".." or ""))
            {
                throw new BundleRefusedException($"a file name that leads elsewhere: {name}");
            }

            if (!_entries.TryAdd(name, entry))
            {
                throw new BundleRefusedException($"two files of the name {name}");
            }

            if (entry.IsEncrypted)
            {
                throw new BundleRefusedException($"{name} is encrypted");
            }

            if (entry.Length > RatioFromBytes && entry.Length > RatioMax * Math.Max(entry.CompressedLength, 1))
            {
                throw new BundleRefusedException($"{name} unpacks to far more than it can hold");
            }

            text += name.StartsWith("media/", StringComparison.Ordinal) ? 0 : entry.Length;
        }

        if (text > AllTextBytesMax)
        {
            throw new BundleRefusedException($"more than {AllTextBytesMax} bytes beside the media");
        }
    }

    public IReadOnlyCollection<string> Names => _entries.Keys;

    public bool Has(string name) => _entries.ContainsKey(name);

    public long LengthOf(string name) => _entries[name].Length;

    /// <exception cref="BundleRefusedException">It is missing or too large.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public byte[] Read(string name)
    {
        ZipArchiveEntry entry = Require(name);
        if (entry.Length > TextBytesMax)
        {
            throw new BundleRefusedException($"{name} is too large");
        }

        using Stream stream = entry.Open();
        byte[] bytes = new byte[entry.Length];
        stream.ReadExactly(bytes);
        if (stream.ReadByte() >= 0)
        {
            throw new BundleRefusedException($"{name} is longer than the archive says");
        }

        EnsureWhole(entry, Crc32.HashToUInt32(bytes));
        return bytes;
    }

    /// <returns>Lower-case hex.</returns>
    /// <exception cref="BundleRefusedException">It is missing, or longer than the archive says.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public async Task<string> HashAsync(string name, CancellationToken cancellationToken)
    {
        ZipArchiveEntry entry = Require(name);
        await using Stream stream = await entry.OpenAsync(cancellationToken);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var checksum = new Crc32();
        byte[] buffer = new byte[CopyBytes];
        long length = 0;
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and int read)
        {
            hash.AppendData(buffer, 0, read);
            checksum.Append(buffer.AsSpan(0, read));
            length += read;
            if (length > entry.Length)
            {
                throw new BundleRefusedException($"{name} is longer than the archive says");
            }
        }

        EnsureWhole(entry, checksum.GetCurrentHashAsUInt32());
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public void Dispose() => _archive.Dispose();

    /// <summary>The library does not look, and no hash covers the manifest: a bit that flipped in it would pass.</summary>
    private static void EnsureWhole(ZipArchiveEntry entry, uint checksum)
    {
        if (entry.Crc32 != checksum)
        {
            throw new InvalidDataException($"{entry.FullName} has another checksum than the archive says.");
        }
    }

    private ZipArchiveEntry Require(string name) =>
        _entries.TryGetValue(name, out ZipArchiveEntry? entry) ? entry : throw new BundleRefusedException($"{name} is missing");
}
