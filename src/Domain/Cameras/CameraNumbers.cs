using System.Collections.Immutable;
using Events.Domain.Kernel;

namespace Events.Domain.Cameras;

/// <summary>Asks for a camera's number. A camera that has one keeps it.</summary>
public sealed record AssignCameraNumber(CameraId CameraId);

public sealed record CameraNumberAssigned(CameraId CameraId, CameraNumber Number, DateTimeOffset At);

/// <summary>
/// Who has which number, in one stream for the whole installation, so that two nodes cannot give the same one. A number is
/// never taken back: a camera that was retired keeps it, and one whose registration was broken off finds it again.
/// </summary>
public sealed record CameraNumbers(ImmutableDictionary<CameraId, CameraNumber> Given)
{
    /// <summary>The one stream's key.</summary>
    public const string Key = "all";

    /// <summary>Cameras ever registered in one installation. Bounds this state's memory and the stream's length.</summary>
    public const int CountMax = 10_000;

    public static readonly Decider<CameraNumbers, AssignCameraNumber, CameraNumberAssigned> Decider =
        new("camera_numbers", new CameraNumbers(ImmutableDictionary<CameraId, CameraNumber>.Empty), Decide, Evolve);

    public static readonly Refusal NoneLeft =
        new("camera.no_number_left", $"{CountMax} cameras were registered in this installation; it takes no more.");

    public static Decision<CameraNumberAssigned> Decide(CameraNumbers numbers, AssignCameraNumber command, DateTimeOffset now) =>
        numbers.Given.ContainsKey(command.CameraId) ? Decision<CameraNumberAssigned>.Nothing
        : numbers.Given.Count >= CountMax ? NoneLeft
        : new CameraNumberAssigned(command.CameraId, new CameraNumber(numbers.Given.Count), now);

    public static CameraNumbers Evolve(CameraNumbers numbers, CameraNumberAssigned fact) =>
        new(numbers.Given.SetItem(fact.CameraId, fact.Number));
}
