using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Cameras;

public sealed class A_camera
{
    private static readonly CameraId Gate = CameraId.New();
    private static readonly CameraNumber Number = new(0);
    private static readonly SourceUrl Main = SourceUrl.TryParse("rtsp://10.0.0.5/main")!;
    private static readonly SourceUrl Spare = SourceUrl.TryParse("rtsp://10.0.0.6/main")!;
    private static readonly CameraCapabilities Hd = new("h264", 1280, 720, 30);
    private static readonly CameraRegistered Registered = new(Gate, Number, "Gate", Main, Now.AddDays(-1));
    private static readonly CameraConnected Connected = new(Gate, Now.AddHours(-2));
    private static readonly CameraDisconnected Disconnected = new(Gate, "No frame for 5 s", Now.AddHours(-1));
    private static readonly CameraCapabilitiesProbed Probed = new(Gate, "h264", 1280, 720, 30, Now.AddHours(-2));
    private static readonly CameraRetired Retired = new(Gate, "Broken", Now.AddHours(-1));

    private static Spec.Stage<Camera, CameraCommand, CameraEvent> Story => For(Camera.Decider);

    [Fact]
    public void is_registered_once() =>
        Story.When(new RegisterCamera(Gate, Number, "Gate", Main))
            .Then(new CameraRegistered(Gate, Number, "Gate", Main, Now));

    [Fact]
    public void is_not_registered_over_another() =>
        Story.Given(Registered)
            .When(new RegisterCamera(Gate, Number, "Yard", Spare))
            .ThenRefused(CameraRefusals.AlreadyRegistered);

    [Fact]
    public void keeps_its_number_when_it_is_registered_again() =>
        Story.Given(Registered).When(new RegisterCamera(Gate, new CameraNumber(7), "Gate", Main)).ThenNothing();

    [Fact]
    public void takes_a_new_source_and_keeps_its_name() =>
        Story.Given(Registered).When(new ChangeCameraSource(Gate, Spare)).Then(new CameraSourceChanged(Gate, Spare, Now));

    [Fact]
    public void is_renamed() =>
        Story.Given(Registered).When(new RenameCamera(Gate, "Yard")).Then(new CameraRenamed(Gate, "Yard", Now));

    [Fact]
    public void is_renamed_to_what_it_is_called_already() =>
        Story.Given(Registered).When(new RenameCamera(Gate, "Gate")).ThenNothing();

    [Fact]
    public void connects() =>
        Story.Given(Registered).When(new ReportCameraConnected(Gate)).Then(new CameraConnected(Gate, Now));

    [Fact]
    public void loses_its_pictures_once_however_often_that_is_reported() =>
        Story.Given(Registered, Connected, Disconnected)
            .When(new ReportCameraDisconnected(Gate, "Another reason"))
            .ThenNothing();

    [Fact]
    public void has_its_capabilities_noted_when_they_change() =>
        Story.Given(Registered, Connected, Probed)
            .When(new ReportCameraCapabilities(Gate, Hd with { Width = 1920, Height = 1080 }))
            .Then(new CameraCapabilitiesProbed(Gate, "h264", 1920, 1080, 30, Now));

    [Fact]
    public void has_its_modes_noted_once() =>
        Story.Given(Registered, new CameraModesProbed(Gate, Samples.Modes, Now))
            .When(new ReportCameraModes(Gate, CameraModes.TryParse(Samples.Modes.Text)!))
            .ThenNothing();

    [Fact]
    public void forgets_its_modes_with_its_source() =>
        Story.Given(Registered, new CameraModesProbed(Gate, Samples.Modes, Now), new CameraSourceChanged(Gate, Spare, Now))
            .When(new ReportCameraModes(Gate, Samples.Modes))
            .Then(new CameraModesProbed(Gate, Samples.Modes, Now));

    [Fact]
    public void may_be_an_external_stream_and_is_then_no_other_camera()
    {
        const ExternalStreamKind Kind = ExternalStreamKind.GenericRtsp;
        Story.When(new RegisterCamera(Gate, Number, "Gate", Main, Kind))
            .Then(new CameraRegistered(Gate, Number, "Gate", Main, Now, Kind));
        Story.Given(Registered)
            .When(new RegisterCamera(Gate, Number, "Gate", Main, Kind))
            .ThenRefused(CameraRefusals.AlreadyRegistered);
    }

    [Fact]
    public void is_retired_for_good() =>
        Story.Given(Registered, Retired).When(new RenameCamera(Gate, "Gate 2")).ThenRefused(CameraRefusals.Retired);

    [Fact]
    public void cannot_come_back_under_the_same_id() =>
        Story.Given(Registered, Retired)
            .When(new RegisterCamera(Gate, Number, "Gate", Main))
            .ThenRefused(CameraRefusals.Retired);

    [Fact]
    public void that_was_never_registered_cannot_be_changed() =>
        Story.When(new RetireCamera(Gate, "Broken")).ThenRefused(CameraRefusals.NotRegistered);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(" Gate")]
    [InlineData("Gate ")]
    [InlineData("Gate\u00a0")]
    [InlineData("Ga\nte")]
    [InlineData("Ga\u0000te")]
    [InlineData("Ga\u007fte")]
    [InlineData("Ga\u0085te")]
    [InlineData("Ga\u009bte")]
    [InlineData("Ga\u2028te")]
    [InlineData("Ga\u202ete")]
    public void has_a_clean_name(string name)
    {
        Story.When(new RegisterCamera(Gate, Number, name, Main)).ThenRefused(CameraRefusals.BadName);
        Story.Given(Registered).When(new RenameCamera(Gate, name)).ThenRefused(CameraRefusals.BadName);
    }

    [Theory]
    [InlineData("\ud83d")]
    [InlineData("\udcf7 camera")]
    public void has_a_name_that_comes_back_from_the_log_as_it_was(string halfCharacter) =>
        Story.When(new RegisterCamera(Gate, Number, "Gate" + halfCharacter, Main)).ThenRefused(CameraRefusals.BadName);

    [Theory]
    [InlineData("G")]
    [InlineData("Tür 3 – Süd")]
    [InlineData("正門")]
    [InlineData("📷 yard")]
    public void is_named_in_any_script(string name) =>
        Story.When(new RegisterCamera(Gate, Number, name, Main)).Then(new CameraRegistered(Gate, Number, name, Main, Now));

    [Fact]
    public void has_a_name_of_at_most_80_characters()
    {
        string longest = new('n', Camera.NameLengthMax);
        Story.Given(Registered).When(new RenameCamera(Gate, longest)).Then(new CameraRenamed(Gate, longest, Now));
        Story.Given(Registered).When(new RenameCamera(Gate, longest + "n")).ThenRefused(CameraRefusals.BadName);
    }

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<Camera, CameraCommand, CameraEvent>(Camera.Decider)
            .State("Unregistered")
            .State("Active", Registered)
            .State("Active (connected)", Registered, Connected, Probed)
            .State("Retired", Registered, Connected, Retired)
            .Command(new RegisterCamera(Gate, Number, "Gate", Main))
            .Command(new RegisterCamera(Gate, Number, "Yard", Main), "another name")
            .Command(new RegisterCamera(Gate, Number, "Gate", Spare), "another source")
            .Command(new RegisterCamera(Gate, Number, " ", Main), "bad name")
            .Command(new RenameCamera(Gate, "Yard"))
            .Command(new RenameCamera(Gate, "Gate"), "same")
            .Command(new RenameCamera(Gate, " "), "bad name")
            .Command(new ChangeCameraSource(Gate, Spare))
            .Command(new ChangeCameraSource(Gate, Main), "same")
            .Command(new ReportCameraConnected(Gate))
            .Command(new ReportCameraDisconnected(Gate, "Gone"))
            .Command(new ReportCameraCapabilities(Gate, Hd))
            .Command(new ReportCameraModes(Gate, Samples.Modes))
            .Command(new RetireCamera(Gate, "Broken"))
            .Holds("""
                                               | Unregistered          | Active                    | Active (connected)        | Retired
                RegisterCamera                 | CameraRegistered      | nothing                   | nothing                   | camera.retired
                RegisterCamera (another name)  | CameraRegistered      | camera.already_registered | camera.already_registered | camera.retired
                RegisterCamera (another source)| CameraRegistered      | camera.already_registered | camera.already_registered | camera.retired
                RegisterCamera (bad name)      | camera.bad_name       | camera.bad_name           | camera.bad_name           | camera.bad_name
                RenameCamera                   | camera.not_registered | CameraRenamed             | CameraRenamed             | camera.retired
                RenameCamera (same)            | camera.not_registered | nothing                   | nothing                   | camera.retired
                RenameCamera (bad name)        | camera.bad_name       | camera.bad_name           | camera.bad_name           | camera.bad_name
                ChangeCameraSource             | camera.not_registered | CameraSourceChanged       | CameraSourceChanged       | camera.retired
                ChangeCameraSource (same)      | camera.not_registered | nothing                   | nothing                   | camera.retired
                ReportCameraConnected          | camera.not_registered | CameraConnected           | nothing                   | nothing
                ReportCameraDisconnected       | camera.not_registered | nothing                   | CameraDisconnected        | nothing
                ReportCameraCapabilities       | camera.not_registered | CameraCapabilitiesProbed  | nothing                   | nothing
                ReportCameraModes              | camera.not_registered | CameraModesProbed         | CameraModesProbed         | nothing
                RetireCamera                   | camera.not_registered | CameraRetired             | CameraRetired             | nothing
                """);
}
