using Events.Application.Contracts;
using Events.Application.Users;
using Events.Domain.Kernel;
using Events.Domain.Users;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Users;

public sealed class A_user_of_some_cameras : IAsyncDisposable
{
    private const string Password = "a long walk in rain";

    private static readonly UserName Ada = Samples.Ada;
    private static readonly UserCreated Some = new(Ada, Role.Viewer, Samples.Password, false, Now.AddDays(-1), Samples.Both);
    private static readonly UserCreated All = Some with { Cameras = null };

    private readonly World _world = new();

    private static Caller Admin => new("root", Role.Admin, "cli", "request-1");

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Theory]
    [InlineData(Role.Viewer, true)]
    [InlineData(Role.Operator, true)]
    [InlineData(Role.Admin, false)]
    [InlineData(Role.Auditor, false)]
    public void is_a_viewer_or_an_operator(Role role, bool isPossible)
    {
        var created = For(User.Decider).When(new CreateUser(Ada, role, Samples.Password, false, Samples.Both));
        var given = For(User.Decider).Given(All with { Role = role }).When(new ChangeUserCameras(Ada, Samples.Both));
        if (isPossible)
        {
            created.Then(new UserCreated(Ada, role, Samples.Password, false, Now, Samples.Both));
            given.Then(new UserCamerasChanged(Ada, Samples.Both, Now));
        }
        else
        {
            created.ThenRefused(UserRefusals.CamerasOfWholeRole);
            given.ThenRefused(UserRefusals.CamerasOfWholeRole);
        }
    }

    [Theory]
    [InlineData(Role.Admin)]
    [InlineData(Role.Auditor)]
    public void gets_a_whole_role_once_the_list_is_taken_away(Role role)
    {
        var limited = For(User.Decider).Given(All, new UserCamerasChanged(Ada, Samples.Both, Now));
        limited.When(new ChangeUserRole(Ada, role)).ThenRefused(UserRefusals.CamerasOfWholeRole);
        limited.When(new ChangeUserRole(Ada, Role.Operator)).Then(new UserRoleChanged(Ada, Role.Operator, Now));
        limited.When(new ChangeUserCameras(Ada, null)).Then(new UserCamerasChanged(Ada, null, Now));
        limited.Given(new UserCamerasChanged(Ada, null, Now)).When(new ChangeUserRole(Ada, role)).Then(new UserRoleChanged(Ada, role, Now));
    }

    [Fact]
    public void has_the_same_list_in_whatever_order_it_is_given()
    {
        var limited = For(User.Decider).Given(Some);
        limited.When(new ChangeUserCameras(Ada, CameraList.From([Samples.Yard, Samples.Gate, Samples.Yard]))).ThenNothing();
        limited.When(new ChangeUserCameras(Ada, CameraList.From([Samples.Yard])))
            .Then(new UserCamerasChanged(Ada, CameraList.From([Samples.Yard]), Now));
        limited.When(new CreateUser(Ada, Role.Viewer, Samples.Password, false, Samples.Both)).ThenNothing();
        limited.When(new CreateUser(Ada, Role.Viewer, Samples.Password, false)).ThenRefused(UserRefusals.AlreadyCreated);
    }

    [Fact]
    public void is_named_by_an_id_in_that_fact_too() =>
        For(User.Decider)
            .Given(All with { Id = Samples.AdasId })
            .When(new ChangeUserCameras(Ada, Samples.Both) { Id = Samples.AdasId })
            .Then(new UserCamerasChanged(Ada, Samples.Both, Now) { Id = Samples.AdasId });

    [Fact]
    public async Task is_for_cameras_that_are_there()
    {
        await _world.RunAsync();
        CameraList gate = CameraList.From([await _world.WithCameraAsync()])!;
        Assert.Equal(UserRefusals.BadCameras, (await CreateAsync(Role.Viewer, Samples.Both)).Refusal);
        Assert.Equal(UserRefusals.CamerasOfWholeRole, (await CreateAsync(Role.Admin, gate)).Refusal);
        Assert.Empty(_world.Names.All);
        Assert.Empty(_world.Kept.All);

        Assert.Null((await CreateAsync(Role.Viewer, gate)).Refusal);
        Assert.Equal(UserRefusals.BadCameras, (await ChangeAsync(Samples.Both)).Refusal);
        Assert.Equal(0, (await ChangeAsync(gate)).Position);
        Assert.Null((await ChangeAsync(null)).Refusal);
        Assert.Equal(
            [gate, null],
            _world.Streams.FactsOf(_world.Names.All[Ada].Account)
                .Select(fact => fact is UserCreated e ? e.Cameras : ((UserCamerasChanged)fact).Cameras));
    }

    [Fact]
    public async Task has_them_in_each_session()
    {
        await _world.RunAsync();
        CameraList gate = CameraList.From([await _world.WithCameraAsync()])!;
        await CreateAsync(Role.Operator, gate);
        Assert.Equal(gate, _world.Users.Find(await SignInAsync())!.Cameras);
        await ChangeAsync(null);
        Assert.Null(_world.Users.Find(await SignInAsync())!.Cameras);
    }

    private async Task<SessionId> SignInAsync() =>
        Assert.IsType<SignInResult.Done>(await _world.SignIns.SignInAsync("ada", Password, null, "http", World.Token)).SessionId;

    private Task<CommandResult> CreateAsync(Role role, CameraList? cameras) =>
        _world.Accounts.CreateAsync("ada", role, cameras, Password, false, Admin, World.Token);

    private Task<CommandResult> ChangeAsync(CameraList? cameras) =>
        _world.Accounts.SendAsync(new ChangeUserCameras(Ada, cameras), Admin, null, World.Token);
}

public sealed class The_ring_of_users : IDisposable
{
    private readonly UserRing _ring = new(new TestClock());
    private readonly UserView _user = new(
        Samples.Ada, Role.Operator, Samples.Password, false, Now, Now, 0, null, null, null, 1, Id: Samples.AdasId);

    public The_ring_of_users()
    {
        _ring.Put(_user);
        _ring.Put(new SessionView(Samples.Session, _user.Account(), Now, Now, Now.AddDays(1), null, 1));
    }

    public void Dispose() => _ring.Dispose();

    public static TheoryData<CameraList?, CameraList?, bool> Changes => new()
    {
        { null, Samples.Both, true },
        { Samples.Both, null, true },
        { Samples.Both, CameraList.From([Samples.Gate]), true },
        { CameraList.From([Samples.Gate]), Samples.Both, true },
        { Samples.Both, CameraList.TryParse(Samples.Both.Text), false },
        { null, null, false },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void ends_what_is_open_when_a_user_has_other_cameras(CameraList? before, CameraList? after, bool isOver)
    {
        _ring.Put(_user with { Cameras = before, Version = 2 });
        _ring.Put(new SessionView(Samples.Session, _user.Account(), Now, Now, Now.AddDays(1), null, 1));
        SessionGrant open = _ring.Find(Samples.Session)!;
        Assert.Equal(before, open.Cameras);

        _ring.Put(_user with { Cameras = after, Version = 3 });
        Assert.Equal(isOver, open.Ended.IsCancellationRequested);
        Assert.Equal(isOver, _ring.Find(Samples.Session) is null);
    }

    /// <summary>A view may have the row from before for long: it stands still, or is built anew.</summary>
    [Fact]
    public void ends_sessions_by_the_facts_alone_and_takes_no_older_row_afterwards()
    {
        SessionGrant open = _ring.Find(Samples.Session)!;
        Take(new UserDisabled(Samples.Ada, "Has left", Now.AddMinutes(1)), 2);
        Assert.True(open.Ended.IsCancellationRequested);
        Assert.Null(_ring.Find(Samples.Session));

        _ring.Put(_user);
        _ring.Put(SessionAt(Now));
        Assert.Null(_ring.Find(Samples.Session));

        Take(new UserErased(Samples.Ada, "Asked", Samples.Password, null, Now.AddMinutes(2)), 3);
        Assert.Null(_ring.NameOf(_user.Account()));
    }

    [Fact]
    public void ends_one_session_by_its_fact_alone()
    {
        SessionGrant open = _ring.Find(Samples.Session)!;
        _ring.Take(new Recorded<SessionEvent>(new SessionEnded(Samples.Session, SessionEnd.SignedOut, Now), 9, 2));

        Assert.True(open.Ended.IsCancellationRequested);
        Assert.Null(_ring.Find(Samples.Session));
    }

    /// <summary>What ends sessions ends them for good: after a start there are only the rows.</summary>
    [Fact]
    public void read_from_rows_again_refuses_sessions_of_before_what_ended_them()
    {
        DateTimeOffset at = Now.AddMinutes(1);
        UserEvent[][] ends =
        [
            [new UserDisabled(Samples.Ada, "Away", at), new UserEnabled(Samples.Ada, at)],
            [new UserRoleChanged(Samples.Ada, Role.Viewer, at), new UserRoleChanged(Samples.Ada, Role.Operator, at)],
            [new UserCamerasChanged(Samples.Ada, Samples.Both, at), new UserCamerasChanged(Samples.Ada, null, at)],
            [new UserSessionsEnded(Samples.Ada, at, at), new UserDisabled(Samples.Ada, "Away", Now), new UserEnabled(Samples.Ada, at)],
        ];
        foreach (UserEvent[] facts in ends)
        {
            UserView row = _user;
            foreach (UserEvent fact in facts)
            {
                row = UserViewProjection.Project(row, new Recorded<UserEvent>(fact, 10 + row.Version, row.Version + 1))!;
            }

            using var next = new UserRing(new TestClock());
            next.Put(row);
            next.Put(SessionAt(Now));
            Assert.Null(next.Find(Samples.Session));

            using var later = new UserRing(new TestClock());
            later.Put(row);
            later.Put(SessionAt(at));
            Assert.NotNull(later.Find(Samples.Session));
        }
    }

    private SessionView SessionAt(DateTimeOffset start) => new(Samples.Session, _user.Account(), start, start, Now.AddDays(1), null, 1);

    private void Take(UserEvent fact, long version) =>
        _ring.Take(new Recorded<UserEvent>(fact with { Id = Samples.AdasId }, 100 + version, version));
}
