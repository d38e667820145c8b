using System.Net;
using Events.Application.Access;
using Events.Application.Contracts;
using Events.Host.JsonRpc;
using Events.Host.Security;
using Events.Host.Users;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>How often one address may show a password, at all doors together.</summary>
public sealed class Attempts_to_sign_in
{
    private readonly SetClock _clock = new();
    private readonly SignInAttempts _attempts;

    public Attempts_to_sign_in()
    {
        var rule = new AddressRule(10, new RateRule(10, 10), [AddressRange.TryParse("127.0.0.1")!]);
        var ledger = new AccessLedger(new AccessTimes("node1", TimeSpan.FromMinutes(5)), _clock);
        _attempts = new SignInAttempts(ledger, new AddressGuard(rule, _clock), _clock);
    }

    [Theory]
    [InlineData("192.0.2.7")]
    [InlineData("127.0.0.2")]
    [InlineData(null)]
    public void of_one_address_are_twenty_and_then_one_in_two_seconds(string? address)
    {
        IPAddress? from = address is null ? null : IPAddress.Parse(address);
        Assert.Equal(20, CountOf(from));
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(2, CountOf(from));
        Assert.Equal(20, CountOf(IPAddress.Parse("192.0.2.8")));
    }

    /// <summary>A stranger behind a proxy on this machine must not use up what everybody else there has.</summary>
    [Fact]
    public void by_an_address_that_speaks_for_many_are_as_many_as_can_be_looked_at()
    {
        Assert.Equal(400, CountOf(IPAddress.Loopback));
        Assert.Equal("auth.rate_limited", _attempts.Take("", "http", IPAddress.Loopback)?.Code);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(20, CountOf(IPAddress.Loopback));
    }

    private int CountOf(IPAddress? from)
    {
        int count = 0;
        while (_attempts.Take("", "http", from) is null)
        {
            count++;
        }

        return count;
    }
}
