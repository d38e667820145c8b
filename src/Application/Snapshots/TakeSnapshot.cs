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
/// Takes a picture of what the camera shows now. A name that a picture has, or had, gets a count behind it: no picture is ever
/// written over. The file comes first and the fact after it; a file that a crash leaves without a fact is reported at the next
/// start.
/// </summary>
public sealed partial class TakeSnapshotHandler(
    IMediaControl media, IFootageKeys keys, IReadModels views, TimeProvider time)
{
    private const int NameLengthMax = 255;

    /// <summary>Counts behind a name. Pictures beyond are named by their own id; it bounds the look-ups of one request.</summary>
    private const int CountMax = 1 << 20;

    /// <summary>As many may ask for one name at the same moment, before one of them is named by its own id.</summary>
    private const int AttemptsMax = 100;

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
            return CommandResult.Refused(CommandBus.TooMuchTraffic);
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

    /// <returns>Null when somebody has even the name that is made of the snapshot's own id.</returns>
    private async Task<string?> ReserveAsync(string wanted, SnapshotId id, CancellationToken cancellationToken)
    {
        int count = 1;
        for (int attempt = 1; attempt <= AttemptsMax && count <= CountMax; attempt++)
        {
            string name = Counted(wanted, count);
            if (await TryReserveAsync(name, id, cancellationToken))
            {
                return name;
            }

            count = await NextFreeAsync(wanted, count, cancellationToken);
        }

        string own = Suffixed(wanted, id.ToString());
        return await TryReserveAsync(own, id, cancellationToken) ? own : null;
    }

    private async Task<bool> TryReserveAsync(string name, SnapshotId id, CancellationToken cancellationToken)
    {
        if (!_namesInUse.TryAdd(name, id))
        {
            return false;
        }

        bool isFree = false;
        try
        {
            isFree = !await IsGivenAsync(name, cancellationToken);
            return isFree;
        }
        finally
        {
            if (!isFree)
            {
                _namesInUse.TryRemove(name, out _);
            }
        }
    }

    /// <summary>
    /// Counts are given one after the other and never again, so that their end is found by doubling steps and then by halving
    /// them: some twenty look-ups for a thousand pictures of one name.
    /// </summary>
    /// <param name="used">A count that is in use.</param>
    /// <returns>One that was free when it was looked at, or one beyond <see cref="CountMax"/>.</returns>
    private async Task<int> NextFreeAsync(string wanted, int used, CancellationToken cancellationToken)
    {
        int step = 1;
        while (used + step <= CountMax && await IsUsedAsync(Counted(wanted, used + step), cancellationToken))
        {
            used += step;
            step *= 2;
        }

        int free = used + step;
        while (free - used > 1)
        {
            int middle = used + ((free - used) / 2);
            if (await IsUsedAsync(Counted(wanted, middle), cancellationToken))
            {
                used = middle;
            }
            else
            {
                free = middle;
            }
        }

        return free;
    }

    private async Task<bool> IsUsedAsync(string name, CancellationToken cancellationToken) =>
        _namesInUse.ContainsKey(name) || await IsGivenAsync(name, cancellationToken);

    /// <summary>Whether there is, or was, a picture of this name. Where none came of it, the name was not given.</summary>
    private async Task<bool> IsGivenAsync(string name, CancellationToken cancellationToken) =>
        (await views.ListAsync(SnapshotViewProjection.View, SnapshotView.Named(name), cancellationToken)).Total > 0;

    private static string Counted(string wanted, int count) =>
        count == 1 ? wanted : Suffixed(wanted, count.ToString(CultureInfo.InvariantCulture));

    /// <summary>A name as long as a name may be gives way to what tells it apart.</summary>
    private static string Suffixed(string wanted, string suffix)
    {
        string extension = Path.GetExtension(wanted);
        string stem = Path.GetFileNameWithoutExtension(wanted);
        int length = Math.Min(stem.Length, NameLengthMax - extension.Length - suffix.Length - 1);
        return $"{stem[..length]}_{suffix}{extension}";
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,254}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
