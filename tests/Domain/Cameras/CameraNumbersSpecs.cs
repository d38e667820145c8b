using Events.Domain.Cameras;
using Events.Domain.Kernel;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Cameras;

public sealed class The_camera_numbers
{
    private static readonly CameraId Gate = CameraId.New();
    private static readonly CameraId Yard = CameraId.New();
    private static readonly CameraNumberAssigned ToGate = new(Gate, new CameraNumber(0), Now.AddDays(-1));

    private static Spec.Stage<CameraNumbers, AssignCameraNumber, CameraNumberAssigned> Story => For(CameraNumbers.Decider);

    [Fact]
    public void begin_at_zero() =>
        Story.When(new AssignCameraNumber(Gate)).Then(new CameraNumberAssigned(Gate, new CameraNumber(0), Now));

    [Fact]
    public void go_up_by_one() =>
        Story.Given(ToGate).When(new AssignCameraNumber(Yard)).Then(new CameraNumberAssigned(Yard, new CameraNumber(1), Now));

    [Fact]
    public void stay_with_their_camera() => Story.Given(ToGate).When(new AssignCameraNumber(Gate)).ThenNothing();

    [Fact]
    public void run_out_at_their_bound()
    {
        CameraNumberAssigned[] all =
            [.. Enumerable.Range(0, CameraNumbers.CountMax).Select(n => new CameraNumberAssigned(CameraId.New(), new(n), Now))];

        Story.Given(all).When(new AssignCameraNumber(Gate)).ThenRefused(CameraNumbers.NoneLeft);
        Story.Given(all).When(new AssignCameraNumber(all[^1].CameraId)).ThenNothing();
    }

    [Fact]
    public void answer_every_command_in_every_state() =>
        new DecisionTable<CameraNumbers, AssignCameraNumber, CameraNumberAssigned>(CameraNumbers.Decider)
            .State("CameraNumbers (none)")
            .State("CameraNumbers (this one)", ToGate)
            .State("CameraNumbers (another)", new CameraNumberAssigned(Yard, new CameraNumber(0), Now))
            .Command(new AssignCameraNumber(Gate))
            .Holds("""
                                   | CameraNumbers (none) | CameraNumbers (this one) | CameraNumbers (another)
                AssignCameraNumber | CameraNumberAssigned | nothing                  | CameraNumberAssigned
                """);

    [Fact]
    public void are_never_given_twice_in_whatever_order_cameras_ask()
    {
        CameraId[] pool = [.. Enumerable.Range(0, 8).Select(_ => CameraId.New())];
        Prop.ForAll(Gen.Elements(pool).ListOf().ToArbitrary(), asked =>
        {
            CameraNumbers numbers = CameraNumbers.Decider.Initial;
            foreach (CameraId id in asked)
            {
                if (CameraNumbers.Decide(numbers, new AssignCameraNumber(id), Now)
                    is Decision<CameraNumberAssigned>.Accepted { Facts: [var fact] })
                {
                    numbers = CameraNumbers.Evolve(numbers, fact);
                }
            }

            return numbers.Given.Values.Select(number => number.Value).Order()
                .SequenceEqual(Enumerable.Range(0, asked.Distinct().Count()));
        }).QuickCheckThrowOnFailure();
    }
}
