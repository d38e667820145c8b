using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.Kernel;
using Events.Domain.Users;
using Xunit;

namespace Events.Tests.Domain.Users;

public sealed class Erasing_a_user : IAsyncDisposable
{
    private const string Password = "a long walk in rain";

    private readonly World _world = new();

    private static Caller Admin => new("root", Role.Admin, "cli", "request-1");

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task takes_name_password_and_sessions_and_frees_the_name()
    {
        await WithUserAsync();
        var done = Assert.IsType<SignInResult.Done>(await SignInAsync());
        SessionGrant open = _world.Users.Find(done.SessionId)!;
        Assert.Equal(UserRefusals.NotDisabled, (await EraseAsync()).Refusal);
        await _world.Accounts.SendAsync(new DisableUser(Samples.Ada, "Has left"), Admin, null, World.Token);

        CommandResult erased = await EraseAsync();

        Assert.Null(erased.Refusal);
        Assert.True(open.Ended.IsCancellationRequested);
        Assert.Null(_world.Users.NameOf(open.Account));
        Assert.Empty(_world.Kept.All);
        Assert.Empty(_world.Names.All);
        Assert.Empty(_world.Views.Rows(UserViewProjection.View));
        Assert.Equal([open.Account], _world.Names.Erased.Select(id => id.Account).Distinct());
        Assert.Equal(UserRefusals.NotFound, (await EraseAsync()).Refusal);
        Assert.IsType<SignInResult.Denied>(await SignInAsync());

        await CreateAsync();
        Assert.NotEqual(open.Account, Assert.IsType<SignInResult.Done>(await SignInAsync()).Account);
    }

    [Fact]
    public async Task leaves_no_name_in_facts_of_sessions_or_of_who_caused_any()
    {
        await WithUserAsync();
        var done = Assert.IsType<SignInResult.Done>(await SignInAsync());

        StoredFact started = _world.Streams.Log.Single(stored => stored.Fact is SessionStarted);

        Assert.Equal(done.Account, started.UserName);
        Assert.DoesNotMatch(@"\bada\b", started.Data);
        Assert.DoesNotContain(_world.Streams.Log, stored => stored.StreamId == "user-ada");
    }

    [Fact]
    public async Task of_before_names_were_sealed_is_refused_and_they_go_on_as_they_were()
    {
        await _world.RunAsync();
        Guid id = Guid.CreateVersion7();
        await _world.Kept.SetAsync(id, Passwords.Nobodys, World.Token);
        await _world.Streams.For(Admin.Origin).TransactAsync(
            User.Decider, "ada", new CreateUser(Samples.Ada, Role.Viewer, id, false), World.Token);

        await _world.Accounts.SendAsync(new DisableUser(Samples.Ada, "Has left"), Admin, null, World.Token);

        Assert.Equal(UserRefusals.InClear, (await EraseAsync()).Refusal);
        Assert.IsType<UserDisabled>(_world.Streams.FactsOf("user-ada")[^1]);
        Assert.Equal(
            UserRefusals.AlreadyCreated,
            (await _world.Accounts.CreateAsync("ada", Role.Viewer, null, Password, false, Admin, World.Token)).Refusal);
    }

    [Fact]
    public async Task is_done_again_at_a_start_when_the_log_does_not_know_of_it()
    {
        // As after a restore: the list outside the database names somebody who is there.
        UserId id = await _world.Names.ClaimAsync(Samples.Ada, World.Token);
        await _world.Streams.For(Admin.Origin).TransactAsync(
            User.Decider,
            id.ToString(),
            new CreateUser(Samples.Ada, Role.Viewer, Samples.Password, false) { Id = id },
            World.Token);
        await _world.Kept.SetAsync(Samples.Password, "hash", World.Token);
        _world.Names.Erased.Add(id);

        await _world.RunAsync();

        await Until.TrueAsync(
            () => _world.Streams.FactsOf(id.Account)[^1] is UserErased && _world.Kept.All.IsEmpty, "the user to be erased again");
        Assert.Empty(_world.Names.All);
    }

    [Fact]
    public async Task that_cannot_be_finished_says_so_and_holds_up_nobody_else()
    {
        await WithUserAsync();
        await _world.Accounts.CreateAsync("bea", Role.Viewer, null, Password, false, Admin, World.Token);
        await _world.Accounts.SendAsync(new DisableUser(Samples.Ada, "Has left"), Admin, null, World.Token);
        _world.Names.IsFull = true;

        await Assert.ThrowsAsync<DependencyUnavailableException>(EraseAsync);

        Assert.IsType<SignInResult.Denied>(await SignInAsync());
        Assert.IsType<SignInResult.Done>(await _world.SignIns.SignInAsync("bea", Password, null, "http", World.Token));
    }

    private async Task WithUserAsync()
    {
        await _world.RunAsync();
        await CreateAsync();
    }

    private async Task CreateAsync() =>
        Assert.Null(
            (await _world.Accounts.CreateAsync("ada", Role.Operator, null, Password, false, Admin, World.Token)).Refusal);

    private Task<CommandResult> EraseAsync() =>
        _world.Accounts.SendAsync(new EraseUser(Samples.Ada, "Asked for by the person"), Admin, null, World.Token);

    private Task<SignInResult> SignInAsync() => _world.SignIns.SignInAsync("ada", Password, null, "http", World.Token);
}
