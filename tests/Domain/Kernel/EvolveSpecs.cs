using Events.Domain.Access;
using Events.Domain.ApiKeys;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Events.Domain.Users;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Domain.Kernel;

/// <summary>Old logs must always load: no order of facts, however senseless, may end a fold.</summary>
public sealed class Evolving_a_state
{
    [Fact]
    public void never_fails_for_a_camera() => Survives(Camera.Decider, state => state is Camera.Retired);

    [Fact]
    public void never_fails_for_the_camera_numbers() => Survives(CameraNumbers.Decider, state => state.Given.Count > 0);

    [Fact]
    public void never_fails_for_a_recorder() => Survives(Recorder.Decider, state => state is Recorder.Busy);

    [Fact]
    public void never_fails_for_a_recording() => Survives(Recording.Decider, state => state is Recording.Deleted);

    [Fact]
    public void never_fails_for_a_snapshot() => Survives(Snapshot.Decider, state => state is Snapshot.Deleted);

    [Fact]
    public void never_fails_for_a_broadcast() => Survives(Broadcast.Decider, state => state is Broadcast.On);

    [Fact]
    public void never_fails_for_the_discovery() => Survives(Discovery.Decider, state => state.IntervalSeconds is not null);

    [Fact]
    public void never_fails_for_a_retention_policy() =>
        Survives(RetentionPolicy.Decider, state => state is RetentionPolicy.Given);

    [Fact]
    public void never_fails_for_a_cleanup() => Survives(Cleanup.Decider, state => state is Cleanup.Finished);

    [Fact]
    public void never_fails_for_the_storage() => Survives(Storage.Decider, state => state.Level is StorageLevel.Low);

    [Fact]
    public void never_fails_for_a_key() => Survives(ApiKey.Decider, state => state is ApiKey.Ended);

    [Fact]
    public void never_fails_for_a_user() => Survives(User.Decider, state => state is User.Created);

    [Fact]
    public void never_fails_for_an_access_log() => Survives(AccessLog.Decider, state => state.Through > DateTimeOffset.MinValue);

    [Fact]
    public void never_fails_for_a_session() => Survives(Session.Decider, state => state is Session.Ended);

    [Fact]
    public void leaves_a_recording_alone_that_was_never_asked_for()
    {
        foreach (RecordingEvent fact in Samples.Union<RecordingEvent>().Where(fact => fact is not RecordingRequested))
        {
            Assert.Same(Recording.Decider.Initial, Recording.Evolve(Recording.Decider.Initial, fact));
        }
    }

    private static void Survives<TState, TCommand, TEvent>(
        Decider<TState, TCommand, TEvent> decider, Func<TState, bool> isWorthIt)
        where TState : class
        where TEvent : class
    {
        var reached = new HashSet<Type>();
        bool sawIt = false;
        Prop.ForAll(Gen.Elements(Samples.Union<TEvent>().ToArray()).ListOf().ToArbitrary(), history =>
        {
            TState state = decider.Initial;
            foreach (TEvent fact in history)
            {
                reached.Add(state.GetType());
                state = decider.Evolve(state, fact);
                if (state is null)
                {
                    return false;
                }
            }

            sawIt |= isWorthIt(state);
            return reached.Add(state.GetType()) || true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
        Assert.True(sawIt);
        Assert.Equal(Closed.TypesOf<TState>().ToHashSet(), reached);
    }
}
