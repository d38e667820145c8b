using Events.Domain.Logs;
using Xunit;
using static Events.Tests.Domain.Spec;

namespace Events.Tests.Domain.Logs;

public sealed class A_logbook
{
    private static readonly Guid Bundle = Guid.Parse("0199a000-0000-7000-8000-0000000000b1");
    private static readonly NoteExport Export = new(Bundle, "stream camera-1", 12, 400, Samples.Hash, "Case 2026-17");
    private static readonly NoteFork Fork = new("a/1", "a/2", 900, "bG9zdA==", 400, "bGVmdA==", "Restored after a disk failure");
    private static readonly NoteKeyRotation Rotation = new("a/1+01+Ag==", "a/1+02+Ag==", "c2lnbmVk", "Once a year");
    private static readonly NoteSecretsRotation Secrets = new(Guid.Parse("0199a000-0000-7000-8000-0000000000b2"), "Once a year");
    private static readonly ParkFact Park = new("CameraView", 17, "Written by a test");
    private static readonly UnparkFact Unpark = new("CameraView", 17, "The fold was mended");

    private static readonly AdoptFact Adopt = new(5, "camera-1", 7, Samples.Hash, "A transaction of an importer ended late");

    private static readonly LogExported Exported = new(Bundle, "stream camera-1", 12, 400, Samples.Hash, "Case 2026-17", Now);

    private static readonly LogForked Forked =
        new("a/1", "a/2", 900, "bG9zdA==", 400, "bGVmdA==", "Restored after a disk failure", Now);

    private static readonly LogKeyRotated Rotated = new("a/1+01+Ag==", "a/1+02+Ag==", "Once a year", Now, "c2lnbmVk");
    private static readonly SecretsRotationRequested SecretsRotated = new(Secrets.Rotation, "Once a year", Now);
    private static readonly FactParked Parked = new("CameraView", 17, "Written by a test", Now);
    private static readonly FactUnparked Unparked = new("CameraView", 17, "The fold was mended", Now);

    private static readonly FactAdopted Adopted =
        new(5, "camera-1", 7, Samples.Hash, "A transaction of an importer ended late", Now);

    private static Spec.Stage<Logbook, LogbookCommand, LogbookEvent> Story => For(Logbook.Decider);

    [Fact]
    public void says_who_took_facts_out_and_why() => Story.When(Export).Then(Exported);

    [Fact]
    public void says_where_a_log_that_was_set_back_began_anew() => Story.When(Fork).Then(Forked);

    [Fact]
    public void says_which_key_came_after_which() => Story.When(Rotation).Then(Rotated);

    [Fact]
    public void says_who_changed_the_key_for_secrets() => Story.When(Secrets).Then(SecretsRotated);

    [Fact]
    public void says_which_facts_a_view_passes_over()
    {
        Story.When(Park).Then(Parked);
        Story.Given(Parked).When(Unpark).Then(Unparked);
        Story.Given(Parked, Unparked).When(Park).Then(Parked);
    }

    [Fact]
    public void says_which_row_is_in_no_tree_and_what_it_was()
    {
        Story.When(Adopt).Then(Adopted);
        Story.When(Adopt with { Stream = null }).Then(Adopted with { Stream = null });
        Story.Given(Adopted).When(Adopt with { Position = 6 }).Then(Adopted with { Position = 6 });
        Story.Given(Adopted).When(Adopt with { Leaf = new string('0', 64) }).ThenRefused(LogbookRefusals.AdoptedOtherwise);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("two\nlines")]
    public void wants_a_reason_in_one_line(string reason)
    {
        Story.When(Export with { Reason = reason }).ThenRefused(LogbookRefusals.BadReason);
        Story.When(Fork with { Reason = reason }).ThenRefused(LogbookRefusals.BadReason);
        Story.When(Secrets with { Reason = reason }).ThenRefused(LogbookRefusals.BadReason);
        Story.When(Rotation with { Reason = reason }).ThenRefused(LogbookRefusals.BadReason);
        Story.When(Park with { Reason = reason }).ThenRefused(LogbookRefusals.BadReason);
        Story.When(Adopt with { Reason = reason }).ThenRefused(LogbookRefusals.BadReason);
        Story.Given(Parked).When(Unpark with { Reason = reason }).ThenRefused(LogbookRefusals.BadReason);
        Story.When(Park with { Reason = new string('x', Logbook.ReasonLengthMax + 1) }).ThenRefused(LogbookRefusals.BadReason);
    }

    [Fact]
    public void answers_every_command_in_every_state() =>
        new DecisionTable<Logbook, LogbookCommand, LogbookEvent>(Logbook.Decider)
            .State("Blank")
            .State("Kept (export, fork)", Exported, Forked, Rotated, SecretsRotated)
            .State("Kept (parked)", Parked)
            .State("Kept (adopted)", Parked, Unparked, Adopted)
            .Command(Export)
            .Command(Fork)
            .Command(Rotation)
            .Command(Secrets)
            .Command(Park)
            .Command(Park with { Position = 0 }, "no position")
            .Command(Unpark)
            .Command(Adopt)
            .Command(Adopt with { Leaf = "" }, "another row")
            .Holds("""
                                        | Blank                | Kept (export, fork)  | Kept (parked)        | Kept (adopted)
                NoteExport              | LogExported          | nothing              | LogExported          | LogExported
                NoteFork                | LogForked            | nothing              | LogForked            | LogForked
                NoteKeyRotation         | LogKeyRotated        | nothing              | LogKeyRotated        | LogKeyRotated
                NoteSecretsRotation     | SecretsRotationRequested | nothing          | SecretsRotationRequested | SecretsRotationRequested
                ParkFact                | FactParked           | FactParked           | nothing              | FactParked
                ParkFact (no position)  | logbook.bad_position | logbook.bad_position | logbook.bad_position | logbook.bad_position
                UnparkFact              | nothing              | nothing              | FactUnparked         | nothing
                AdoptFact               | FactAdopted          | FactAdopted          | FactAdopted          | nothing
                AdoptFact (another row) | FactAdopted          | FactAdopted          | FactAdopted          | logbook.adopted_otherwise
                """);
}
