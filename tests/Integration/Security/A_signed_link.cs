using System.Text;
using Events.Application.ApiKeys;
using Events.Application.Users;
using Events.Domain.Kernel;
using Events.Host.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>What a link says of who asked for it, and that nobody else can say it.</summary>
public sealed class A_signed_link : IDisposable
{
    private const string Scope = "/live/camera0/";
    private const string Ada = "ada@example.org";

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly StillClock _clock = new();
    private readonly ApiKeyRing _keys;
    private readonly UserRing _users;
    private readonly SignedLinks _links;

    public A_signed_link()
    {
        (_keys, _users) = (new ApiKeyRing(_clock), new UserRing(_clock));
        _links = Links();
    }

    public void Dispose()
    {
        _keys.Dispose();
        _users.Dispose();
    }

    [Fact]
    public void names_the_account_of_a_token_and_ends_no_later_than_it()
    {
        DateTimeOffset end = _clock.Now.AddMinutes(10);
        string query = _links.QueryFor(Scope, Day, Of(Ada, end));
        LinkRight right = Check(query)!;
        Assert.Equal((Ada, end), (right.Who, right.Until));
        Assert.Null(right.Cameras);
        _clock.Now = end.AddSeconds(-1);
        Assert.NotNull(Check(query));
        _clock.Now = end;
        Assert.Null(Check(query));

        DateTimeOffset later = Check(_links.QueryFor(Scope, Day, Of(Ada, _clock.Now.AddDays(9))))!.Until;
        Assert.Equal(_clock.Now + Day, later);
    }

    [Fact]
    public void shows_the_name_to_nobody()
    {
        string query = _links.QueryFor(Scope, Day, Of(Ada, _clock.Now + Day));
        Assert.Matches(@"^\?exp=\d+&user=[\w-]{40,}&sig=[\w-]{43}$", query);
        Assert.DoesNotContain("ada", query, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(
            System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Ada)), query, StringComparison.Ordinal);
        Assert.NotEqual(PartOf(query, "user"), PartOf(Links("another secret of thirty-two bytes").QueryFor(Scope, Day, Of(Ada, _clock.Now)), "user"));
    }

    [Theory]
    [InlineData("local")]
    [InlineData("oidc:8f14e45f-ceea-467f-9575-1b2c9b7a1a5e")]
    [InlineData("a b&sig=x /live/camera1/ ../..")]
    [InlineData("key-0199a000-0000-7000-8000-0000000000ff")]
    public void takes_any_name(string name) =>
        Assert.Equal(name, Check(_links.QueryFor(Scope, Day, Of(name, _clock.Now + Day)))!.Who);

    [Fact]
    public void takes_the_longest_name_of_the_longest_letters() => takes_any_name(new string('語', 128));

    [Fact]
    public void of_another_owner_is_refused()
    {
        string query = _links.QueryFor(Scope, Day, Of(Ada, _clock.Now + Day));
        string eve = PartOf(_links.QueryFor(Scope, Day, Of("eve", _clock.Now + Day)), "user");
        string user = PartOf(query, "user");
        string own = $"&user={user}";
        Assert.NotNull(Check(query));
        foreach (string other in new[]
        {
            "", "&user=", $"&user={eve}", $"&user={user[..^1]}", $"&user={user}A", $"&user={user}=", $"&user={user}%20", own + own,
            $"&key={user}", $"&session={user}", $"&key={Guid.NewGuid()}", $"{own}&key={Guid.NewGuid()}", $"{own}&key=", $"{own}&session=",
            $"&user={new string('A', 100_000)}",
        })
        {
            Assert.Null(Check(query.Replace(own, other, StringComparison.Ordinal)));
        }

        Assert.Null(Check(query, "/live/camera1/"));
        Assert.Null(Check(query.Replace($"exp={PartOf(query, "exp")}", "exp=99999999999", StringComparison.Ordinal)));
        Assert.Null(Check(query.Replace("&sig=", "&gis=", StringComparison.Ordinal)));
        Assert.Null(Check(query + "A"));
    }

    /// <summary>What is signed for one form, its words moved about, is signed for no other.</summary>
    [Fact]
    public void in_one_form_is_none_in_another()
    {
        Guid id = Guid.CreateVersion7();
        LinkOwner[] owners =
            [new LinkOwner.Key(null, new ApiKeyId(id)), new LinkOwner.Session(null, new SessionId(id)), Of(id.ToString(), _clock.Now + Day)];
        string[] signatures = [.. owners.Select(owner => PartOf(_links.QueryFor(Scope, Day, owner), "sig"))];
        Assert.Distinct(signatures);

        // A name that reads like another form with its scope behind it.
        string query = _links.QueryFor(Scope, Day, Of($"session {id} {Scope}", _clock.Now + Day));
        Assert.StartsWith("session ", Check(query)!.Who, StringComparison.Ordinal);
        Assert.Null(Check(query.Replace($"user={PartOf(query, "user")}", $"session={id}", StringComparison.Ordinal)));
    }

    [Fact]
    public void for_some_cameras_is_made_for_a_key_or_a_session_alone()
    {
        var some = CameraList.From([CameraId.New()]);
        var of = new AccessIdentity("ada", Role.Viewer, _clock.Now + Day, some);
        Assert.IsType<LinkOwner.Key>(LinkOwner.Of(of with { KeyId = ApiKeyId.New() }, null));
        Assert.IsType<LinkOwner.Session>(LinkOwner.Of(of with { SessionId = SessionId.New() }, null));
        Assert.Throws<InvalidOperationException>(() => LinkOwner.Of(of, null));
        Assert.Equal(new LinkOwner.Account("http://h", "ada", _clock.Now + Day), LinkOwner.Of(of with { Cameras = null }, "http://h"));
    }

    [Fact]
    public void of_a_session_opens_what_its_user_may_see_now()
    {
        var user = new UserView(
            UserName.TryParse("ada")!.Value, Role.Viewer, Guid.NewGuid(), false, _clock.Now, _clock.Now, 0, null, null, null, 1);
        var session = new SessionView(SessionId.New(), "ada", _clock.Now, _clock.Now, _clock.Now + Day, null, 1);
        var some = CameraList.From([CameraId.New()]);
        string query = _links.QueryFor(Scope, Day, new LinkOwner.Session(null, session.Id));
        foreach (CameraList? cameras in new[] { null, some })
        {
            _users.Put(user with { Cameras = cameras });
            _users.Put(session);
            Assert.Equal(cameras, Check(query)!.Cameras);
        }

        _users.Put(user);
        Assert.Null(Check(query));
    }

    private static LinkOwner.Account Of(string name, DateTimeOffset until) => new LinkOwner.Account(null, name, until);

    private static string PartOf(string query, string name) => QueryHelpers.ParseQuery(query)[name].ToString();

    private SignedLinks Links(string secret = "a secret of at least thirty-two bytes") => new(secret, _keys, _users, _clock);

    private LinkRight? Check(string query, string scope = Scope) =>
        _links.Check(scope, SignedQuery.Of(new QueryCollection(QueryHelpers.ParseQuery(query))), null);

    private sealed class StillClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
