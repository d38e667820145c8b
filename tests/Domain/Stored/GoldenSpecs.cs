using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Access;
using Events.Domain.ApiKeys;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.ExternalStreams;
using Events.Domain.Kernel;
using Events.Domain.Logs;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Events.Domain.Users;
using Xunit;

namespace Events.Tests.Domain.Stored;

/// <summary>
/// The bodies of facts as they lie on disk, one file per stored type, named by its alias. They are for ever: a new field needs
/// another file beside the old one (<c>alias.what.json</c>), and no file is ever changed or removed.
/// </summary>
public sealed class A_stored_fact
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>What stands in a stored shape's file beside the sample of its alias.</summary>
    private static readonly Dictionary<string, object> Variants = new(StringComparer.Ordinal)
    {
        ["camera_registered.external"] =
            Samples.Of<CameraRegistered>() with { External = ExternalStreamKind.SkydioStanag4609 },
        ["broadcast_stopped.requested"] = Samples.Of<BroadcastStopped>() with { Reason = BroadcastEnd.Requested },
        ["broadcast_stopped.camera_retired"] = Samples.Of<BroadcastStopped>() with { Reason = BroadcastEnd.CameraRetired },
        ["recording_requested.untimed"] = Samples.Of<RecordingRequested>() with { DurationMs = null },
        ["recording_requested.mp4"] = Samples.Of<RecordingRequested>() with { Format = RecordingFormat.Mp4 },
        ["recording_stopped.end_unknown"] = Samples.Of<RecordingStopped>() with { EndedAt = null, Reason = StopReason.Requested },
        ["recording_stopped.camera_retired"] = Samples.Of<RecordingStopped>() with { Reason = StopReason.CameraRetired },
        ["recording_segment_committed.encrypted"] =
            Samples.Of<RecordingSegmentCommitted>() with { StoredSha256 = new string('a', 64) },
        ["fact_adopted.streamless"] = Samples.Of<FactAdopted>() with { Stream = null },
        ["recording_deleted.age"] = Samples.Of<RecordingDeleted>() with { Reason = DeletionReason.Age },
        ["snapshot_taken.encrypted"] = Samples.Of<SnapshotTaken>() with { StoredSha256 = new string('a', 64) },
        ["snapshot_deleted.free_space"] = Samples.Of<SnapshotDeleted>() with { Reason = DeletionReason.FreeSpace },
        ["retention_policy_set.manual"] =
            Samples.Of<RetentionPolicySet>() with { Type = RetentionType.Manual, IsEnabled = false, MaxAgeDays = null, MaxSizeBytes = null },
        ["retention_policy_set.size"] = Samples.Of<RetentionPolicySet>() with { Type = RetentionType.Size, MaxAgeDays = null },
        ["cleanup_finished.requested"] =
            Samples.Of<CleanupFinished>() with { Trigger = CleanupTrigger.Requested, IsComplete = false },
        ["api_key_issued.limited"] = Samples.Of<ApiKeyIssued>() with { CallsPerSecondMax = 50 },
        ["api_key_narrowed.limited"] = Samples.Of<ApiKeyNarrowed>() with { CallsPerSecondMax = 50 },
        ["api_key_issued.scoped"] = Samples.Of<ApiKeyIssued>() with { Scopes = ScopeList.From([Right.SeePictures]) },
        ["api_key_narrowed.scoped"] =
            Samples.Of<ApiKeyNarrowed>() with { Scopes = ScopeList.From([Right.SeePictures, Right.ReadCatalogue]) },
        ["api_key_issued.whole"] = Samples.Of<ApiKeyIssued>() with
        {
            Role = Role.Auditor,
            Cameras = null,
            Addresses = null,
            ExpiresAt = null,
        },
        ["user_created.limited"] = Samples.Of<UserCreated>() with { Cameras = Samples.Both },
        ["user_cameras_changed.known"] = Samples.Of<UserCamerasChanged>() with { Id = Samples.AdasId },
        ["user_cameras_changed.whole"] = Samples.Of<UserCamerasChanged>() with { Cameras = null },
        ["user_created.known"] = Samples.Of<UserCreated>() with { Id = Samples.AdasId },
        ["user_disabled.known"] = Samples.Of<UserDisabled>() with { Id = Samples.AdasId },
        ["user_enabled.known"] = Samples.Of<UserEnabled>() with { Id = Samples.AdasId },
        ["user_erased.known"] = Samples.Of<UserErased>() with { Id = Samples.AdasId },
        ["user_locked.known"] = Samples.Of<UserLocked>() with { Id = Samples.AdasId },
        ["user_password_changed.known"] = Samples.Of<UserPasswordChanged>() with { Id = Samples.AdasId },
        ["user_role_changed.known"] = Samples.Of<UserRoleChanged>() with { Id = Samples.AdasId },
        ["user_second_factor_confirmed.known"] = Samples.Of<UserSecondFactorConfirmed>() with { Id = Samples.AdasId },
        ["user_second_factor_enrolled.known"] = Samples.Of<UserSecondFactorEnrolled>() with { Id = Samples.AdasId },
        ["user_second_factor_removed.known"] = Samples.Of<UserSecondFactorRemoved>() with { Id = Samples.AdasId },
        ["user_second_factor_used.known"] = Samples.Of<UserSecondFactorUsed>() with { Id = Samples.AdasId },
        ["user_sessions_ended.known"] = Samples.Of<UserSessionsEnded>() with { Id = Samples.AdasId },
        ["user_unlocked.known"] = Samples.Of<UserUnlocked>() with { Id = Samples.AdasId },
        ["session_started.known"] = Samples.Of<SessionStarted>() with { Name = null, UserId = Samples.AdasId },
        ["log_key_rotated.signed"] = Samples.Of<LogKeyRotated>() with { Signature = "c2lnbmVk" },
        ["session_ended.signed_out"] = Samples.Of<SessionEnded>() with { Reason = SessionEnd.SignedOut },
        ["storage_level_changed.critical"] = Samples.Of<StorageLevelChanged>() with { Level = StorageLevel.Critical },
        ["storage_level_changed.normal"] = Samples.Of<StorageLevelChanged>() with { Level = StorageLevel.Normal },
    };

    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    public static TheoryData<string> Aliases => [.. EventTypes.Catalogue.Types.Select(type => type.Alias)];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Stored");

    [Fact]
    public void has_an_alias_that_was_never_another() =>
        Assert.Equal(
            """
            camera_registered camera_renamed camera_source_changed camera_connected camera_disconnected
            camera_capabilities_probed camera_retired camera_number_assigned recorder_claimed recorder_released
            recording_requested recording_started recording_segment_committed recording_interrupted recording_recovered
            recording_stopped recording_failed recording_deleted legal_hold_placed legal_hold_released snapshot_taken
            snapshot_failed snapshot_deleted retention_policy_set cleanup_finished storage_level_changed
            camera_modes_probed broadcast_started broadcast_stopped discovery_interval_set api_key_issued api_key_rotated
            api_key_narrowed api_key_suspended api_key_resumed api_key_revoked api_key_expired api_key_used
            user_created user_password_changed user_locked user_unlocked user_disabled user_enabled user_role_changed
            user_sessions_ended user_second_factor_enrolled user_second_factor_confirmed user_second_factor_used
            user_second_factor_removed user_erased session_started session_refreshed session_ended
            log_exported log_forked log_key_rotated fact_parked fact_unparked access_granted access_refused pictures_seen
            recording_shredded secrets_rotation_requested fact_adopted snapshot_shredded
            user_cameras_changed
            """.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries),
            EventTypes.Catalogue.Types.Select(type => type.Alias));

    [Fact]
    public void is_in_the_catalogue_whatever_its_union() =>
        Assert.Equal(
            new[]
            {
                Closed.TypesOf<CameraEvent>(), [typeof(CameraNumberAssigned)], Closed.TypesOf<RecorderEvent>(),
                Closed.TypesOf<RecordingEvent>(), Closed.TypesOf<SnapshotEvent>(), Closed.TypesOf<BroadcastEvent>(),
                Closed.TypesOf<RetentionEvent>(), [typeof(DiscoveryIntervalSet)], Closed.TypesOf<ApiKeyEvent>(), Closed.TypesOf<UserEvent>(),
                Closed.TypesOf<SessionEvent>(), Closed.TypesOf<LogbookEvent>(), Closed.TypesOf<AccessEvent>(),
            }.SelectMany(types => types).Select(type => type.Name).Order(),
            EventTypes.Catalogue.Types.Select(type => type.FactType.Name).Order());

    [Theory]
    [MemberData(nameof(Aliases))]
    public void has_the_alias_that_its_type_would_get(string alias)
    {
        EventType type = EventTypes.Catalogue.Find(alias)!;

        Assert.Equal(alias, StoredName.Of(type.FactType.Name));
        Assert.Equal($"{type.FactType.FullName}, Events.Domain", type.DotNetType);
    }

    [Theory]
    [MemberData(nameof(Aliases))]
    public void has_a_file(string alias) => Assert.True(File.Exists(Path.Combine(Folder, $"{alias}.json")), $"No file for {alias}.");

    [Theory]
    [MemberData(nameof(Files))]
    public void is_read_by_today_s_program(string file)
    {
        EventType type = TypeOf(file);

        Assert.Equal(RecordOf(file), JsonSerializer.Deserialize(TextOf(file), type.Json));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void is_written_back_as_it_was(string file)
    {
        EventType type = TypeOf(file);
        object fact = JsonSerializer.Deserialize(TextOf(file), type.Json)!;

        string written = JsonNode.Parse(JsonSerializer.Serialize(fact, type.Json))!.ToJsonString(Indented);

        Assert.Equal(TextOf(file).TrimEnd(), written);
    }

    [Theory]
    [MemberData(nameof(Aliases))]
    public void has_each_of_its_fields_in_a_file(string alias)
    {
        var shown = Files.Select(file => file.Data)
            .Where(file => file.Split('.')[0] == alias)
            .SelectMany(file => JsonNode.Parse(TextOf(file))!.AsObject().Select(field => field.Key))
            .Distinct();

        Assert.Equal(
            EventTypes.Catalogue.Find(alias)!.Json.Properties.Select(property => property.Name).Order(), shown.Order());
    }

    [Theory]
    [MemberData(nameof(Aliases))]
    public void is_read_although_a_newer_program_added_a_field(string alias)
    {
        var body = JsonNode.Parse(TextOf(alias))!.AsObject();
        body["addedLater"] = new JsonObject { ["deep"] = 1 };

        Assert.Equal(RecordOf(alias), body.Deserialize(EventTypes.Catalogue.Find(alias)!.Json));
    }

    [Theory]
    [MemberData(nameof(Aliases))]
    public void is_a_flat_body_without_a_type_marker(string alias)
    {
        EventType type = EventTypes.Catalogue.Find(alias)!;

        Assert.Null(type.Json.PolymorphismOptions);
        Assert.All(JsonNode.Parse(TextOf(alias))!.AsObject(), field => Assert.True(field.Value is JsonValue, field.Key));
        Assert.Equal(JsonTypeInfoKind.Object, type.Json.Kind);
    }

    [Fact]
    public void of_an_unknown_type_is_not_guessed_at()
    {
        Assert.Null(EventTypes.Catalogue.Find("camera_painted"));
        Assert.Throws<InvalidOperationException>(() => EventTypes.Catalogue.Of("not a fact"));
    }

    private static EventType TypeOf(string file) =>
        EventTypes.Catalogue.Find(file.Split('.')[0]) ?? throw new InvalidOperationException($"{file}: its type is gone.");

    private static object RecordOf(string file) =>
        file.Contains('.', StringComparison.Ordinal) ? Variants[file] : Samples.Sample(TypeOf(file));

    private static string TextOf(string file) => File.ReadAllText(Path.Combine(Folder, $"{file}.json"));
}

public sealed class A_stored_enum
{
    [Fact]
    public void keeps_its_words_and_numbers()
    {
        Assert.Equal(
            [(StopReason.Requested, 1), (StopReason.DurationReached, 2), (StopReason.CameraRetired, 3)],
            Enum.GetValues<StopReason>().Select(value => (value, (int)value)));
        Assert.Equal(["Requested", "DurationReached", "CameraRetired"], Enum.GetNames<StopReason>());
        Assert.Equal("Age=1 Size=2 Manual=3", WordsOf<RetentionType>());
        Assert.Equal("Requested=1 Scheduled=2", WordsOf<CleanupTrigger>());
        Assert.Equal("Normal=1 Low=2 Critical=3", WordsOf<StorageLevel>());
    }

    [Fact]
    public void of_broadcasts_and_external_streams_keeps_them_too()
    {
        Assert.Equal("Requested=1 Unwatched=2 CameraRetired=3", WordsOf<BroadcastEnd>());
        Assert.Equal("GenericRtsp=1 SkydioStanag4609=2", WordsOf<ExternalStreamKind>());
    }

    [Fact]
    public void of_access_keeps_them_too()
    {
        Assert.Equal("Viewer=1 Operator=2 Admin=3 Auditor=4", WordsOf<Role>());
        Assert.Equal("SignedOut=1 TokenReused=2", WordsOf<SessionEnd>());
    }

    [Fact]
    public void has_words_for_why_a_file_went() =>
        Assert.Equal(
            ["requested", "age", "size", "free_space"],
            [DeletionReason.Requested, DeletionReason.Age, DeletionReason.Size, DeletionReason.FreeSpace]);

    [Fact]
    public void has_no_value_for_a_forgotten_one()
    {
        Assert.False(Enum.IsDefined(default(StopReason)));
        Assert.False(Enum.IsDefined(default(BroadcastEnd)));
        Assert.False(Enum.IsDefined(default(ExternalStreamKind)));
        Assert.False(Enum.IsDefined(default(Role)));
        Assert.False(Enum.IsDefined(default(SessionEnd)));
        Assert.False(Enum.IsDefined(default(RetentionType)));
        Assert.False(Enum.IsDefined(default(CleanupTrigger)));
        Assert.False(Enum.IsDefined(default(StorageLevel)));
    }

    private static string WordsOf<TEnum>()
        where TEnum : struct, Enum =>
        string.Join(' ', Enum.GetValues<TEnum>().Select(value => $"{value}={value:d}"));
}

public sealed class A_stream
{
    [Fact]
    public void keeps_the_category_that_it_was_stored_under() =>
        Assert.Equal(
            "camera camera_numbers recorder recording snapshot retention_policy cleanup storage broadcast discovery api_key user session access",
            string.Join(
                ' ',
                Camera.Decider.Category,
                CameraNumbers.Decider.Category,
                Recorder.Decider.Category,
                Recording.Decider.Category,
                Snapshot.Decider.Category,
                RetentionPolicy.Decider.Category,
                Cleanup.Decider.Category,
                Storage.Decider.Category,
                Broadcast.Decider.Category,
                Discovery.Decider.Category,
                ApiKey.Decider.Category,
                User.Decider.Category,
                Session.Decider.Category,
                AccessLog.Decider.Category));

    [Fact]
    public void is_keyed_by_a_hyphenated_id() =>
        Assert.Equal("0199a000-0000-7000-8000-000000000001", new CameraId(Samples.Gate.Value).ToString());

    [Fact]
    public void gets_ids_that_rise_with_time()
    {
        Guid[] ids = [CameraId.New().Value, RecordingId.New().Value, SnapshotId.New().Value];

        Assert.All(ids, id => Assert.Equal(7, id.Version));
    }
}
