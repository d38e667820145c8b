using System.Net;
using Events.Application;
using Events.Application.ApiKeys;
using Events.Application.Contracts;
using Events.Domain.ApiKeys;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.ApiKeys;

public sealed class The_ring_of_keys : IDisposable
{
    private static readonly IPAddress Here = IPAddress.Parse("10.0.0.7");

    private readonly TestClock _clock = new();
    private readonly ApiKeyRing _ring;
    private readonly string _secret;
    private readonly ApiKeyView _row;

    public The_ring_of_keys()
    {
        _ring = new ApiKeyRing(_clock);
        (_secret, string hash) = ApiKeySecret.New();
        _row = new ApiKeyView(
            Samples.Key, "Wall", Role.Viewer, ApiKeyStatus.Active, null, null, Now, null, hash, null, null, null, 0, null, 1);
        _ring.Put(_row);
    }

    public void Dispose() => _ring.Dispose();

    [Fact]
    public void knows_a_secret_and_no_other()
    {
        Assert.Equal(Samples.Key, _ring.Find(_secret, Here)!.KeyId);
        Assert.Null(_ring.Find(ApiKeySecret.New().Secret, Here));
        Assert.Null(_ring.Find(_secret[..^1], Here));
        Assert.Null(_ring.Find(_secret + "A", Here));
        Assert.Null(_ring.Find(_secret.ToUpperInvariant(), Here));
        Assert.Null(_ring.Find("csk_", Here));
        Assert.Null(_ring.Find(string.Concat("csk_", new string('\u00e9', 43)), Here));
        Assert.Matches("^csk_[A-Za-z0-9_-]{43}$", _secret);
    }

    [Theory]
    [InlineData(ApiKeyStatus.Suspended)]
    [InlineData(ApiKeyStatus.Revoked)]
    [InlineData(ApiKeyStatus.Expired)]
    public void ends_what_is_open_when_a_key_is_good_no_longer(ApiKeyStatus status)
    {
        ApiKeyGrant open = _ring.Find(_secret, Here)!;
        _ring.Put(_row with { Status = status, Version = 2 });

        Assert.True(open.Ended.IsCancellationRequested);
        Assert.Null(_ring.Find(_secret, Here));
        Assert.Null(_ring.Find(Samples.Key, Here));
    }

    /// <summary>A view may have the row from before for long: it stands still, or is built anew.</summary>
    [Fact]
    public void ends_a_key_by_the_fact_alone_and_takes_no_older_row_afterwards()
    {
        ApiKeyGrant open = _ring.Find(_secret, Here)!;
        Take(new ApiKeySuspended(Samples.Key, "Perhaps lost", Now), 3);
        Assert.True(open.Ended.IsCancellationRequested);
        Assert.Null(_ring.Find(_secret, Here));

        Take(new ApiKeyResumed(Samples.Key, Now), 5);
        Assert.NotNull(_ring.Find(_secret, Here));
        Take(new ApiKeyRevoked(Samples.Key, "Lost", Now), 6);
        Assert.Null(_ring.Find(_secret, Here));

        _ring.Put(_row with { Version = 5 });
        Take(new ApiKeyResumed(Samples.Key, Now), 5);
        Assert.Null(_ring.Find(_secret, Here));
        Assert.Null(_ring.Find(Samples.Key, Here));
    }

    [Fact]
    public void narrows_and_rotates_a_key_by_the_facts_alone()
    {
        (string next, string hash) = ApiKeySecret.New();
        Take(new ApiKeyRotated(Samples.Key, hash, Now.AddMinutes(1), Now), 2);
        Take(new ApiKeyNarrowed(Samples.Key, Role.Viewer, Samples.Both, null, null, Now), 3);
        Assert.Equal(Samples.Both, _ring.Find(next, Here)!.Cameras);
        Assert.Equal(Samples.Both, _ring.Find(_secret, Here)!.Cameras);

        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(_ring.Find(_secret, Here));
        Assert.NotNull(_ring.Find(next, Here));
    }

    private void Take(ApiKeyEvent fact, long version) =>
        _ring.Take(new Recorded<ApiKeyEvent>(fact, 100 + version, version));

    [Fact]
    public void ends_what_is_open_when_a_key_is_good_for_less()
    {
        ApiKeyGrant open = _ring.Find(_secret, Here)!;
        _ring.Put(_row with { Cameras = Samples.Both, Version = 2 });

        Assert.True(open.Ended.IsCancellationRequested);
        Assert.Equal(Samples.Both, _ring.Find(_secret, Here)!.Cameras);
    }

    [Fact]
    public void lets_a_suspended_key_in_again_when_it_is_resumed()
    {
        _ring.Put(_row with { Status = ApiKeyStatus.Suspended, Version = 2 });
        _ring.Put(_row with { Version = 3 });

        Assert.False(_ring.Find(_secret, Here)!.Ended.IsCancellationRequested);
    }

    [Fact]
    public void keeps_both_secrets_until_the_old_one_is_over()
    {
        ApiKeyGrant open = _ring.Find(_secret, Here)!;
        (string next, string hash) = ApiKeySecret.New();
        _ring.Put(_row with { SecretHash = hash, OldSecretHash = _row.SecretHash, OldUntil = Now.AddMinutes(1), Version = 2 });
        Assert.NotNull(_ring.Find(next, Here));
        Assert.NotNull(_ring.Find(_secret, Here));
        Assert.False(open.Ended.IsCancellationRequested);

        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(_ring.Find(next, Here));
        Assert.Null(_ring.Find(_secret, Here));
        Assert.True(open.Ended.IsCancellationRequested);
    }

    [Fact]
    public void lets_an_expired_key_in_no_more_even_before_the_log_says_so()
    {
        _ring.Put(_row with { ExpiresAt = Now.AddSeconds(5), Version = 2 });
        Assert.Equal(Now.AddSeconds(5), _ring.Find(_secret, Here)!.Until);
        Assert.Empty(_ring.Due(_clock.GetUtcNow()));

        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(_ring.Find(_secret, Here));
        Assert.Equal([Samples.Key], _ring.Due(_clock.GetUtcNow()));
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.7", true)]
    [InlineData("10.0.0.0/8", "11.0.0.7", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.0.0.7", true)]
    [InlineData("10.0.0.0/8", null, false)]
    [InlineData("10.0.0.7/32 fd00::/8", "fd00::1", true)]
    [InlineData("10.0.0.7/32 fd00::/8", "fe80::1", false)]
    public void looks_where_a_caller_is(string addresses, string? from, bool isIn)
    {
        _ring.Put(_row with { Addresses = addresses, Version = 2 });

        Assert.Equal(isIn, _ring.Find(_secret, from is null ? null : IPAddress.Parse(from)) is not null);
    }

    [Fact]
    public void counts_uses_until_they_are_taken()
    {
        _ring.Find(_secret, Here);
        _clock.Advance(TimeSpan.FromSeconds(3));
        _ring.Find(_secret, Here);

        Assert.Equal([(Samples.Key, new ApiKeyUse.Counted(2, Now, Now.AddSeconds(3)))], _ring.TakeUse());
        Assert.Empty(_ring.TakeUse());
    }

    [Theory]
    [InlineData("10.0.0.5", "10.0.0.5/32")]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("FD00::1/8", "fd00::/8")]
    [InlineData("10", null)]
    [InlineData("10.0.0.0/33", null)]
    [InlineData("fe80::1%2", null)]
    [InlineData("gate.example", null)]
    public void writes_addresses_in_one_form(string given, string? written) =>
        Assert.Equal(written, AddressSet.Normalise([given]));
}

public sealed class The_keeper_of_keys : IAsyncDisposable
{
    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task follows_the_log_and_tells_it_of_use_and_end()
    {
        ApiKeyId before = ApiKeyId.New();
        string old = await IssueAsync(before, new ApiKeyLimits(Role.Viewer, null, null, null));
        await _world.RunAsync();
        ApiKeyId key = ApiKeyId.New();
        string secret = await IssueAsync(key, new ApiKeyLimits(Role.Viewer, null, null, Now.AddMinutes(7)));
        await Until.TrueAsync(
            () => _world.Keys.Find(secret, null) is not null && _world.Keys.Find(old, null) is not null, "both keys are known");

        await _world.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.Contains(_world.Streams.FactsOf($"api_key-{key}"), fact => fact is ApiKeyUsed { Count: > 0, Node: "node1" });
        Assert.DoesNotContain(_world.Streams.FactsOf($"api_key-{key}"), fact => fact is ApiKeyExpired);
        await _world.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.Contains(_world.Streams.FactsOf($"api_key-{key}"), fact => fact is ApiKeyExpired);

        await _world.SendAsync(new RevokeApiKey(before, "Lost"));
        await Until.TrueAsync(() => _world.Keys.Find(old, null) is null, "the revoked key is refused");
    }

    [Fact]
    public async Task goes_by_the_facts_while_the_view_of_keys_stands_still()
    {
        ApiKeyId before = ApiKeyId.New();
        string old = await IssueAsync(before, new ApiKeyLimits(Role.Viewer, null, null, null));
        await _world.RunAsync();
        await Until.TrueAsync(() => _world.Keys.Find(old, null) is not null, "the key is known");
        _world.Views.StandsAt[ApiKeyViewProjection.View.Name] = _world.Streams.Log.Count;

        string secret = await IssueAsync(ApiKeyId.New(), new ApiKeyLimits(Role.Viewer, null, null, null));
        await Until.TrueAsync(() => _world.Keys.Find(secret, null) is not null, "a key that the view lacks");
        await _world.SendAsync(new RevokeApiKey(before, "Lost"));
        await Until.TrueAsync(() => _world.Keys.Find(old, null) is null, "the revoked key is refused");
        Assert.Equal(
            ApiKeyStatus.Active, _world.Views.Rows(ApiKeyViewProjection.View)[before.ToString()].Status);
        Assert.Equal(ApiKeyStatus.Revoked, (await _world.Newest.FindAsync(before, World.Token))!.Status);
        Assert.Null(await _world.Newest.FindAsync(ApiKeyId.New(), World.Token));
    }

    /// <summary>Nobody else's view is waited for, and what this one lacks is in the log.</summary>
    [Fact]
    public async Task knows_at_a_start_what_a_view_that_stands_still_does_not()
    {
        var limits = new ApiKeyLimits(Role.Viewer, null, null, null);
        ApiKeyId before = ApiKeyId.New();
        string lost = await IssueAsync(before, limits);
        string kept = await IssueAsync(ApiKeyId.New(), limits);
        long at = _world.Streams.Log.Count;
        await _world.SendAsync(new RevokeApiKey(before, "Lost"));
        string later = await IssueAsync(ApiKeyId.New(), limits);

        await using World next = await _world.AfterCrashAsync();
        next.Views.StandsAt[ApiKeyViewProjection.View.Name] = at;
        await next.RunAsync();
        await Until.TrueAsync(() => next.Keys.IsLoaded, "the keys are in");

        Assert.NotNull(next.Keys.Find(kept, null));
        Assert.NotNull(next.Keys.Find(later, null));
        Assert.Null(next.Keys.Find(lost, null));
    }

    [Fact]
    public async Task of_cameras_that_are_not_there_issues_no_key()
    {
        var limits = new ApiKeyLimits(Role.Viewer, Samples.Both, null, null);
        Assert.Equal(
            ApiKeyRefusals.BadCameras,
            (await _world.SendAsync(new IssueApiKey(ApiKeyId.New(), "Wall", limits, Samples.Hash))).Refusal);
        Assert.Equal(
            ApiKeyRefusals.BadAddresses,
            (await _world.SendAsync(new IssueApiKey(
                ApiKeyId.New(), "Wall", limits with { Cameras = null, Addresses = "10.0.0.1" }, Samples.Hash))).Refusal);
    }

    private async Task<string> IssueAsync(ApiKeyId id, ApiKeyLimits limits)
    {
        (string secret, string hash) = ApiKeySecret.New();
        Assert.Null((await _world.SendAsync(new IssueApiKey(id, "Wall", limits, hash))).Refusal);
        return secret;
    }
}

public sealed class A_caller_for_some_cameras : IAsyncDisposable
{
    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task commands_those_and_hears_of_no_other()
    {
        CameraId gate = await _world.WithCameraAsync();
        CameraId yard = await _world.WithCameraAsync("Yard");
        RecordingId ours = RecordingId.New();
        RecordingId theirs = RecordingId.New();
        Assert.Null((await _world.SendAsync(new Application.Recordings.StartRecording(theirs, yard, null))).Refusal);

        Assert.Null(await RefusalOfAsync(gate, new Application.Recordings.StartRecording(ours, gate, null)));
        Assert.Null(await RefusalOfAsync(gate, new Application.Recordings.StopRecording(ours, StopReason.Requested)));
        Assert.Equal(
            CameraRefusals.NotRegistered,
            await RefusalOfAsync(gate, new Application.Recordings.StartRecording(RecordingId.New(), yard, null)));
        Assert.Equal(
            RecordingRefusals.NotFound,
            await RefusalOfAsync(gate, new Application.Recordings.StopRecording(theirs, StopReason.Requested)));
        Assert.Equal(
            RecordingRefusals.NotFound, await RefusalOfAsync(gate, new Application.Recordings.StartRecording(theirs, gate, null)));
        Assert.Equal(
            RecordingRefusals.NotFound,
            await RefusalOfAsync(gate, new Application.Recordings.StopRecording(RecordingId.New(), StopReason.Requested)));
        Assert.Equal(CameraRefusals.NotRegistered, await RefusalOfAsync(gate, new StartBroadcast(yard)));
        Assert.Equal(
            CommandBus.NotAllowed,
            await RefusalOfAsync(gate, new Application.ExternalStreams.RemoveExternalStream("rtsp://10.0.0.8/subject")));
    }

    private async Task<Refusal?> RefusalOfAsync(CameraId camera, object command) =>
        (await _world.Bus.SendAsync(
            command,
            new Caller("key-1", Role.Operator, "graphql", "request-1", null, CameraList.From([camera])),
            World.Token)).Refusal;
}
