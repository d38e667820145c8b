using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Audit;

/// <summary>
/// Checkpoint and tiles over HTTP, read as a monitor does who has the two C2SP papers and none of our code: the tree's arithmetic
/// below is this test's own.
/// </summary>
public sealed class Following_the_log(SealedHost log) : IClassFixture<SealedHost>
{
    private const int Width = 256;
    private const string Bytes = "application/octet-stream";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task leads_from_the_leaves_to_the_signed_root()
    {
        await log.MendAsync();
        string token = await log.Host.TokenAsync("auditor");
        (long size, byte[] root) = await CheckpointAsync(token);
        Assert.True(size > Width);
        List<byte[]> leaves = [];
        List<byte[]> entries = [];
        for (long number = 0; number * Width < size; number++)
        {
            string name = NameOf(number, Math.Min(Width, size - (number * Width)));
            leaves.AddRange(Cut(await GetAsync($"/audit/tile/0/{name}", token, Bytes)));
            entries.AddRange(EntriesIn(await GetAsync($"/audit/tile/entries/{name}", token, Bytes)));
        }

        Assert.Equal(size, leaves.Count);
        Assert.Equal(leaves, entries.Select(entry => SHA256.HashData([0, .. entry])));
        Assert.Equal(root, RootOf(leaves));

        // A hash of the next level is the root over a whole tile below.
        Assert.Equal(RootOf(leaves[..Width]), await GetAsync("/audit/tile/1/000.p/1", token, Bytes));

        // Entries say what happened, and of what: the bodies are there as hashes.
        JsonElement[] read = [.. entries.Select(entry => JsonElement.Parse(Encoding.UTF8.GetString(entry)))];
        Assert.Equal(size, read.Select(leaf => leaf.Text("seq_id")).Distinct().Count());
        Assert.Contains(read, leaf => leaf.Text("type") == "camera_registered");
        Assert.DoesNotContain("rtsp://", string.Concat(entries.Select(Encoding.UTF8.GetString)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task finds_every_narrower_tile_the_same_as_the_wider_one_began()
    {
        await log.MendAsync();
        string token = await log.Host.TokenAsync("auditor");
        byte[] whole = await GetAsync("/audit/tile/0/000", token, Bytes);
        byte[] entries = await GetAsync("/audit/tile/entries/000", token, Bytes);
        foreach (int width in new[] { 1, 2, 17, 255 })
        {
            Assert.Equal(whole[..(32 * width)], await GetAsync($"/audit/tile/0/000.p/{width}", token, Bytes));
            byte[] some = await GetAsync($"/audit/tile/entries/000.p/{width}", token, Bytes);
            Assert.Equal(entries[..some.Length], some);
            Assert.Equal(width, EntriesIn(some).Count);
        }
    }

    [Fact]
    public async Task is_kept_by_whoever_asked_and_by_no_cache_between()
    {
        await log.MendAsync();
        string token = await log.Host.TokenAsync("auditor");
        foreach ((string path, string kept) in new[]
        {
            ("/audit/tile/0/000", "max-age=31536000, private, immutable"), ("/audit/tile/entries/000.p/3", "max-age=31536000, private, immutable"),
            ("/audit/checkpoint", "no-cache, private"), ("/audit/tile/0/999", "no-store"),
        })
        {
            foreach (HttpMethod method in new[] { HttpMethod.Get, HttpMethod.Head })
            {
                using HttpResponseMessage answer = await SendAsync(method, path, token);
                Assert.Equal(
                    kept.Split(", ").Order(), answer.Headers.GetValues("Cache-Control").Single().Split(", ").Order());
            }
        }
    }

    [Theory]
    [InlineData("/audit/tile/0/001", 404)]
    [InlineData("/audit/tile/0/001.p/255", 404)]
    [InlineData("/audit/tile/1/000", 404)]
    [InlineData("/audit/tile/1/000.p/2", 404)]
    [InlineData("/audit/tile/8/000.p/1", 404)]
    [InlineData("/audit/tile/63/000.p/1", 404)]
    [InlineData("/audit/tile/0/x009/x223/x372/x036/x854/x775/807", 404)]
    [InlineData("/audit/tile/entries/001", 404)]
    [InlineData("/audit/tile/64/000", 400)]
    [InlineData("/audit/tile/0/x009/x223/x372/x036/x854/x775/808", 400)]
    [InlineData("/audit/tile/0/0", 400)]
    [InlineData("/audit/tile/0/x000/000", 400)]
    [InlineData("/audit/tile/0/000.p/0", 400)]
    [InlineData("/audit/tile/0/000.p/256", 400)]
    [InlineData("/audit/tile/0/000.p/01", 400)]
    [InlineData("/audit/tile/0/-01", 400)]
    [InlineData("/audit/tile/0/+01", 400)]
    [InlineData("/audit/tile/0/000/", 400)]
    [InlineData("/audit/tile/0//000", 400)]
    [InlineData("/audit/tile/data/000", 400)]
    [InlineData("/audit/tile/entries/", 400)]
    [InlineData("/audit/tile/entries/0/000", 400)]
    [InlineData("/audit/tile/0/%2e%2e%2fcheckpoint", 400)]
    [InlineData("/audit/tile/0/\u0660\u0660\u0660", 400)]
    public async Task answers_a_tile_that_is_not_there_in_words(string path, int status)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, path, await log.Host.TokenAsync("auditor"));
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        JsonElement problem = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token));
        Assert.Contains(status == 400 ? "names no tile" : "tree head has", problem.Text("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("update events.mt_events set data = '{}' where seq_id = 100", "/audit/tile/entries/000")]
    [InlineData("delete from events.mt_events where seq_id = 100", "/audit/tile/entries/000")]
    [InlineData("delete from events_own.audit_tile", "/audit/tile/0/000")]
    public async Task gets_no_facts_that_are_not_the_sealed_ones(string tampering, string path)
    {
        string token = await log.Host.TokenAsync("auditor");
        try
        {
            await log.TamperAsync(tampering);
            using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, path, token);
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
            Assert.Contains("audit verify", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        }
        finally
        {
            await log.MendAsync();
        }
    }

    private static string NameOf(long number, long width) => width == Width ? $"{number:000}" : $"{number:000}.p/{width}";

    private static List<byte[]> Cut(byte[] tile) => [.. tile.Chunk(32)];

    private static List<byte[]> EntriesIn(byte[] bundle)
    {
        List<byte[]> entries = [];
        for (int at = 0; at < bundle.Length;)
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(bundle.AsSpan(at));
            entries.Add(bundle[(at + 2)..(at + 2 + length)]);
            at += 2 + length;
        }

        return entries;
    }

    /// <summary>RFC 9162, section 2.1.1, word for word.</summary>
    private static byte[] RootOf(List<byte[]> leaves)
    {
        if (leaves.Count == 1)
        {
            return leaves[0];
        }

        int split = 1;
        while (split * 2 < leaves.Count)
        {
            split *= 2;
        }

        return SHA256.HashData([1, .. RootOf(leaves[..split]), .. RootOf(leaves[split..])]);
    }

    private async Task<(long Size, byte[] Root)> CheckpointAsync(string token)
    {
        long before = await NewestAsync();
        string note = Encoding.UTF8.GetString(await GetAsync("/audit/checkpoint", token, "text/plain"));
        string[] lines = note.Split('\n');
        long size = long.Parse(lines[1], System.Globalization.CultureInfo.InvariantCulture);

        // That the token was made is a fact, and may be sealed just now.
        Assert.InRange(size, before, await NewestAsync());
        Assert.StartsWith("\u2014 ", lines[4], StringComparison.Ordinal);
        return (size, Convert.FromBase64String(lines[2]));
    }

    private async Task<long> NewestAsync() => long.Parse(
        await log.Host.SqlAsync("select max(size) from events_own.audit_head"), System.Globalization.CultureInfo.InvariantCulture);

    private async Task<byte[]> GetAsync(string path, string token, string type)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, path, token);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {answer.StatusCode}");
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        return await answer.Content.ReadAsByteArrayAsync(Token);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string token)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await log.Host.Http.SendAsync(request, Token);
    }
}
