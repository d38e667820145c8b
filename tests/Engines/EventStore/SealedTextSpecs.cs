using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Events.EventStore.Personal;
using Xunit;

namespace Events.Tests.Engines.EventStore;

public sealed class A_sealed_text
{
    private const string Subject = "user-0199a000-0000-7000-8000-0000000000f3";
    private const string Fact = "0199a000-0000-7000-8000-0000000000aa";

    private static readonly byte[] _key = [.. Enumerable.Range(1, 32).Select(n => (byte)n)];
    private static readonly byte[] _other = [.. Enumerable.Range(2, 32).Select(n => (byte)n)];

    [Theory]
    [InlineData("ada")]
    [InlineData("")]
    [InlineData("2001:db8::7")]
    [InlineData("Zoë has left — 今日")]
    public void opens_with_its_key_in_its_place(string text) =>
        Assert.Equal(text, SealedText.Open(_key, Seal(text), Fact, "name"));

    [Fact]
    public void says_whose_it_is_and_nothing_of_its_length()
    {
        Assert.Equal(Subject, SealedText.SubjectOf(Seal("ada")));
        Assert.Equal(Seal("a").Length, Seal("a-name-of-thirty-one-characters").Length);
        Assert.NotEqual(Seal("ada"), Seal("ada"));
        Assert.Null(SealedText.SubjectOf("ada"));
        Assert.Null(SealedText.SubjectOf("::1"));
    }

    [Fact]
    public void is_refused_with_another_key_and_anywhere_else()
    {
        string stored = Seal("ada");
        string moved = stored.Replace(Subject, "month-2026-11", StringComparison.Ordinal);
        string changed = stored[..^2] + (stored[^2] == 'A' ? "B" : "A") + stored[^1];
        Assert.ThrowsAny<CryptographicException>(() => SealedText.Open(_other, stored, Fact, "name"));
        Assert.ThrowsAny<CryptographicException>(() => SealedText.Open(_key, stored, Fact.Replace('a', 'b'), "name"));
        Assert.ThrowsAny<CryptographicException>(() => SealedText.Open(_key, stored, Fact, "reason"));
        Assert.ThrowsAny<CryptographicException>(() => SealedText.Open(_key, moved, Fact, "name"));
        Assert.ThrowsAny<CryptographicException>(() => SealedText.Open(_key, changed, Fact, "name"));
        Assert.ThrowsAny<CryptographicException>(() => SealedText.Open(_key, stored[..60], Fact, "name"));
        Assert.ThrowsAny<CryptographicException>(() => SealedText.Open(_key, stored + "=!", Fact, "name"));
    }

    /// <summary>The format as docs/audit.md gives it, opened here without the product's code.</summary>
    [Fact]
    public void is_what_the_documentation_says()
    {
        byte[] bytes = Base64Url.DecodeFromChars(Seal("ada").Split(':')[3]);
        byte[] own = HKDF.DeriveKey(
            HashAlgorithmName.SHA256, _key, 64, Encoding.ASCII.GetBytes(Fact), Encoding.ASCII.GetBytes("events/personal/1"));
        Assert.Equal(SHA256.HashData(own.AsSpan(32)), bytes[..32]);
        byte[] plain = new byte[32];
        using AesGcm cipher = new(own.AsSpan(0, 32), 16);
        cipher.Decrypt(
            bytes.AsSpan(32, 12), bytes.AsSpan(44, 32), bytes.AsSpan(76, 16), plain, Encoding.ASCII.GetBytes($"{Subject}\n{Fact}\nname"));
        Assert.Equal("ada" + new string('\0', 29), Encoding.ASCII.GetString(plain));
    }

    private static string Seal(string text) => SealedText.Seal(_key, Subject, Fact, "name", text);
}
