using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Events.Application.Contracts;
using Events.Domain.Cameras;
using Events.Domain.Kernel;
using Events.Domain.Snapshots;

namespace Events.Application.Snapshots;

/// <param name="SnapshotId">Chosen by the caller, so that a repeated request names the same picture.</param>
/// <param name="FileName">Null to name it after the camera and the moment. <c>.jpg</c> is put behind when it is missing.</param>
public sealed record TakeSnapshot(SnapshotId SnapshotId, CameraId CameraId, string? FileName);

/// <summary>
/// Takes a picture of what the camera shows now. A name that is in use gets a count behind it: no picture is ever written
/// over. The file comes first and the fact after it; a file that a crash leaves without a fact is reported at the next start.
/// </summary>
public sealed partial class TakeSnapshotHandler(
    IMediaControl media, IFootageKeys keys, IReadModels views, TimeProvider time)
{
    /// <summary>Names tried before the caller is told to choose another. Bounds the look-ups of one request.</summary>
    private const int NameCountMax = 1_000;

    private readonly ConcurrentDictionary<string, SnapshotId> _namesInUse = new(StringComparer.Ordinal);

    public async Task<CommandResult> HandleAsync(TakeSnapshot command, IStreams streams, CancellationToken cancellationToken)
    {
        Camera camera = await streams.LoadAsync(Camera.Decider, command.CameraId.ToString(), cancellationToken);
        if (camera is not Camera.Active { Number: var number })
        {
            return CommandResult.Refused(
                camera is Camera.Unregistered ? CameraRefusals.NotRegistered : SnapshotRefusals.CameraNotActive);
        }

        string wanted = NameOf(command.FileName, number);
        if (!IsFileName(wanted))
        {
            return CommandResult.Refused(SnapshotRefusals.BadFileName);
        }

        string key = command.SnapshotId.ToString();
        if (await streams.LoadAsync(Snapshot.Decider, key, cancellationToken) is not Snapshot.Unknown)
        {
            return new CommandResult(0, 0);
        }

        if (await ReserveAsync(wanted, command.SnapshotId, cancellationToken) is not { } name)
        {
            return CommandResult.Refused(SnapshotRefusals.BadFileName);
        }

        try
        {
            MediaSnapshot snapshot = await TakeAsync(command, name, cancellationToken);
            SnapshotCommand outcome = snapshot switch
            {
                MediaSnapshot.Taken t => new RecordSnapshot(
                    command.SnapshotId,
                    command.CameraId,
                    number,
                    new Picture(name, t.SizeBytes, t.Sha256, t.Width, t.Height, t.CapturedAt, t.StoredSha256)),
                MediaSnapshot.Failed f => new ReportSnapshotFailure(
                    command.SnapshotId, command.CameraId, number, name, f.Why),
                _ => throw new InvalidOperationException($"Unknown media outcome: {snapshot.GetType().Name}."),
            };

            // The file is there: a caller that has gone away must not stop us from writing that down.
            var done = await streams.TransactAsync(Snapshot.Decider, key, outcome, CancellationToken.None);
            CommandResult result = CommandResult.From(done);
            if (result.Position > 0)
            {
                // The name stays reserved until the view knows it, so that nobody else is given it in between.
                await views.WaitForAsync(result.Position, CommandBus.VisibilityTimeout, CancellationToken.None);
            }

            return snapshot is MediaSnapshot.Failed failed
                ? result with { Failure = new OutsideFailure(failed.Dependency, failed.Why) }
                : result;
        }
        finally
        {
            _namesInUse.TryRemove(name, out _);
        }
    }

    /// <summary>Letters, digits, dot, hyphen and underscore; at most 255 characters; no "..".</summary>
    public static bool IsFileName(string name) => Name().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal);

    /// <summary>The key is kept before the file is written; where no file came of it, it opens nothing and goes again.</summary>
    private async Task<MediaSnapshot> TakeAsync(TakeSnapshot command, string name, CancellationToken cancellationToken)
    {
        FootageKey? key = await keys.ForWritingAsync(command.SnapshotId, cancellationToken);
        MediaSnapshot snapshot = await media.TakeSnapshotAsync(command.CameraId, name, key, cancellationToken);
        if (key is not null && snapshot is MediaSnapshot.Failed)
        {
            await keys.DestroyAsync(command.SnapshotId, CancellationToken.None);
        }

        return snapshot;
    }

    private string NameOf(string? wanted, CameraNumber number)
    {
        string name = wanted
            ?? string.Create(CultureInfo.InvariantCulture, $"{number}_{time.GetUtcNow().UtcDateTime:yyyy-MM-dd_HH-mm-ss}");
        return name.EndsWith(".jpg", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".jpeg", StringComparison.OrdinalIgnoreCase)
                ? name
                : $"{name}.jpg";
    }

    private async Task<string?> ReserveAsync(string wanted, SnapshotId id, CancellationToken cancellationToken)
    {
        string stem = Path.GetFileNameWithoutExtension(wanted);
        string extension = Path.GetExtension(wanted);
        for (int count = 1; count <= NameCountMax; count++)
        {
            string name = count == 1 ? wanted : string.Create(CultureInfo.InvariantCulture, $"{stem}_{count}{extension}");
            if (!IsFileName(name))
            {
                return null;
            }

            if (!_namesInUse.TryAdd(name, id))
            {
                continue;
            }

            bool isFree = false;
            try
            {
                var taken = await views.ListAsync(
                    SnapshotViewProjection.View, ViewQuery.Where("file_name", name) with { Limit = 1 }, cancellationToken);
                isFree = taken.Total == 0;
            }
            finally
            {
                if (!isFree)
                {
                    _namesInUse.TryRemove(name, out _);
                }
            }

            if (isFree)
            {
                return name;
            }
        }

        return null;
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,254}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
