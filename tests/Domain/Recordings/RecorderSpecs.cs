using System.Globalization;
using Events.Domain.Kernel;
using Events.Domain.Recordings;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Recordings;

public sealed class A_recorder
{
    private static readonly CameraId Gate = CameraId.New();
    private static readonly RecordingId First = RecordingId.New();
    private static readonly RecordingId Second = RecordingId.New();
    private static readonly CameraNumber Number = new(0);
    private static readonly ClaimRecorder ClaimSecond = new(Gate, Second, Number);
    private static readonly RecorderReleased Released = new(Gate, First, Now);

    private static Spec.Stage<Recorder, RecorderCommand, RecorderEvent> Story => For(Recorder.Decider);

    [Fact]
    public void names_a_recording_after_the_camera_and_the_moment() =>
        Story.When(new ClaimRecorder(Gate, First, Number)).Then(Claimed(First, "camera0_2026-03-01_12-00-00", Now));

    [Fact]
    public void writes_one_recording_at_a_time() =>
        Story.Given(Claimed(First, "camera0_2026-03-01_11-00-00"))
            .When(ClaimSecond)
            .ThenRefused(RecordingRefusals.AlreadyRunning);

    [Fact]
    public void is_free_again_once_it_was_released() =>
        Story.Given(Claimed(First, "camera0_2026-03-01_11-00-00"), Released)
            .When(ClaimSecond)
            .Then(Claimed(Second, "camera0_2026-03-01_12-00-00", Now));

    [Fact]
    public void is_not_released_by_a_recording_that_does_not_have_it() =>
        Story.Given(Claimed(First, "camera0_2026-03-01_11-00-00")).When(new ReleaseRecorder(Gate, Second)).ThenNothing();

    [Theory]
    [InlineData("camera0_2026-03-01_11-59-59", "camera0_2026-03-01_12-00-00")]
    [InlineData("camera0_2026-03-01_11-59-59_9", "camera0_2026-03-01_12-00-00")]
    [InlineData("camera0_2026-03-01_12-00-00", "camera0_2026-03-01_12-00-00_2")]
    [InlineData("camera0_2026-03-01_12-00-00_2", "camera0_2026-03-01_12-00-00_3")]
    [InlineData("camera0_2026-03-01_12-00-00_9", "camera0_2026-03-01_12-00-00_10")]
    [InlineData("camera0_2026-03-01_12-00-00_10", "camera0_2026-03-01_12-00-00_11")]
    [InlineData("camera0_2027-01-01_00-00-00", "camera0_2027-01-01_00-00-00_2")]
    public void never_names_two_recordings_alike(string last, string next) =>
        Story.Given(Claimed(First, last), Released).When(ClaimSecond).Then(Claimed(Second, next, Now));

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<Recorder, RecorderCommand, RecorderEvent>(Recorder.Decider)
            .State("Idle")
            .State("Idle (again)", Claimed(First, "camera0_2026-03-01_11-00-00"), Released)
            .State("Busy", Claimed(First, "camera0_2026-03-01_11-00-00"))
            .Command(new ClaimRecorder(Gate, First, Number))
            .Command(ClaimSecond, "by another")
            .Command(new ReleaseRecorder(Gate, First))
            .Command(new ReleaseRecorder(Gate, Second), "by another")
            .Holds("""
                                             | Idle            | Idle (again)    | Busy
                ClaimRecorder                | RecorderClaimed | RecorderClaimed | nothing
                ClaimRecorder (by another)   | RecorderClaimed | RecorderClaimed | recording.already_running
                ReleaseRecorder              | nothing         | nothing         | RecorderReleased
                ReleaseRecorder (by another) | nothing         | nothing         | nothing
                """);

    /// <summary>
    /// Names rise by stamp and, within one stamp, by count. The clock of each start is drawn from two minutes, so that it stands
    /// still and jumps back often.
    /// </summary>
    [Fact]
    public void gives_rising_names_whatever_the_clock_does() =>
        Prop.ForAll(Gen.Choose(-60_000, 60_000).ListOf().ToArbitrary(), jumps =>
        {
            Recorder recorder = Recorder.Decider.Initial;
            var names = new List<string>();
            foreach (int jumpMs in jumps)
            {
                DateTimeOffset now = Now.AddMilliseconds(jumpMs);
                RecordingId id = RecordingId.New();
                recorder = Apply(recorder, new ClaimRecorder(Gate, id, Number), now);
                names.Add(recorder.LastName);
                recorder = Apply(recorder, new ReleaseRecorder(Gate, id), now);
            }

            return names.Distinct().Count() == names.Count
                && names.Zip(names.Skip(1)).All(pair => OrderOf(pair.First).CompareTo(OrderOf(pair.Second)) < 0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private static Recorder Apply(Recorder recorder, RecorderCommand command, DateTimeOffset now) =>
        Assert.IsType<Decision<RecorderEvent>.Accepted>(Recorder.Decide(recorder, command, now))
            .Facts.Aggregate(recorder, Recorder.Evolve);

    private static (string Stamp, int Count) OrderOf(string name)
    {
        string[] parts = name.Split('_');
        return ($"{parts[1]}_{parts[2]}", parts.Length == 3 ? 1 : int.Parse(parts[3], CultureInfo.InvariantCulture));
    }

    private static RecorderClaimed Claimed(RecordingId id, string name, DateTimeOffset? at = null) =>
        new(Gate, id, name, at ?? Now.AddHours(-1));
}
