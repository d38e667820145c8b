using System.Globalization;
using Events.Application;
using Events.Application.Contracts;
using Events.Application.Retention;
using Events.Domain.Kernel;
using Events.Domain.Retention;
using Events.Host.JsonRpc;
using Events.JsonRpc;

namespace Events.Host.Retention;

/// <summary>Sizes are in bytes.</summary>
internal sealed record LegacyStorage(
    long TotalSpace,
    long UsedSpace,
    long AvailableSpace,
    double UsagePercentage,
    long RecordingsSize,
    long SnapshotsSize,
    bool LowSpaceWarning);

/// <param name="MaxAgeDays">As given; null, and left out, when it was not.</param>
/// <param name="MaxSizeGb">As given; null, and left out, when it was not.</param>
internal sealed record LegacyRetention(string PolicyType, int? MaxAgeDays, double? MaxSizeGb, bool Enabled, string Message);

/// <param name="SpaceFreed">In bytes.</param>
internal sealed record LegacyCleanup(bool CleanupExecuted, int FilesDeleted, long SpaceFreed, string Message);

/// <summary>Storage and retention over the legacy contract, for administrators.</summary>
internal sealed class RetentionJsonRpc(
    CommandBus bus, IReadModels views, StorageReport storage, ClientSessions sessions) : IJsonRpcMethods
{
    private const string SizeHint = "A number of GB above 0, at most 1048576.";

    public IEnumerable<JsonRpcMethod> Methods =>
    [
        new("get_storage_info", StorageAsync, new MethodRule(Right.ReadStatus, NeedsCameras: false)),
        new("set_retention_policy", SetAsync, new MethodRule(Right.Administer, NeedsCameras: false)),
        new("cleanup_old_files", CleanUpAsync, new MethodRule(Right.Administer)),
    ];

    private async ValueTask<JsonRpcAnswer> StorageAsync(JsonRpcCall call)
    {
        StorageSizes sizes = await storage.ReadAsync(call.Cancellation);
        return JsonRpcAnswer.Result(
            new LegacyStorage(
                sizes.TotalBytes,
                sizes.TotalBytes - sizes.AvailableBytes,
                sizes.AvailableBytes,
                Math.Round(sizes.UsedPercent, 2),
                sizes.RecordingsBytes,
                sizes.SnapshotsBytes,
                sizes.Level is not StorageLevel.Normal),
            LegacyJson.Default.LegacyStorage);
    }

    private async ValueTask<JsonRpcAnswer> SetAsync(JsonRpcCall call)
    {
        var given = new CallParams(call.Params);
        string type = given.Text("policy_type");
        bool isEnabled = given.Flag("enabled");
        if (RetentionWords.TypeOf(type) is not { } policyType)
        {
            given.Refuse("policy_type", "enum", "One of age, size, manual.");
            return given.Error!;
        }

        // The web page always sends both limits. The one that the type does not use may be 0 for none.
        int? days = given.OptionalInteger("max_age_days", policyType is RetentionType.Age ? 1 : 0, RetentionPolicy.MaxAgeDaysMax);
        double? gigabytes = given.OptionalNumber("max_size_gb", RetentionWords.GigabytesMax);
        if (gigabytes is 0 && policyType is RetentionType.Size)
        {
            given.Refuse("max_size_gb", "range", SizeHint);
        }

        if (given.Error is { } error)
        {
            return error;
        }

        CommandResult result = await bus.SendAsync(
            new SetRetentionPolicy(
                policyType,
                isEnabled,
                days is 0 ? null : days,
                gigabytes is > 0 and { } size ? RetentionWords.BytesOf(size) : null),
            sessions.Of(call.Connection).CallerNow(),
            call.Cancellation);
        return result.Refusal is { } refusal
            ? LegacyErrors.Of(refusal, type)
            : JsonRpcAnswer.Result(
                new LegacyRetention(type, days, gigabytes, isEnabled, "The retention policy was set."),
                LegacyJson.Default.LegacyRetention);
    }

    private async ValueTask<JsonRpcAnswer> CleanUpAsync(JsonRpcCall call)
    {
        CleanupId id = CleanupId.New();
        CommandResult result = await bus.SendAsync(
            new CleanUpFiles(id), sessions.Of(call.Connection).CallerNow(), call.Cancellation);
        if (result.Refusal is { } refusal)
        {
            return LegacyErrors.Of(refusal, id.ToString());
        }

        if (result.Position == 0)
        {
            return JsonRpcAnswer.Result(
                new LegacyCleanup(false, 0, 0, "No retention policy is enabled; nothing was deleted."),
                LegacyJson.Default.LegacyCleanup);
        }

        CleanupView? done = await views.FindAsync(CleanupViewProjection.View, id.ToString(), call.Cancellation);
        return done is null
            ? LegacyErrors.Dependency("projections", "The cleanup is done, but its view lags behind. Look at the lists shortly.")
            : JsonRpcAnswer.Result(
                new LegacyCleanup(true, done.FilesDeleted, done.BytesFreed, MessageOf(done)),
                LegacyJson.Default.LegacyCleanup);
    }

    private static string MessageOf(CleanupView done) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{done.FilesDeleted} files were deleted.{(done.IsComplete ? "" : " More are due; clean up again.")}");
}
