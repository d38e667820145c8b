using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.Kernel;
using Events.Domain.Users;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Users;

public sealed class A_user
{
    private static readonly UserName Ada = Samples.Ada;
    private static readonly Guid Next = Guid.Parse("0199a000-0000-7000-8000-0000000000f9");
    private static readonly UserCreated Created = new(Ada, Role.Viewer, Samples.Password, false, Now.AddDays(-1));

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<User, UserCommand, UserEvent>(User.Decider)
            .State("NotCreated")
            .State("Created", Created)
            .State("Created (locked)", Created, new UserLocked(Ada, Now.AddSeconds(30), Now))
            .State("Created (was locked)", Created, new UserLocked(Ada, Now, Now))
            .State("Created (disabled)", Created, new UserDisabled(Ada, "Left", Now))
            .State("Created (enrolling)", Created, new UserSecondFactorEnrolled(Ada, Next, Now))
            .State("Created (codes)", Created, new UserSecondFactorConfirmed(Ada, Next, 7, Now))
            .State("Erased", Created, new UserErased(Ada, "Asked", Samples.Password, null, Now))
            .Command(new CreateUser(Ada, Role.Viewer, Samples.Password, false))
            .Command(new CreateUser(Ada, Role.Viewer, Next, false), "other")
            .Command(new SetUserPassword(Ada, Next, false))
            .Command(new LockUser(Ada))
            .Command(new UnlockUser(Ada))
            .Command(new DisableUser(Ada, "Left"))
            .Command(new EnableUser(Ada))
            .Command(new ChangeUserRole(Ada, Role.Admin))
            .Command(new ChangeUserCameras(Ada, Samples.Both))
            .Command(new ChangeUserCameras(Ada, null), "all")
            .Command(new EndUserSessions(Ada, Now))
            .Command(new EnrolSecondFactor(Ada, Next))
            .Command(new ConfirmSecondFactor(Ada, Next, 7))
            .Command(new UseSecondFactor(Ada, 8))
            .Command(new RemoveUserSecondFactor(Ada))
            .Command(new EraseUser(Ada, "Asked") { Id = Samples.AdasId })
            .Command(new EraseUser(Ada, "Asked"), "in clear")
            .Holds("""
                                        | NotCreated     | Created                  | Created (locked)         | Created (was locked)
                CreateUser              | UserCreated    | nothing                  | nothing                  | nothing
                CreateUser (other)      | UserCreated    | user.already_created     | user.already_created     | user.already_created
                SetUserPassword         | user.not_found | UserPasswordChanged      | UserPasswordChanged      | UserPasswordChanged
                LockUser                | user.not_found | UserLocked               | nothing                  | UserLocked
                UnlockUser              | user.not_found | nothing                  | UserUnlocked             | UserUnlocked
                DisableUser             | user.not_found | UserDisabled             | UserDisabled             | UserDisabled
                EnableUser              | user.not_found | nothing                  | nothing                  | nothing
                ChangeUserRole          | user.not_found | UserRoleChanged          | UserRoleChanged          | UserRoleChanged
                ChangeUserCameras       | user.not_found | UserCamerasChanged       | UserCamerasChanged       | UserCamerasChanged
                ChangeUserCameras (all) | user.not_found | nothing                  | nothing                  | nothing
                EndUserSessions         | user.not_found | UserSessionsEnded        | UserSessionsEnded        | UserSessionsEnded
                EnrolSecondFactor       | user.not_found | UserSecondFactorEnrolled | UserSecondFactorEnrolled | UserSecondFactorEnrolled
                ConfirmSecondFactor     | user.not_found | user.no_second_factor    | user.no_second_factor    | user.no_second_factor
                UseSecondFactor         | user.not_found | user.no_second_factor    | user.no_second_factor    | user.no_second_factor
                RemoveUserSecondFactor  | user.not_found | nothing                  | nothing                  | nothing
                EraseUser               | user.not_found | user.not_disabled        | user.not_disabled        | user.not_disabled
                EraseUser (in clear)    | user.not_found | user.in_clear            | user.in_clear            | user.in_clear
                """,
                """
                                        | Created (disabled)       | Created (enrolling)       | Created (codes)           | Erased
                CreateUser              | nothing                  | nothing                   | nothing                   | user.not_found
                CreateUser (other)      | user.already_created     | user.already_created      | user.already_created      | user.not_found
                SetUserPassword         | UserPasswordChanged      | UserPasswordChanged       | UserPasswordChanged       | user.not_found
                LockUser                | UserLocked               | UserLocked                | UserLocked                | user.not_found
                UnlockUser              | nothing                  | nothing                   | nothing                   | user.not_found
                DisableUser             | nothing                  | UserDisabled              | UserDisabled              | user.not_found
                EnableUser              | UserEnabled              | nothing                   | nothing                   | user.not_found
                ChangeUserRole          | UserRoleChanged          | UserRoleChanged           | UserRoleChanged           | user.not_found
                ChangeUserCameras       | UserCamerasChanged       | UserCamerasChanged        | UserCamerasChanged        | user.not_found
                ChangeUserCameras (all) | nothing                  | nothing                   | nothing                   | user.not_found
                EndUserSessions         | nothing                  | UserSessionsEnded         | UserSessionsEnded         | user.not_found
                EnrolSecondFactor       | UserSecondFactorEnrolled | nothing                   | user.second_factor_active | user.not_found
                ConfirmSecondFactor     | user.no_second_factor    | UserSecondFactorConfirmed | nothing                   | user.not_found
                UseSecondFactor         | user.no_second_factor    | user.no_second_factor     | UserSecondFactorUsed      | user.not_found
                RemoveUserSecondFactor  | nothing                  | UserSecondFactorRemoved   | UserSecondFactorRemoved   | user.not_found
                EraseUser               | UserErased               | user.not_disabled         | user.not_disabled         | nothing
                EraseUser (in clear)    | user.in_clear            | user.in_clear             | user.in_clear             | nothing
                """);

    [Fact]
    public void is_named_by_an_id_in_every_fact_where_there_is_one() =>
        For(User.Decider)
            .Given(Created with { Id = Samples.AdasId })
            .When(new DisableUser(Ada, "Left") { Id = Samples.AdasId })
            .Then(new UserDisabled(Ada, "Left", Now) { Id = Samples.AdasId });

    [Fact]
    public void is_erased_with_what_lies_apart_from_the_log() =>
        For(User.Decider)
            .Given(Created, new UserSecondFactorConfirmed(Ada, Next, 7, Now), new UserDisabled(Ada, "Left", Now))
            .When(new EraseUser(Ada, "Asked") { Id = Samples.AdasId })
            .Then(new UserErased(Ada, "Asked", Samples.Password, Next, Now) { Id = Samples.AdasId });

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    public void is_erased_for_a_reason_of_one_line(string reason) =>
        For(User.Decider)
            .Given(Created, new UserDisabled(Ada, "Left", Now))
            .When(new EraseUser(Ada, reason) { Id = Samples.AdasId })
            .ThenRefused(UserRefusals.BadReason);

    [Theory]
    [InlineData("user-0199a000-0000-7000-8000-0000000000f3", true)]
    [InlineData("user-0199A000-0000-7000-8000-0000000000F3", false)]
    [InlineData("user-ada", false)]
    [InlineData("ada", false)]
    [InlineData("", false)]
    public void has_an_account_that_says_nothing_of_the_person(string account, bool isOne)
    {
        Assert.Equal(isOne ? Samples.AdasId : null, UserId.OfAccount(account));
        Assert.Equal("user-0199a000-0000-7000-8000-0000000000f3", Samples.AdasId.Account);
    }

    [Fact]
    public void may_set_up_a_second_factor_anew_until_it_is_confirmed() =>
        For(User.Decider)
            .Given(Created, new UserSecondFactorEnrolled(Ada, Samples.Password, Now))
            .When(new EnrolSecondFactor(Ada, Next))
            .Then(new UserSecondFactorEnrolled(Ada, Next, Now));

    [Fact]
    public void can_use_no_code_twice_nor_an_older_one() =>
        For(User.Decider)
            .Given(Created, new UserSecondFactorConfirmed(Ada, Next, 7, Now), new UserSecondFactorUsed(Ada, 9, Now))
            .When(new UseSecondFactor(Ada, 8))
            .ThenRefused(UserRefusals.CodeUsed);

    [Fact]
    public void confirms_only_the_second_factor_that_was_set_up_last() =>
        For(User.Decider)
            .Given(Created, new UserSecondFactorEnrolled(Ada, Next, Now))
            .When(new ConfirmSecondFactor(Ada, Samples.Password, 7))
            .ThenRefused(UserRefusals.NoSecondFactor);

    [Theory]
    [InlineData(0, 30)]
    [InlineData(1, 60)]
    [InlineData(3, 240)]
    [InlineData(7, 3_600)]
    [InlineData(100, 3_600)]
    public void is_locked_for_longer_each_time(int before, int seconds) =>
        For(User.Decider)
            .Given([Created, .. Enumerable.Repeat(new UserLocked(Ada, Now, Now), before)])
            .When(new LockUser(Ada))
            .Then(new UserLocked(Ada, Now.AddSeconds(seconds), Now));

    [Theory]
    [InlineData("ada.l-1_x", true)]
    [InlineData("Ada", false)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("ada\n", false)]
    [InlineData("../ada", false)]
    public void has_a_plain_name(string name, bool isOne) => Assert.Equal(isOne, UserName.TryParse(name) is not null);

    [Theory]
    [InlineData("a long walk in rain", true)]
    [InlineData("short", false)]
    [InlineData("password1234", false)]
    [InlineData("Password123!", false)]
    [InlineData("qwertyuiop12", false)]
    [InlineData("aaaaaaaaaaaaaaa", false)]
    [InlineData("abababababababab", false)]
    [InlineData("123456789012", false)]
    [InlineData("my name is ada", true)]
    [InlineData("adaadaadaada", false)]
    [InlineData("1qaz2wsx3edc", false)]
    [InlineData("123qweasdzxc", false)]
    [InlineData("1q2w3e4r5t6y", false)]
    [InlineData("q1w2e3r4t5y6", false)]
    [InlineData("zaq12wsxcde3", false)]
    [InlineData("!QAZ@WSX3edc", false)]
    [InlineData("1q2w3e4r5t6z", false)]
    [InlineData("azeqsdwxc123", false)]
    [InlineData("poiuytrewq12", false)]
    [InlineData("qqqwwweeerrr", false)]
    [InlineData("abc123abc123", false)]
    [InlineData("k7!k7!k7!k7!k7", false)]
    [InlineData("abcdef123456", false)]
    [InlineData("a1b2c3d4e5f6", false)]
    [InlineData("qwertyuiop123", false)]
    [InlineData("passwordpassword", false)]
    [InlineData("sunshine1sunshine1", false)]
    [InlineData("student first point threw", true)]
    [InlineData("weredesertreserved", true)]
    [InlineData("regen auf dem dach", true)]
    [InlineData("property tree repertoire", true)]
    [InlineData("Sunny-Harbour-19", true)]
    [InlineData("qwertz uhr am fluss", true)]
    public void takes_no_password_that_is_easily_guessed(string password, bool isGood) =>
        Assert.Equal(isGood, Passwords.IsGood(password, Ada));

    /// <summary>A shorter name stands in many passwords by chance, in those that are made up, too.</summary>
    [Fact]
    public void takes_no_password_that_holds_a_name_of_four_letters_or_more()
    {
        UserName anna = UserName.TryParse("anna")!.Value;
        Assert.False(Passwords.IsGood("my name is Anna", anna));
        Assert.True(Passwords.IsGood("my name is Anne", anna));
        foreach (string name in new[] { "a", "b7", "-" })
        {
            UserName brief = UserName.TryParse(name)!.Value;
            Assert.True(Passwords.IsGood("a long walk-b7-in rain", brief));
            Assert.All(Enumerable.Range(0, 200), _ => Assert.True(Passwords.IsGood(UserAccounts.Generate(), brief)));
        }
    }

    [Fact]
    public void is_given_passwords_that_are_no_patterns() =>
        Assert.All(Enumerable.Range(0, 2_000), _ => Assert.False(PasswordPatterns.IsOne(UserAccounts.Generate())));
}

public sealed class A_session
{
    private const string Next = "1f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    private const string Last = "2f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    private const string MadeUp = "3f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    private static readonly SessionId Id = Samples.Session;
    private static readonly SessionStarted Started = new(Id, Samples.Ada, Samples.Hash, Now.AddDays(1), Now.AddDays(-1));

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<Session, SessionCommand, SessionEvent>(Session.Decider)
            .State("NotStarted")
            .State("Open", Started)
            .State("Open (renewed)", Started, new SessionRefreshed(Id, Next, Now))
            .State("Open (over)", Started with { ExpiresAt = Now })
            .State("Ended", Started, new SessionEnded(Id, SessionEnd.SignedOut, Now))
            .Command(new StartSession(Id, Samples.Ada, Samples.Hash, Now.AddDays(1)))
            .Command(new RefreshSession(Id, Samples.Hash, Last))
            .Command(new RefreshSession(Id, MadeUp, Last), "made up")
            .Command(new EndSession(Id))
            .Holds("""
                                         | NotStarted     | Open             | Open (renewed) | Open (over)   | Ended
                StartSession             | SessionStarted | nothing          | nothing        | nothing       | session.ended
                RefreshSession           | session.ended  | SessionRefreshed | SessionEnded   | session.ended | nothing
                RefreshSession (made up) | session.ended  | session.ended    | session.ended  | session.ended | nothing
                EndSession               | nothing        | SessionEnded     | SessionEnded   | SessionEnded  | nothing
                """);

    [Fact]
    public void ends_when_a_token_is_shown_twice_however_often_it_was_renewed_since()
    {
        string[] hashes = [.. Enumerable.Range(0, 100).Select(i => $"{i:x8}{Next[8..]}")];
        foreach (string shown in new[] { Samples.Hash, hashes[0], hashes[98] })
        {
            For(Session.Decider)
                .Given([Started, .. hashes.Select(hash => new SessionRefreshed(Id, hash, Now))])
                .When(new RefreshSession(Id, shown, Last))
                .Then(new SessionEnded(Id, SessionEnd.TokenReused, Now));
        }
    }

    [Fact]
    public void is_renewed_so_often_and_no_oftener()
    {
        var often = new Session.Open(Samples.Hash, Now.AddDays(1), [], Session.RenewalsMax);
        Assert.Equal(
            SessionRefusals.Ended,
            Assert.IsType<Decision<SessionEvent>.Refused>(
                Session.Decide(often, new RefreshSession(Id, Samples.Hash, Last), Now)).Refusal);
    }
}

public sealed class Signing_in : IAsyncDisposable
{
    private const string Right = "a long walk in rain";
    private const string Next = "another one, as long";

    private static readonly Claimant Ada = new Claimant.Named("ada");

    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task takes_the_right_password_and_no_other()
    {
        await WithUserAsync();
        var done = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        Assert.Equal((Samples.Ada, Role.Operator), (done.Name, done.Role));
        Assert.NotNull(_world.Users.Find(done.SessionId));
        Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", Right + "x"));
        Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", new string('x', 10_000)));
        Assert.IsType<SignInResult.Denied>(await SignInAsync("eve", Right));
        Assert.IsType<SignInResult.Denied>(await SignInAsync("../ada", Right));
        Assert.DoesNotContain(_world.Streams.AllFacts, fact => $"{fact}".Contains(Right, StringComparison.Ordinal));
        Assert.All(_world.Kept.All.Values, hash => Assert.DoesNotContain(Right, hash, StringComparison.Ordinal));
    }

    [Fact]
    public async Task has_to_wait_after_some_wrong_passwords_and_longer_each_time()
    {
        await WithUserAsync();
        for (int i = 1; i < SignIns.FailuresMax; i++)
        {
            Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", "wrong"));
        }

        Assert.Equal(Now.AddSeconds(30), Assert.IsType<SignInResult.Locked>(await SignInAsync("ada", "wrong")).Until);
        Assert.IsType<SignInResult.Locked>(await SignInAsync("ada", Right));
        _world.Clock.Advance(TimeSpan.FromSeconds(30));
        for (int i = 1; i < SignIns.FailuresMax; i++)
        {
            Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", "wrong"));
        }

        Assert.Equal(Now.AddSeconds(90), Assert.IsType<SignInResult.Locked>(await SignInAsync("ada", "wrong")).Until);
        _world.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        Assert.IsType<UserUnlocked>(_world.Streams.FactsOf(_world.Names.All[Samples.Ada].Account)[^1]);
    }

    [Fact]
    public async Task with_a_password_of_somebody_else_is_for_changing_it()
    {
        await WithUserAsync(mustChange: true);
        Assert.IsType<SignInResult.MustChange>(await SignInAsync("ada", Right));
        Assert.Equal(
            UserRefusals.WeakPassword,
            Assert.IsType<SignInResult.Refused>(await ChangeAsync(Right, Right)).Refusal);
        Assert.Equal(
            UserRefusals.WeakPassword,
            Assert.IsType<SignInResult.Refused>(await ChangeAsync(Right, "short")).Refusal);
        Assert.IsType<SignInResult.Denied>(await ChangeAsync("wrong", Next));
        Assert.IsType<SignInResult.Done>(await ChangeAsync(Right, Next));
        Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Next));
        Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", Right));
        Assert.Single(_world.Kept.All);
    }

    [Fact]
    public async Task is_renewed_by_each_token_once_and_ends_when_one_comes_again()
    {
        await WithUserAsync();
        var first = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        var second = Assert.IsType<SignInResult.Done>(await _world.SignIns.RefreshAsync(first.RefreshToken, "http", World.Token));
        Assert.Equal(first.SessionId, second.SessionId);
        SessionGrant open = _world.Users.Find(first.SessionId)!;

        Assert.IsType<SignInResult.Denied>(await _world.SignIns.RefreshAsync(first.RefreshToken, "http", World.Token));
        Assert.True(open.Ended.IsCancellationRequested);
        Assert.IsType<SignInResult.Denied>(await _world.SignIns.RefreshAsync(second.RefreshToken, "http", World.Token));
        Assert.Contains(
            _world.Streams.FactsOf($"session-{first.SessionId}"), fact => fact is SessionEnded { Reason: SessionEnd.TokenReused });
    }

    [Fact]
    public async Task goes_on_when_somebody_makes_a_token_of_it_up()
    {
        await WithUserAsync();
        var done = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        string madeUp = $"{done.RefreshToken.Split('.')[0]}.x";
        var denied = Assert.IsType<SignInResult.Denied>(await _world.SignIns.RefreshAsync(madeUp, "http", World.Token));
        Assert.Equal(done.Account, denied.Whose);
        Assert.NotNull(_world.Users.Find(done.SessionId));
        Assert.DoesNotContain(_world.Streams.AllFacts, fact => fact is SessionEnded);
        Assert.IsType<SignInResult.Done>(await _world.SignIns.RefreshAsync(done.RefreshToken, "http", World.Token));
    }

    [Fact]
    public async Task tells_the_audit_whose_name_was_given_where_it_is_somebodys()
    {
        await WithUserAsync();
        Assert.Equal(_world.Names.All[Samples.Ada].Account, (await SignInAsync("ada", "wrong")).Whose);
        Assert.Empty((await SignInAsync("eve", "wrong")).Whose);
        Assert.Empty((await SignInAsync(Right, "ada")).Whose);
    }

    [Fact]
    public async Task answers_a_name_that_nobody_has_as_one_that_somebody_has()
    {
        await WithUserAsync();
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i <= SignIns.FailuresMax; i++)
            {
                SignInResult real = await SignInAsync("ada", "wrong");
                Assert.Equal(i >= SignIns.FailuresMax - 1, real is SignInResult.Locked);
                Assert.Equal(real with { Whose = "" }, await SignInAsync("eve", "wrong"));
                Assert.Equal(real with { Whose = "" }, await SignInAsync("Typed into the wrong field", "wrong"));
            }

            _world.Clock.Advance(User.LockAfter(round));
        }
    }

    [Fact]
    public async Task takes_no_more_guesses_at_once_than_there_may_be_until_a_lock()
    {
        await WithUserAsync();
        foreach (string name in new[] { "ada", "eve" })
        {
            Task<SignInResult>[] all =
            [
                .. Enumerable.Range(0, 33).Select(_ => SignInAsync(name, "wrong")), SignInAsync(name, Right),
            ];
            SignInResult[] results = await Task.WhenAll(all);
            Assert.Equal(SignIns.FailuresMax, results.Count(result => result is not SignInResult.TooMany));
            Assert.Single(results.OfType<SignInResult.Locked>());
            Assert.DoesNotContain(results, result => result is SignInResult.Done);
            Assert.IsType<SignInResult.Locked>(await SignInAsync(name, Right));
        }
    }

    [Fact]
    public async Task is_refused_by_a_lock_that_came_while_the_password_was_looked_at()
    {
        await WithUserAsync();

        // Two are looked at at once, so this one waits.
        Task<SignInResult>[] others = [.. Enumerable.Range(0, 8).Select(i => SignInAsync($"eve{i}", "wrong"))];
        Task<SignInResult> right = SignInAsync("ada", Right);
        Assert.Null((await _world.Accounts.SendAsync(new LockUser(Samples.Ada), Admin, null, World.Token)).Refusal);
        Assert.IsType<SignInResult.Locked>(await right);
        await Task.WhenAll(others);
        _world.Clock.Advance(User.LockFirst);
        Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
    }

    [Fact]
    public async Task asks_for_a_code_of_a_second_factor_that_came_while_the_password_was_looked_at()
    {
        await WithUserAsync();
        Guid secret = Guid.NewGuid();

        // Two are looked at at once, so this one waits.
        Task<SignInResult>[] others = [.. Enumerable.Range(0, 8).Select(i => SignInAsync($"eve{i}", "wrong"))];
        Task<SignInResult> right = SignInAsync("ada", Right);
        foreach (object command in new object[]
        {
            new EnrolSecondFactor(Samples.Ada, secret), new ConfirmSecondFactor(Samples.Ada, secret, 1),
        })
        {
            Assert.Null((await _world.Accounts.SendAsync(command, Admin, null, World.Token)).Refusal);
        }

        Assert.IsType<SignInResult.NeedsCode>(await right);
        await Task.WhenAll(others);
    }

    [Fact]
    public async Task is_over_for_whoever_is_disabled_or_another_by_then()
    {
        await WithUserAsync();
        CameraId camera = await _world.WithCameraAsync();
        foreach (Func<object> make in new Func<object>[]
        {
            () => new ChangeUserRole(Samples.Ada, Role.Viewer),
            () => new ChangeUserCameras(Samples.Ada, CameraList.From([camera])),
            () => new ChangeUserCameras(Samples.Ada, null),
            () => new EndUserSessions(Samples.Ada, _world.Clock.GetUtcNow().AddSeconds(1)),
            () => new DisableUser(Samples.Ada, "Has left"),
        })
        {
            object command = make();
            var done = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
            SessionGrant open = _world.Users.Find(done.SessionId)!;
            await _world.Accounts.SendAsync(command, Admin, null, World.Token);
            Assert.True(open.Ended.IsCancellationRequested, $"{command}");
            Assert.IsType<SignInResult.Denied>(await _world.SignIns.RefreshAsync(done.RefreshToken, "http", World.Token));
            _world.Clock.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", Right));
    }

    /// <summary>Neither what the views have not folded nor a start brings a session back.</summary>
    [Fact]
    public async Task is_over_at_once_and_for_good_also_while_the_views_stand_still()
    {
        await WithUserAsync();
        var one = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        var other = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        _world.Clock.Advance(TimeSpan.FromSeconds(1));
        long at = _world.Streams.Log.Count;
        string[] still = [UserViewProjection.View.Name, SessionViewProjection.View.Name];
        Array.ForEach(still, view => _world.Views.StandsAt[view] = at);

        await _world.SignIns.SignOutAsync(one.RefreshToken, "http", World.Token);
        Assert.Null(_world.Users.Find(one.SessionId));
        Assert.NotNull(_world.Users.Find(other.SessionId));
        await _world.Accounts.SendAsync(new DisableUser(Samples.Ada, "Away"), Admin, null, World.Token);
        Assert.Null(_world.Users.Find(other.SessionId));
        UserView shown = Assert.Single(_world.Views.Rows(UserViewProjection.View)).Value;
        Assert.Null(shown.DisabledFor);
        Assert.Equal("Away", (await _world.Newest.FindAsync(shown, World.Token))!.DisabledFor);
        await _world.Accounts.SendAsync(new EnableUser(Samples.Ada), Admin, null, World.Token);
        var third = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));

        await using World next = await _world.AfterCrashAsync();
        Array.ForEach(still, view => next.Views.StandsAt[view] = at);
        await next.RunAsync();
        await Until.TrueAsync(() => next.Users.IsLoaded, "users and sessions are in");
        Assert.Null(next.Users.Find(one.SessionId));
        Assert.Null(next.Users.Find(other.SessionId));
        Assert.NotNull(next.Users.Find(third.SessionId));
    }

    [Fact]
    public async Task ends_by_signing_out()
    {
        await WithUserAsync();
        var done = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        await _world.SignIns.SignOutAsync("ert_x", "http", World.Token);
        await _world.SignIns.SignOutAsync(done.RefreshToken + "x", "http", World.Token);
        Assert.NotNull(_world.Users.Find(done.SessionId));
        await _world.SignIns.SignOutAsync(done.RefreshToken, "http", World.Token);
        Assert.Null(_world.Users.Find(done.SessionId));
    }

    private static Caller Admin => new("root", Role.Admin, "cli", "request-1");

    private async Task WithUserAsync(bool mustChange = false)
    {
        await _world.RunAsync();
        CommandResult made = await _world.Accounts.CreateAsync("ada", Role.Operator, null, Right, mustChange, Admin, World.Token);
        Assert.Null(made.Refusal);
    }

    [Fact]
    public async Task asks_for_a_code_of_a_second_factor_once_it_is_confirmed()
    {
        await WithUserAsync();
        var first = Assert.IsType<SignInResult.Enrolled>(await EnrolAsync());
        var enrolled = Assert.IsType<SignInResult.Enrolled>(await EnrolAsync());
        Assert.DoesNotContain(enrolled.Secret, $"{enrolled}", StringComparison.Ordinal);
        Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        Assert.IsType<SignInResult.Denied>(await ConfirmAsync(CodeOf(first)));
        Assert.IsType<SignInResult.Done>(await ConfirmAsync(CodeOf(enrolled)));

        Assert.IsType<SignInResult.NeedsCode>(await SignInAsync("ada", Right));
        Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", "wrong", CodeOf(enrolled, 1)));
        Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", Right, "000000"));
        Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", Right, new string('1', 10_000)));
        Assert.IsType<SignInResult.NeedsCode>(await ChangeAsync(Right, Next));
        Assert.IsType<SignInResult.NeedsCode>(await EnrolAsync());
        Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right, CodeOf(enrolled, 1)));
        Assert.DoesNotContain(_world.Streams.AllFacts, fact => $"{fact}".Contains(enrolled.Secret, StringComparison.Ordinal));
        Assert.Equal(2, _world.Kept.All.Count);
    }

    [Fact]
    public async Task takes_each_code_once_and_locks_who_guesses()
    {
        await WithUserAsync();
        var enrolled = Assert.IsType<SignInResult.Enrolled>(await EnrolAsync());
        await ConfirmAsync(CodeOf(enrolled));
        Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", Right, CodeOf(enrolled)));
        Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right, CodeOf(enrolled, 1)));
        for (int i = 1; i < SignIns.FailuresMax; i++)
        {
            Assert.IsType<SignInResult.Denied>(await SignInAsync("ada", Right, CodeOf(enrolled, 1)));
        }

        Assert.IsType<SignInResult.Locked>(await SignInAsync("ada", Right, CodeOf(enrolled, 1)));
        _world.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right, CodeOf(enrolled)));
    }

    [Fact]
    public async Task is_by_password_alone_again_when_the_second_factor_is_removed()
    {
        await WithUserAsync();
        var enrolled = Assert.IsType<SignInResult.Enrolled>(await EnrolAsync());
        await ConfirmAsync(CodeOf(enrolled));
        Assert.IsType<SignInResult.NeedsCode>(await RemoveAsync(null));
        Assert.IsType<SignInResult.Done>(await RemoveAsync(CodeOf(enrolled, 1)));
        Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        Assert.Single(_world.Kept.All);
        Assert.Equal(
            UserRefusals.NoSecondFactor, Assert.IsType<SignInResult.Refused>(await ConfirmAsync(CodeOf(enrolled, 1))).Refusal);
    }

    [Fact]
    public async Task by_a_second_factor_is_no_way_around_a_password_that_must_be_changed()
    {
        await WithUserAsync();
        var enrolled = Assert.IsType<SignInResult.Enrolled>(await EnrolAsync());
        CommandResult reset = await _world.Accounts.SetPasswordAsync(
            Samples.Ada, Right, mustChange: true, Caller.System("test", "ada"), World.Token);
        Assert.Null(reset.Refusal);
        Assert.IsType<SignInResult.MustChange>(await ConfirmAsync(CodeOf(enrolled)));
        Assert.IsType<SignInResult.MustChange>(await EnrolAsync());
        Assert.IsType<SignInResult.MustChange>(await RemoveAsync(null));
    }

    [Fact]
    public async Task once_is_enough_to_change_what_is_ones_own()
    {
        await WithUserAsync();
        var done = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        Claimant own = new Claimant.SignedIn(done.SessionId);
        var enrolled = Assert.IsType<SignInResult.Enrolled>(
            await _world.SignIns.EnrolSecondFactorAsync(own, Right, null, "json-rpc", World.Token));
        Assert.Equal(
            done.Account,
            Assert.IsType<SignInResult.StillIn>(await _world.SignIns.ConfirmSecondFactorAsync(
                own, Right, CodeOf(enrolled), "json-rpc", World.Token)).Account);
        Assert.IsType<SignInResult.NeedsCode>(
            await _world.SignIns.RemoveSecondFactorAsync(own, Right, null, "json-rpc", World.Token));
        Assert.IsType<SignInResult.StillIn>(
            await _world.SignIns.RemoveSecondFactorAsync(own, Right, CodeOf(enrolled, 1), "json-rpc", World.Token));
        Assert.Equal(1, _world.Users.CountOf(done.Account));

        SessionGrant open = _world.Users.Find(done.SessionId)!;
        _world.Clock.Advance(TimeSpan.FromSeconds(1));
        var next = Assert.IsType<SignInResult.Done>(
            await _world.SignIns.ChangePasswordAsync(own, Right, null, Next, "json-rpc", World.Token));
        Assert.True(open.Ended.IsCancellationRequested);
        Assert.NotEqual(done.SessionId, next.SessionId);
        Assert.Equal(1, _world.Users.CountOf(done.Account));
        Assert.IsType<SignInResult.Denied>(
            await _world.SignIns.ChangePasswordAsync(own, Next, null, Right, "json-rpc", World.Token));
        Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Next));
    }

    [Fact]
    public async Task counts_wrong_passwords_within_sessions_and_without_together()
    {
        await WithUserAsync();
        var done = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        Claimant own = new Claimant.SignedIn(done.SessionId);
        for (int i = 1; i < SignIns.FailuresMax; i++)
        {
            Assert.IsType<SignInResult.Denied>(i % 2 == 0
                ? await SignInAsync("ada", "wrong")
                : await _world.SignIns.ChangePasswordAsync(own, "wrong", null, Next, "json-rpc", World.Token));
        }

        Assert.IsType<SignInResult.Locked>(
            await _world.SignIns.EnrolSecondFactorAsync(own, "wrong", null, "graphql", World.Token));
        Assert.IsType<SignInResult.Locked>(await SignInAsync("ada", Right));
        Assert.NotNull(_world.Users.Find(done.SessionId));
    }

    [Fact]
    public async Task ends_everywhere_by_one_of_the_sessions()
    {
        await WithUserAsync();
        var first = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        var second = Assert.IsType<SignInResult.Done>(await SignInAsync("ada", Right));
        _world.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null((await _world.SignIns.EndSessionsAsync(first.SessionId, "json-rpc", World.Token)).Refusal);
        Assert.Null(_world.Users.Find(first.SessionId));
        Assert.Null(_world.Users.Find(second.SessionId));
        Assert.Equal(
            SessionRefusals.Ended, (await _world.SignIns.EndSessionsAsync(first.SessionId, "json-rpc", World.Token)).Refusal);
    }

    private string CodeOf(SignInResult.Enrolled enrolled, int later = 0) =>
        $"{enrolled.Secret}/{FakeCodes.StepAt(_world.Clock.GetUtcNow()) + later}";

    private Task<SignInResult> EnrolAsync() =>
        _world.SignIns.EnrolSecondFactorAsync(Ada, Right, null, "http", World.Token);

    private Task<SignInResult> ConfirmAsync(string code) =>
        _world.SignIns.ConfirmSecondFactorAsync(Ada, Right, code, "http", World.Token);

    private Task<SignInResult> RemoveAsync(string? code) =>
        _world.SignIns.RemoveSecondFactorAsync(Ada, Right, code, "http", World.Token);

    private Task<SignInResult> SignInAsync(string name, string password, string? code = null) =>
        _world.SignIns.SignInAsync(name, password, code, "http", World.Token);

    private Task<SignInResult> ChangeAsync(string password, string next) =>
        _world.SignIns.ChangePasswordAsync(Ada, password, null, next, "http", World.Token);
}

public sealed class Guesses_at_passwords
{
    private readonly TestClock _clock = new();

    [Fact]
    public void are_forgotten_first_of_the_name_that_nobody_has_and_that_was_tried_longest_ago()
    {
        var guesses = new Guesses(_clock);
        for (int i = 0; i < Guesses.NobodiesMax; i++)
        {
            using Guesses.Turn turn = guesses.OfNobody($"{i}")!;
            turn.Lock();
            _clock.Advance(TimeSpan.FromTicks(1));
        }

        guesses.OfNobody("one more")!.Dispose();
        Assert.NotNull(LockOf(guesses, "1"));
        Assert.Null(LockOf(guesses, "0"));
    }

    private static DateTimeOffset? LockOf(Guesses guesses, string of)
    {
        using Guesses.Turn turn = guesses.OfNobody(of)!;
        return turn.LockedUntil;
    }
}
