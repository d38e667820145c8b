using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Media.Encryption;
using Events.Media.Recordings;
using Events.Media.Storage;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Events.Tests.Engines.Media;

/// <summary>The format of decision 0021, byte by byte. Random where it says so, from a seed that a failure prints.</summary>
public sealed class An_encrypted_file : IDisposable
{
    private const int Number = 7;

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("events-enc-").FullName, "000007.mp4");
    private readonly FootageKey _key = NewKey();

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    public static TheoryData<int> Lengths =>
    [
        1, 2, RecordFormat.ClearBytes - 1, RecordFormat.ClearBytes, RecordFormat.ClearBytes + 1, 3 * RecordFormat.ClearBytes,
        RecordFormat.BatchRecords * RecordFormat.ClearBytes, (RecordFormat.BatchRecords * RecordFormat.ClearBytes) + 1,
        (40 * RecordFormat.ClearBytes) + 1234,
    ];

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task gives_back_what_was_written_however_it_came_in_pieces(int length)
    {
        for (int seed = 0; seed < 5; seed++)
        {
            byte[] clear = Clear(length, seed);

            string? stored = Write(clear, seed);

            Assert.Equal(RecordFormat.StoredLengthOf(length), new FileInfo(_path).Length);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(_path, Studio.Cancel))), stored);
            using SegmentBytes file = SegmentBytes.Open(_path, _key, Number);
            Assert.Equal(clear, Whole(file));
        }
    }

    [Fact]
    public async Task gives_any_range()
    {
        byte[] clear = Clear((37 * RecordFormat.ClearBytes) + 321, 1);
        Write(clear, 1);
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            int from = random.Next(clear.Length);
            int count = random.Next(1, seed % 2 == 0 ? 100 : clear.Length);
            byte[] expected = clear[from..Math.Min(clear.Length, from + count)];
            await using var stream = new ConcatenatedStream([new FilePart(_path, Number, 0, clear.Length, _key)]);
            stream.Position = from;
            byte[] got = new byte[count];
            int done = seed % 3 == 0
                ? stream.ReadAtLeast(got, count, throwOnEndOfStream: false)
                : await stream.ReadAtLeastAsync(got, count, throwOnEndOfStream: false, Studio.Cancel);

            Assert.True(expected.AsSpan().SequenceEqual(got.AsSpan(0, done)), $"Seed {seed}: {count} bytes from {from} are others.");
        }
    }

    [Fact]
    public async Task refuses_any_flipped_bit()
    {
        byte[] clear = Clear((2 * RecordFormat.ClearBytes) + 99, 2);
        Write(clear, 2);
        byte[] stored = await File.ReadAllBytesAsync(_path, Studio.Cancel);
        for (int at = 0; at < stored.Length; at++)
        {
            byte[] changed = [.. stored];
            changed[at] ^= (byte)(1 << (at % 8));
            await File.WriteAllBytesAsync(_path, changed, Studio.Cancel);

            Assert.Throws<FootageUnreadableException>(Read);
        }
    }

    [Fact]
    public async Task refuses_records_in_another_order_and_from_another_file()
    {
        byte[] clear = Clear(4 * RecordFormat.ClearBytes, 4);
        Write(clear, 4);
        byte[] stored = await File.ReadAllBytesAsync(_path, Studio.Cancel);
        Write(clear, 4);
        byte[] other = await File.ReadAllBytesAsync(_path, Studio.Cancel);
        for (int one = 0; one < 4; one++)
        {
            for (int two = 0; two < 4; two++)
            {
                byte[] changed = [.. stored];
                (one == two ? other : stored).AsSpan(PlaceOf(two), RecordFormat.StoredBytes).CopyTo(changed.AsSpan(PlaceOf(one)));
                await File.WriteAllBytesAsync(_path, changed, Studio.Cancel);

                Assert.Throws<FootageUnreadableException>(Read);
            }
        }
    }

    [Fact]
    public async Task refuses_a_tail_cut_off_anywhere_when_it_is_opened()
    {
        Write(Clear((3 * RecordFormat.ClearBytes) + 50, 5), 5);
        byte[] stored = await File.ReadAllBytesAsync(_path, Studio.Cancel);
        for (int length = 0; length < stored.Length; length += length % RecordFormat.StoredBytes < 200 ? 1 : 97)
        {
            await File.WriteAllBytesAsync(_path, stored[..length], Studio.Cancel);

            Assert.Throws<FootageUnreadableException>(() => SegmentBytes.Open(_path, _key, Number).Dispose());
        }

        await File.WriteAllBytesAsync(_path, [.. stored, 0], Studio.Cancel);
        Assert.Throws<FootageUnreadableException>(() => SegmentBytes.Open(_path, _key, Number).Dispose());
    }

    [Fact]
    public void opens_by_its_own_key_in_its_own_place_alone()
    {
        Write(Clear(5_000, 6), 6);

        Assert.Throws<FootageUnreadableException>(() => SegmentBytes.Open(_path, _key, Number + 1));
        Assert.Throws<FootageUnreadableException>(() => SegmentBytes.Open(_path, NewKey(), Number));
        Assert.Throws<FootageUnreadableException>(() => SegmentBytes.Open(_path, NewKey() with { Owner = _key.Owner }, Number));
        File.WriteAllBytes(_path, Clear(5_000, 6));
        Assert.Throws<FootageUnreadableException>(() => SegmentBytes.Open(_path, _key, Number));
    }

    [Fact]
    public async Task never_holds_the_same_bytes_twice()
    {
        Write(new byte[20 * RecordFormat.ClearBytes], 7);
        byte[] stored = await File.ReadAllBytesAsync(_path, Studio.Cancel);
        int[] places = [.. Enumerable.Range(0, 20).Select(PlaceOf)];

        Assert.Equal(20, places.Select(at => Convert.ToHexString(stored, at, RecordFormat.NonceBytes)).Distinct().Count());
        Assert.Equal(20, places.Select(at => Convert.ToHexString(stored, at + RecordFormat.NonceBytes, 64)).Distinct().Count());
    }

    [Fact]
    public void takes_a_write_that_fails_back()
    {
        byte[] clear = Clear(100_000, 8);
        SafeFileHandle disk = File.OpenHandle(_path, FileMode.Create, FileAccess.ReadWrite);
        using (var output = new EncryptedOutput(disk, _key, Number))
        {
            output.Append([clear.AsMemory(0, 30_000)]);

            // A piece that breaks off within, as a disk does: some records are written, then the rest is refused.
            Assert.Throws<IOException>(() => output.Append(new BreakingPieces(clear.AsMemory(30_000))));
            output.Append([clear.AsMemory(30_000)]);
            string? stored = output.Finish();
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(ReadStored())), stored);
        }

        using SegmentBytes file = SegmentBytes.Open(_path, _key, Number);
        Assert.Equal(clear, Whole(file));
    }

    [Fact]
    public void shows_nothing_of_the_key() => Assert.Equal("•••", _key.ToString());

    private static FootageKey NewKey() =>
        new(Guid.CreateVersion7(), RandomNumberGenerator.GetBytes(FootageKey.SecretBytes));

    private static int PlaceOf(int record) => FileHeader.Bytes + (record * RecordFormat.StoredBytes);

    private static byte[] Clear(int length, int seed)
    {
        byte[] clear = new byte[length];
        new Random(seed).NextBytes(clear);
        return clear;
    }

    private static byte[] Whole(SegmentBytes file)
    {
        byte[] whole = new byte[file.Length];
        Assert.Equal(whole.Length, file.Read(whole, 0));
        return whole;
    }

    private byte[] ReadStored()
    {
        using var stream = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] stored = new byte[stream.Length];
        stream.ReadExactly(stored);
        return stored;
    }

    private void Read()
    {
        using SegmentBytes file = SegmentBytes.Open(_path, _key, Number);
        Whole(file);
    }

    private string? Write(byte[] clear, int seed)
    {
        var random = new Random(seed);
        using SegmentOutput output = SegmentOutput.Create(_path, _key, Number);
        for (int at = 0; at < clear.Length;)
        {
            int count = Math.Min(clear.Length - at, random.Next(1, seed % 2 == 0 ? 300 : 20_000));
            int half = count / 2;
            output.Append([clear.AsMemory(at, half), clear.AsMemory(at + half, count - half)]);
            at += count;
        }

        return output.Finish();
    }

    /// <summary>Pieces of which the second cannot be had.</summary>
    private sealed class BreakingPieces(ReadOnlyMemory<byte> first) : IReadOnlyList<ReadOnlyMemory<byte>>
    {
        public int Count => 2;

        public ReadOnlyMemory<byte> this[int index] => index == 0 ? first : throw new IOException("The disk is full.");

        public IEnumerator<ReadOnlyMemory<byte>> GetEnumerator()
        {
            yield return this[0];
            yield return this[1];
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
