using System.Diagnostics;
using System.Text;
using Events.EventStore.Seals.Canonical;
using Npgsql;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

public sealed class A_canonical_form
{
    private const int Pairs = 100_000;
    private const int PairsPerQuestion = 5_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The property that all seals rest on, asked of the judge: PostgreSQL itself.</summary>
    [Fact]
    public async Task is_shared_exactly_by_what_jsonb_takes_for_equal()
    {
        int equal = 0;
        JsonSamples samples = new(20_260_923);
        await using NpgsqlConnection connection = new(await Vectors.DatabaseAsync());
        await connection.OpenAsync(Token);
        for (int asked = 0; asked < Pairs; asked += PairsPerQuestion)
        {
            (string[] left, string[] right) = Spelled(samples);
            await using NpgsqlCommand command = new(
                "select (l::jsonb) = (r::jsonb), l::jsonb::text from unnest($1::text[], $2::text[]) with ordinality a(l, r, n) order by n",
                connection)
            {
                Parameters = { new NpgsqlParameter<string[]> { TypedValue = left }, new NpgsqlParameter<string[]> { TypedValue = right } },
            };
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(Token);
            for (int i = 0; await reader.ReadAsync(Token); i++)
            {
                bool isEqual = reader.GetBoolean(0);
                string form = FormOf(left[i]);
                Assert.True(isEqual == (form == FormOf(right[i])), $"{left[i]}\n{right[i]}\njsonb says equal: {isEqual}");
                Assert.Equal(form, FormOf(form));
                Assert.Equal(form, FormOf(reader.GetString(1)));
                equal += isEqual ? 1 : 0;
            }
        }

        // Both answers must have been asked for often, or the check above could not have failed.
        Assert.InRange(equal, Pairs / 4, Pairs * 3 / 4);
    }

    [Fact]
    public async Task is_found_for_all_the_depth_that_PostgreSQL_stores()
    {
        string nested = string.Concat(Enumerable.Repeat("""{"b":[{"a":1}],"a":""", 2_000)) + "0" + new string('}', 2_000);
        string arrays = new string('[', 6_000) + new string(']', 6_000);
        await using NpgsqlConnection connection = new(await Vectors.DatabaseAsync());
        await connection.OpenAsync(Token);
        foreach (string text in new[] { nested, arrays })
        {
            await using NpgsqlCommand command = new("select ($1::text)::jsonb::text", connection)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = text } },
            };
            Assert.Equal(FormOf(text), FormOf((string)(await command.ExecuteScalarAsync(Token))!));
        }
    }

    [Fact]
    public void is_found_for_any_depth_up_to_its_bound()
    {
        string deep = new string('[', CanonicalJson.DepthMax) + new string(']', CanonicalJson.DepthMax);
        Assert.Equal(deep, FormOf(deep));
        Assert.Throws<RefusedJsonException>(() => FormOf($"[{deep}]"));
        Assert.Throws<RefusedJsonException>(() => FormOf(new string('[', 3 * CanonicalJson.DepthMax)));
    }

    /// <summary>Each level has its members in the wrong order, so a sorter that copies at each level would need hours.</summary>
    [Fact]
    public void of_a_hostile_body_takes_time_by_its_length()
    {
        const int Levels = 7_000;
        string inner = "\"" + new string('x', 20 * 1024 * 1024) + "\"";
        byte[] text = Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Repeat("{\"b\":", Levels)) + inner + string.Concat(Enumerable.Repeat(",\"a\":0}", Levels)));
        long start = Stopwatch.GetTimestamp();
        ReadOnlySpan<byte> form = new CanonicalJson(isNulRefused: true).Form(text);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal(text.Length, form.Length);
        Assert.True(form.StartsWith("{\"a\":0,\"b\":{\"a\":0,\"b\":"u8));
    }

    [Fact]
    public void of_an_object_with_many_members_has_them_all_in_order()
    {
        int[] numbers = [.. Enumerable.Range(0, 100_000)];
        new Random(1).Shuffle(numbers);
        string text = "{" + string.Join(',', numbers.Select(number => $"\"k{number:000000}\":{{\"z\":{number},\"y\":0}}")) + "}";
        string expected = "{" + string.Join(',', numbers.Order().Select(number => $"\"k{number:000000}\":{{\"y\":0,\"z\":{number}}}")) + "}";
        Assert.Equal(expected, FormOf(text));
        Assert.Throws<RefusedJsonException>(() => FormOf(text[..^1] + ",\"k000777\":1}"));
    }

    [Fact]
    public void of_one_text_does_not_depend_on_the_one_before()
    {
        CanonicalJson json = new(isNulRefused: true);
        string[] texts = ["{\"b\":{\"d\":1,\"c\":2},\"a\":[{\"y\":1,\"x\":2}]}", "[1,2]", "{\"\\u0062\":1,\"a\":2}", "\"x\""];
        foreach (string text in texts.Concat(texts.Reverse()))
        {
            string form = FormOf(text);
            Assert.Throws<RefusedJsonException>(() => json.Form("{\"q\":{\"b\":1,\"a\":2},\"p\":[{"u8).Length);
            Assert.Equal(form, Encoding.UTF8.GetString(json.Form(Encoding.UTF8.GetBytes(text))));
        }
    }

    [Theory]
    [InlineData("\"\\u0000\"")]
    [InlineData("{\"\\u0000\":1}")]
    [InlineData("[\"a\\u0000\"]")]
    public void of_a_body_is_refused_for_U_0000(string text)
    {
        Assert.Throws<RefusedJsonException>(() => FormOf(text));
        Assert.Equal(text, FormOf(text, isNulRefused: false));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("{\"a\"")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"a\":1,")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{,}")]
    [InlineData("{1:2}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("[")]
    [InlineData("[1")]
    [InlineData("[1 2]")]
    [InlineData("[1}")]
    [InlineData("{\"a\":1]")]
    [InlineData("]")]
    [InlineData("1 1")]
    [InlineData("1,")]
    [InlineData("tru")]
    [InlineData("truex")]
    [InlineData("nul")]
    [InlineData("+1")]
    [InlineData("1.")]
    [InlineData("1.e1")]
    [InlineData("01")]
    [InlineData("1e+")]
    [InlineData("--1")]
    [InlineData("\"")]
    [InlineData("\"\\")]
    [InlineData("\"\\u00")]
    [InlineData("\"\\u00g0\"")]
    [InlineData("\"\\x41\"")]
    [InlineData("\"\\ud83d\"")]
    [InlineData("\"\\ud83dx\"")]
    [InlineData("\"\\ud83d\\n\"")]
    [InlineData("\"\\ud83d\\u0041\"")]
    [InlineData("\u00a01")]
    [InlineData("\0")]
    public void is_refused_for_what_is_not_JSON(string text) => Assert.Throws<RefusedJsonException>(() => FormOf(text));

    private static (string[] Left, string[] Right) Spelled(JsonSamples samples)
    {
        string[] left = new string[PairsPerQuestion];
        string[] right = new string[PairsPerQuestion];
        for (int i = 0; i < PairsPerQuestion; i++)
        {
            JsonSamples.Value value = samples.Next();
            left[i] = samples.Spell(value);
            right[i] = samples.Spell(i % 2 == 0 ? samples.Edit(value) : value);
        }

        return (left, right);
    }

    private static string FormOf(string text, bool isNulRefused = true) =>
        Encoding.UTF8.GetString(new CanonicalJson(isNulRefused).Form(Encoding.UTF8.GetBytes(text)));
}
