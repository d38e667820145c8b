using System.Text.Json;
using Events.Application;
using Events.Application.ApiKeys;
using Events.Application.Broadcasts;
using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Application.Recordings;
using Events.Application.Retention;
using Events.Application.Snapshots;
using Events.Application.Users;
using Events.Domain.ApiKeys;
using Events.Domain.Broadcasts;
using Events.Domain.Cameras;
using Events.Domain.Recordings;
using Events.Domain.Retention;
using Events.Domain.Snapshots;
using Events.Domain.Users;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Events.Tests.Domain.Kernel;

/// <summary>Views equal a replay of the log, at every position, however often a fact is delivered.</summary>
public sealed class A_view
{
    private static readonly Config Often = Config.QuickThrowOnFailure.WithMaxTest(300);

    public static TheoryData<string> Names => [.. ApplicationModule.Views.Select(view => view.Name)];

    [Fact]
    public void of_cameras_is_its_log() => HoldsFor(CameraViewProjection.View);

    [Fact]
    public void of_recordings_is_its_log() => HoldsFor(RecordingViewProjection.View);

    [Fact]
    public void of_segments_is_its_log() => HoldsFor(SegmentViewProjection.View);

    [Fact]
    public void of_snapshots_is_its_log() => HoldsFor(SnapshotViewProjection.View);

    [Fact]
    public void of_broadcasts_is_its_log() => HoldsFor(BroadcastViewProjection.View);

    [Fact]
    public void of_footage_is_its_log() => HoldsFor(FootageViewProjection.View);

    [Fact]
    public void of_cleanups_is_its_log() => HoldsFor(CleanupViewProjection.View);

    [Fact]
    public void of_storage_is_its_log() => HoldsFor(StorageViewProjection.View);

    [Fact]
    public void of_keys_is_its_log() => HoldsFor(ApiKeyViewProjection.View);

    [Fact]
    public void of_users_is_its_log() => HoldsFor(UserViewProjection.View);

    [Fact]
    public void of_sessions_is_its_log() => HoldsFor(SessionViewProjection.View);

    [Fact]
    public void has_a_name_and_a_table_of_its_own()
    {
        Assert.Equal(
            [
                "api_key_view_v1", "broadcast_view_v1", "camera_view_v1", "cleanup_view_v1", "footage_view_v1", "recording_view_v3",
                "segment_view_v2", "session_view_v2", "snapshot_view_v3", "storage_view_v1", "user_view_v5",
            ],
            ApplicationModule.Views.Select(view => view.Table).Order());
        Assert.Equal(
            [
                "ApiKeyView:All", "BroadcastView:All", "CameraView:All", "CleanupView:All", "FootageView:All", "RecordingView:V3:All",
                "SegmentView:V2:All", "SessionView:V2:All", "SnapshotView:V3:All", "StorageView:All", "UserView:V5:All",
            ],
            ApplicationModule.Views.Select(view => view.Checkpoint).Order());
        Assert.Equal("RecordingView:V2:All", (RecordingViewProjection.View with { Version = 2 }).Checkpoint);
        Assert.Equal("recording_view_v3", (RecordingViewProjection.View with { Version = 3 }).Table);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void reads_only_facts_that_it_folds(string name)
    {
        View view = ApplicationModule.Views.Single(candidate => candidate.Name == name);

        Assert.Equal(
            FactsOf(name).Select(type => type.Name).Order(),
            EventTypes.Catalogue.Types.Where(type => view.Handles(type.FactType)).Select(type => type.FactType.Name).Order());
    }

    private static IEnumerable<Type> FactsOf(string view) =>
        view switch
        {
            "CameraView" => Closed.TypesOf<CameraEvent>(),
            "RecordingView" => Closed.TypesOf<RecordingEvent>(),
            "SegmentView" => [typeof(RecordingSegmentCommitted)],
            "SnapshotView" => Closed.TypesOf<SnapshotEvent>(),
            "FootageView" => Closed.TypesOf<RecordingEvent>()
                .Except(
                    [typeof(RecordingStarted), typeof(RecordingInterrupted), typeof(RecordingRecovered), typeof(RecordingShredded)])
                .Concat([typeof(SnapshotTaken), typeof(SnapshotDeleted)]),
            "CleanupView" => [typeof(CleanupFinished)],
            "StorageView" => Closed.TypesOf<RetentionEvent>(),
            "BroadcastView" => Closed.TypesOf<BroadcastEvent>(),
            "ApiKeyView" => Closed.TypesOf<ApiKeyEvent>(),
            "UserView" => Closed.TypesOf<UserEvent>(),
            "SessionView" => Closed.TypesOf<SessionEvent>(),
            _ => throw new ArgumentException($"Nobody said what {view} folds."),
        };

    /// <summary>
    /// For any history of one stream, sensible or not: a fold with every fact delivered again and again is the plain fold; a
    /// fold that goes on from any stored row is the fold from the start; a row comes back from its JSON as it was; each column
    /// has a value of its type.
    /// </summary>
    private static void HoldsFor<TRow>(View<TRow> view)
        where TRow : class
    {
        object[] facts = [.. Samples.Facts.Where(fact => view.Handles(fact.GetType()))];
        int rows = 0;
        Prop.ForAll(
            Gen.Elements(facts).ListOf().ToArbitrary(),
            Gen.Choose(0, 20).ToArbitrary(),
            (history, cut) =>
            {
                TRow? whole = Fold(view, null, history, 0);
                TRow? prefix = Fold(view, null, history.Take(cut), 0);
                TRow? resumed = Fold(view, prefix is null ? null : Stored(view, prefix), history.Skip(cut), cut);
                TRow? redelivered = Fold(view, whole, history, 0);
                if (whole is not null)
                {
                    rows++;
                    AssertColumns(view, whole);
                    Assert.Equal(whole, Stored(view, whole));
                    Assert.Same(whole, redelivered);
                }

                return Equals(whole, resumed) && Equals(whole, redelivered);
            }).Check(Often);
        Assert.True(rows > 50, $"Only {rows} histories made a row.");
    }

    private static TRow? Fold<TRow>(View<TRow> view, TRow? row, IEnumerable<object> facts, long version)
        where TRow : class
    {
        foreach (object fact in facts)
        {
            version++;
            row = view.Fold.Project(row, fact, 100 + version, version);
        }

        return row;
    }

    private static TRow Stored<TRow>(View<TRow> view, TRow row)
        where TRow : class =>
        JsonSerializer.Deserialize(JsonSerializer.Serialize(row, view.Json), view.Json)!;

    private static void AssertColumns<TRow>(View<TRow> view, TRow row)
        where TRow : class =>
        Assert.All(view.Columns, column =>
        {
            Type? type = column.Value(row)?.GetType();
            Type expected = column.Type switch
            {
                ViewColumnType.Text => typeof(string),
                ViewColumnType.Number => typeof(long),
                ViewColumnType.Instant => typeof(DateTimeOffset),
                ViewColumnType.Flag => typeof(bool),
                _ => typeof(void),
            };
            Assert.True(type is null || type == expected, $"{view.Name}.{column.Name} is {type}.");
        });
}

public sealed class A_view_of_a_camera
{
    [Theory]
    [InlineData("CameraRegistered", CameraStatus.Disconnected)]
    [InlineData("CameraRegistered CameraConnected", CameraStatus.Connected)]
    [InlineData("CameraRegistered CameraConnected CameraDisconnected", CameraStatus.Disconnected)]
    [InlineData("CameraRegistered CameraConnected CameraDisconnected CameraConnected", CameraStatus.Connected)]
    [InlineData("CameraRegistered CameraConnected CameraRetired", CameraStatus.Retired)]
    public void has_the_status_of_its_newest_fact(string facts, CameraStatus status) =>
        Assert.Equal(status, Story.Tell(CameraViewProjection.View, facts)!.Status);

    [Fact]
    public void says_when_and_why_pictures_stopped_until_they_come_again()
    {
        CameraView lost = Story.Tell(CameraViewProjection.View, "CameraRegistered CameraConnected CameraDisconnected")!;
        CameraView back = Story.Tell(
            CameraViewProjection.View, "CameraRegistered CameraConnected CameraDisconnected CameraConnected")!;

        Assert.Equal(("No frame for 5 s", Samples.At), (lost.Disconnection, lost.DisconnectedAt));
        Assert.Null(back.Disconnection);
        Assert.Equal(Samples.At, back.ConnectedAt);
    }

    [Fact]
    public void shows_what_the_camera_sends()
    {
        CameraView row = Story.Tell(CameraViewProjection.View, "CameraRegistered CameraCapabilitiesProbed CameraRenamed")!;

        Assert.Equal(("h264", 1280, 720, 29.97, "Gate, süd"), (row.Codec, row.Width, row.Height, row.FramesPerSecond, row.Name));
    }

    [Fact]
    public void is_not_there_before_the_camera_was_registered() =>
        Assert.Null(Story.Tell(CameraViewProjection.View, "CameraConnected CameraRetired"));
}

public sealed class A_view_of_a_recording
{
    [Theory]
    [InlineData("RecordingRequested", RecordingStatus.Requested, true)]
    [InlineData("RecordingRequested RecordingStarted", RecordingStatus.Running, true)]
    [InlineData("RecordingRequested RecordingStarted RecordingInterrupted", RecordingStatus.Interrupted, true)]
    [InlineData("RecordingRequested RecordingStarted RecordingInterrupted RecordingRecovered", RecordingStatus.Running, true)]
    [InlineData("RecordingRequested RecordingStarted RecordingStopped", RecordingStatus.Stopped, false)]
    [InlineData("RecordingRequested RecordingFailed", RecordingStatus.Failed, false)]
    [InlineData("RecordingRequested RecordingStarted RecordingStopped RecordingDeleted", RecordingStatus.Deleted, false)]
    public void has_the_status_of_its_newest_fact(string facts, RecordingStatus status, bool isOpen)
    {
        RecordingView row = Story.Tell(RecordingViewProjection.View, facts)!;

        Assert.Equal((status, isOpen), (row.Status, row.IsOpen));
    }

    [Fact]
    public void counts_its_footage_as_one_file()
    {
        RecordingSegmentCommitted first = Samples.Of<RecordingSegmentCommitted>();
        object[] facts =
            [Samples.Of<RecordingRequested>(), Samples.Of<RecordingStarted>(), first, first with { Number = 2, SizeBytes = 10_812 }];
        RecordingView row = Story.Fold(RecordingViewProjection.View, facts)!;

        Assert.Equal(
            (2, 20_020L, 600L, first.SizeBytes + 10_000), (row.SegmentCount, row.FootageMs, row.FrameCount, row.FileBytes));
    }

    [Fact]
    public void ends_when_its_last_frame_ends_or_else_when_that_was_written_down()
    {
        RecordingStopped stopped = Samples.Of<RecordingStopped>();
        RecordingView known = Story.Fold(RecordingViewProjection.View, [Samples.Of<RecordingRequested>(), stopped])!;
        RecordingView unknown = Story.Fold(
            RecordingViewProjection.View, [Samples.Of<RecordingRequested>(), stopped with { EndedAt = null }])!;

        Assert.Equal((stopped.EndedAt, StopReason.DurationReached), (known.EndedAt, known.StoppedFor));
        Assert.Equal(stopped.At, unknown.EndedAt);
    }

    [Fact]
    public void says_what_the_trouble_is_while_there_is_some()
    {
        const string Lost = "RecordingRequested RecordingStarted RecordingInterrupted";
        Assert.Equal("camera_lost", Story.Tell(RecordingViewProjection.View, Lost)!.Trouble);
        Assert.Null(Story.Tell(RecordingViewProjection.View, $"{Lost} RecordingRecovered")!.Trouble);
        Assert.Null(Story.Tell(RecordingViewProjection.View, $"{Lost} RecordingStopped")!.Trouble);
        Assert.Equal("No answer in 10 s", Story.Tell(RecordingViewProjection.View, "RecordingRequested RecordingFailed")!.Trouble);
    }

    [Fact]
    public void says_whether_it_is_encrypted_and_whether_it_was_shredded()
    {
        RecordingSegmentCommitted clear = Samples.Of<RecordingSegmentCommitted>();
        RecordingSegmentCommitted encrypted = clear with { Number = 2, StoredSha256 = Samples.Hash };
        RecordingView Of(params object[] facts) =>
            Story.Fold(RecordingViewProjection.View, [Samples.Of<RecordingRequested>(), .. facts])!;

        Assert.False(Of().IsEncrypted);
        Assert.False(Of(clear, encrypted).IsEncrypted);
        Assert.True(Of(encrypted).IsEncrypted);
        Assert.Null(Of(encrypted).ShreddedAt);
        Assert.Equal(Samples.At, Of(encrypted, Samples.Of<RecordingShredded>()).ShreddedAt);
    }

    [Fact]
    public void says_what_it_is_held_for()
    {
        Assert.Equal("Case 2026-17", Story.Tell(RecordingViewProjection.View, "RecordingRequested LegalHoldPlaced")!.HeldFor);
        Assert.Null(Story.Tell(RecordingViewProjection.View, "RecordingRequested LegalHoldPlaced LegalHoldReleased")!.HeldFor);
    }

    [Theory]
    [InlineData("RecordingRequested", true)]
    [InlineData("RecordingRequested RecordingFailed", false)]
    [InlineData("RecordingRequested RecordingStarted RecordingStopped", false)]
    [InlineData("RecordingRequested RecordingStarted RecordingSegmentCommitted RecordingStopped", true)]
    [InlineData("RecordingRequested RecordingSegmentCommitted RecordingStopped RecordingDeleted", false)]
    public void is_listed_when_there_is_something_to_see(string facts, bool hasFootage)
    {
        RecordingView row = Story.Tell(RecordingViewProjection.View, facts)!;

        Assert.Equal(hasFootage, RecordingViewProjection.View.Columns.Single(c => c.Name == "has_footage").Value(row));
    }
}

public sealed class A_view_of_footage
{
    private const string Recorded = "RecordingRequested RecordingSegmentCommitted RecordingStopped";

    [Theory]
    [InlineData("RecordingRequested", false)]
    [InlineData("RecordingRequested RecordingSegmentCommitted", false)]
    [InlineData("RecordingRequested RecordingStopped", false)]
    [InlineData("RecordingRequested RecordingFailed", false)]
    [InlineData(Recorded, true)]
    [InlineData($"{Recorded} LegalHoldPlaced", false)]
    [InlineData("RecordingRequested LegalHoldPlaced RecordingSegmentCommitted RecordingStopped", false)]
    [InlineData($"{Recorded} LegalHoldPlaced LegalHoldReleased", true)]
    [InlineData("SnapshotTaken", true)]
    public void says_what_may_be_deleted(string facts, bool isDeletable) =>
        Assert.Equal(isDeletable, Story.Tell(FootageViewProjection.View, facts)!.IsDeletable);

    [Theory]
    [InlineData($"{Recorded} RecordingDeleted")]
    [InlineData("SnapshotTaken SnapshotDeleted")]
    public void has_no_row_for_what_was_deleted(string facts) => Assert.Null(Story.Tell(FootageViewProjection.View, facts));

    [Fact]
    public void counts_every_byte_on_disk_and_ages_from_the_last_picture()
    {
        RecordingSegmentCommitted first = Samples.Of<RecordingSegmentCommitted>();
        FootageView row = Story.Fold(
            FootageViewProjection.View,
            [Samples.Of<RecordingRequested>(), first, first with { Number = 2, SizeBytes = 10_812 }, Samples.Of<RecordingStopped>()])!;

        Assert.Equal((first.SizeBytes + 10_812, Spec.Now, Samples.TakeName), (row.Bytes, row.EndedAt, row.Name));
    }
}

public sealed class A_view_of_storage
{
    [Fact]
    public void has_the_newest_policy_and_the_newest_level()
    {
        StorageView row = Story.Tell(StorageViewProjection.View, "RetentionPolicySet CleanupFinished StorageLevelChanged")!;

        Assert.Equal(
            new StorageView(StorageLevel.Low, Samples.At, RetentionType.Age, true, 30, 107_374_182_400, Samples.At, 3), row);
    }
}

public sealed class A_view_of_a_snapshot
{
    [Theory]
    [InlineData("SnapshotTaken", SnapshotStatus.Taken, null)]
    [InlineData("SnapshotFailed", SnapshotStatus.Failed, "No picture yet")]
    [InlineData("SnapshotTaken SnapshotDeleted", SnapshotStatus.Deleted, null)]
    public void has_the_status_of_its_newest_fact(string facts, SnapshotStatus status, string? failure)
    {
        SnapshotView row = Story.Tell(SnapshotViewProjection.View, facts)!;

        Assert.Equal((status, failure, "gate.jpg"), (row.Status, row.Failure, row.FileName));
    }

    [Fact]
    public void says_whether_it_was_shredded()
    {
        Assert.Null(Story.Tell(SnapshotViewProjection.View, "SnapshotTaken SnapshotDeleted")!.ShreddedAt);
        SnapshotView row = Story.Tell(SnapshotViewProjection.View, "SnapshotTaken SnapshotShredded SnapshotDeleted")!;
        Assert.Equal((Samples.At, SnapshotStatus.Deleted, 3), (row.ShreddedAt, row.Status, row.Version));
    }
}

public sealed class A_view_of_segments
{
    [Fact]
    public void says_whether_it_is_encrypted()
    {
        SnapshotTaken clear = Samples.Of<SnapshotTaken>();
        Assert.False(Story.Fold(SnapshotViewProjection.View, [clear])!.IsEncrypted);
        Assert.True(Story.Fold(SnapshotViewProjection.View, [clear with { StoredSha256 = Samples.Hash }])!.IsEncrypted);
    }

    [Fact]
    public void has_a_row_for_each_file_in_the_order_of_their_numbers()
    {
        RecordingSegmentCommitted first = Samples.Of<RecordingSegmentCommitted>();
        int[] numbers = [10, 9, 1, 123_456];
        string[] keys = [.. numbers
            .Select(number => SegmentViewProjection.View.Fold.KeyOf(first with { Number = number })).Order(StringComparer.Ordinal)];

        Assert.Equal([$"{Samples.Take}/000001", $"{Samples.Take}/000009", $"{Samples.Take}/000010", $"{Samples.Take}/123456"], keys);
    }
}

/// <summary>A row from the samples of the facts that are named.</summary>
internal static class Story
{
    public static TRow? Tell<TRow>(View<TRow> view, string facts)
        where TRow : class =>
        Fold(view, facts.Split(' ').Select(name => Samples.Facts.Single(fact => fact.GetType().Name == name)));

    public static TRow? Fold<TRow>(View<TRow> view, IEnumerable<object> facts)
        where TRow : class
    {
        long version = 0;
        return facts.Aggregate((TRow?)null, (row, fact) => view.Fold.Project(row, fact, ++version, version));
    }
}
