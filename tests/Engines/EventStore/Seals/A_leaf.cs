using System.Text;
using Events.EventStore.Seals.Canonical;
using Xunit;

namespace Events.Tests.Engines.EventStore.Seals;

public sealed class A_leaf
{
    [Fact]
    public void tells_NULL_from_nothing_in_every_column_that_may_be_NULL()
    {
        string none = FormOf(new LeafRow { Data = new Column("1"u8) });
        Assert.Equal(10, none.Split(":null").Length);
        string empty = FormOf(new LeafRow
        {
            Data = new Column("1"u8),
            BinaryData = new Column([]),
            CausationId = new Column([]),
            CorrelationId = new Column([]),
            DotNetType = new Column([]),
            Headers = new Column("{}"u8),
            StreamId = new Column([]),
            TenantId = new Column([]),
            Type = new Column([]),
            UserName = new Column([]),
        });
        Assert.DoesNotContain("null", empty, StringComparison.Ordinal);
        Assert.Contains("\"bdata\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"", empty, StringComparison.Ordinal);
    }

    [Fact]
    public void of_what_PostgreSQL_cannot_hold_is_refused()
    {
        Assert.Throws<RefusedJsonException>(() => FormOf(new LeafRow { Data = new Column("\"\\u0000\""u8) }));
        Assert.Throws<RefusedJsonException>(() => FormOf(new LeafRow { Data = new Column("{"u8) }));
        Assert.Throws<RefusedJsonException>(() => FormOf(new LeafRow { Data = new Column("1"u8), Type = new Column([0xC3]) }));
    }

    [Fact]
    public void stays_small_however_large_the_body_is()
    {
        byte[] body = Encoding.UTF8.GetBytes("\"" + new string('x', 5_000_000) + "\"");
        Assert.InRange(FormOf(new LeafRow { Data = new Column(body) }).Length, 200, 700);
    }

    /// <summary>Times as PostgreSQL sends them: years before Christ, the last one it knows, and both infinities.</summary>
    [Theory]
    [InlineData(0, "946684800000000")]
    [InlineData(-946_684_800_000_000, "0")]
    [InlineData(848_640_994_123_456, "1795325794123456")]
    [InlineData(-211_813_488_000_000_000, "-210866803200000000")]
    [InlineData(9_223_371_331_199_999_999, "9224318015999999999")]
    [InlineData(long.MaxValue, "infinity")]
    [InlineData(long.MinValue, "-infinity")]
    public void keeps_every_digit_of_a_time(long micros, string text)
    {
        byte[] to = new byte[LeafTime.LengthMax];
        Assert.Equal(text, Encoding.ASCII.GetString(to, 0, LeafTime.Write(micros, to)));
    }

    private static string FormOf(LeafRow row) => Encoding.UTF8.GetString(new LeafForm().Of(row));
}
