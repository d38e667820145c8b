using Events.Application.Users;
using Events.Domain.Kernel;
using Events.Host.Security;
using Events.Tests.Integration.Kit;
using Events.Tests.Integration.Operations;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>Keys of access tokens in a folder that nodes share, and how one follows another.</summary>
public sealed class Signing_keys : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TemporaryFolder _folder = new();
    private readonly SetClock _clock = new();
    private readonly List<SigningKeys> _opened = [];

    private string[] Files => Directory.GetFiles(_folder.PathOf(""), "access-*.key");

    public void Dispose()
    {
        _opened.ForEach(keys => keys.Dispose());
        _folder.Dispose();
    }

    [Fact]
    public void are_published_before_anybody_signs_in()
    {
        SigningKeys keys = Open();
        string kid = Assert.Single(KidsOf(keys.ReadAgain()));
        Assert.Equal(kid, SignerOf(keys));
        Assert.Equal(kid, SignerOf(Open()));
        Assert.Single(Files);
    }

    [Fact]
    public void are_published_for_longer_than_the_set_is_kept_before_they_sign()
    {
        SigningKeys keys = Open();
        string first = SignerOf(keys);
        _clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMinutes(11));
        Assert.Equal(first, SignerOf(keys));
        Assert.Equal(first, Assert.Single(KidsOf(keys.ReadAgain())));

        _clock.Advance(TimeSpan.FromMinutes(1));
        string next = Assert.Single(KidsOf(keys.ReadAgain()), kid => kid != first);
        Assert.Equal(first, SignerOf(keys));
        _clock.Advance(SigningKeys.KeptFor + TimeSpan.FromMinutes(1));
        Assert.Equal(first, SignerOf(keys));
        _clock.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(next, SignerOf(keys));

        // What the older one signed is checked for as long again.
        _clock.Advance(TimeSpan.FromDays(30) - Second);
        Assert.Contains(first, KidsOf(keys.All));
        _clock.Advance(Second);
        Assert.DoesNotContain(first, KidsOf(keys.All));
        Assert.Contains(next, KidsOf(keys.All));
    }

    [Fact]
    public void of_a_node_at_which_nobody_signs_in_follow_each_other_all_the_same()
    {
        SigningKeys keys = Open();
        string first = SignerOf(keys);
        _clock.Advance(TimeSpan.FromDays(45));
        Assert.Equal(first, SignerOf(keys));
        _clock.Advance(2 * SigningKeys.KeptFor);
        string next = SignerOf(keys);
        Assert.NotEqual(first, next);

        // One that would soon check nothing any more signs nothing.
        _clock.Advance(TimeSpan.FromDays(59.5));
        Assert.DoesNotContain(SignerOf(keys), new[] { first, next });
    }

    [Fact]
    public async Task made_by_another_node_check_its_tokens()
    {
        using var ring = new UserRing(_clock);
        ring.Put(new UserView(
            UserName.TryParse("ada")!.Value, Role.Viewer, Guid.NewGuid(), false, _clock.Now, _clock.Now, 0, null, null, null, 1));
        var session = new SessionView(SessionId.New(), "ada", _clock.Now, _clock.Now, _clock.Now.AddDays(1), null, 1);
        ring.Put(session);
        Guid installation = Guid.NewGuid();
        SigningKeys one = Open();
        string token = new SessionTokens(one, ring, installation, _clock).Issue(session.Id, "ada", Role.Viewer);
        MakeAnother();
        SigningKeys other = _opened[^1];
        Assert.NotEqual(KidsOf(one.All), KidsOf(other.All));

        // The other one's clock may be behind, but not by as much as one likes.
        var behind = new SetClock();
        behind.Advance(TimeSpan.FromSeconds(-20));
        var tokens = new SessionTokens(other, ring, installation, behind);
        Assert.Equal("ada", (await tokens.ReadAsync(token))?.UserId);
        behind.Advance(TimeSpan.FromSeconds(-11));
        Assert.Null(await tokens.ReadAsync(token));

        // Once each knows both, they sign with the same one.
        _clock.Advance(Second);
        Assert.Equal(KidsOf(one.ReadAgain()).Order(), KidsOf(other.All).Order());
        Assert.Equal(SignerOf(one), SignerOf(other));
    }

    [Fact]
    public void are_looked_for_once_a_second_at_most_and_taken_only_where_nobody_else_can_read_them()
    {
        SigningKeys keys = Open();
        keys.ReadAgain();
        string made = MakeAnother();
        SecretFile.Open(made);
        Assert.Single(keys.ReadAgain());
        _clock.Advance(Second);
        Assert.Single(keys.ReadAgain());
        SecretFile.Close(made);
        Assert.Single(keys.ReadAgain());
        _clock.Advance(Second);
        Assert.Contains(Path.GetFileNameWithoutExtension(made), KidsOf(keys.ReadAgain()));
    }

    private static string SignerOf(SigningKeys keys) => keys.Signing.Key.KeyId;

    private static string[] KidsOf(IEnumerable<SecurityKey> keys) => [.. keys.Select(key => key.KeyId)];

    private SigningKeys Open()
    {
        var keys = new SigningKeys(_folder.PathOf(""), _clock, NullLogger<SigningKeys>.Instance);
        _opened.Add(keys);
        return keys;
    }

    /// <summary>As a node does that began at the same moment: it finds none, and makes one.</summary>
    /// <returns>Its file.</returns>
    private string MakeAnother()
    {
        string known = Files.Single();
        string aside = _folder.PathOf("aside");
        File.Move(known, aside);
        Open();
        string made = Files.Single();
        File.Move(aside, known);
        return made;
    }
}
